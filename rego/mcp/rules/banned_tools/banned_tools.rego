# METADATA
# title: Banned tools
# description: Tools that nobody may call, whatever else allows them.
# scope: package
package mcp.rules.banned_tools

import data.mcp.lib.reasons

# METADATA
# description: This tool is banned here.
# custom:
#   code: banned_tool
#   severity: high
#   rank: 10
#   remedy: Use another tool; only the operator can lift the ban.
#   examples:
#   - denies: a call of a tool that data.impedance.banned_tools names
#   - passes: a call of any other
reasons contains reasons.reason(rego.metadata.rule()) if {
	input.message.tool in data.impedance.banned_tools
}
