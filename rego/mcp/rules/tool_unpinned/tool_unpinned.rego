# METADATA
# title: Tool not pinned
# description: |
#   Where the inventory is enforced, a tool that nobody pinned is neither listed nor called.
# scope: package
package mcp.rules.tool_unpinned

import data.mcp.lib.reasons

# METADATA
# description: Nobody has reviewed this tool yet.
# custom:
#   code: tool_unpinned
#   severity: medium
#   rank: 14
#   remedy: Use a tool that is listed; the operator reviews new ones and pins them (impedance tools pin).
#   examples:
#   - denies: a call of a tool that is not in tools.yaml
#   - passes: a call of one that is
reasons contains reasons.reason(rego.metadata.rule()) if {
	input.posture.inventory == "enforce"
	input.phase in ["request", "list"]
	input.tool.pinned == false
}
