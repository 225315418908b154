# METADATA
# title: Tool drifted
# description: |
#   Where the inventory is enforced, a tool whose definition is another one than the pinned, or
#   could not be compared with it, is neither listed nor called.
# scope: package
package mcp.rules.tool_drifted

import data.mcp.lib.reasons

# METADATA
# description: The server describes this tool otherwise than when it was reviewed.
# custom:
#   code: tool_drifted
#   severity: high
#   rank: 13
#   remedy: Do it without this tool; the operator sees the change with impedance tools diff.
#   examples:
#   - denies: a call of a tool whose description changed since it was pinned
#   - passes: a call of a tool as it was pinned
reasons contains reasons.reason(rego.metadata.rule()) if {
	input.posture.inventory == "enforce"
	input.phase in ["request", "list"]
	input.tool.drifted == true
}
