# METADATA
# title: Tool drifted
# description: |
#   Where the inventory is enforced, a tool whose definition is another one than the pinned is
#   neither listed nor called. A listing has the definition with it: there, one that could not be
#   compared counts as another one.
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
reasons contains reasons.reason(rego.metadata.rule()) if {
	input.posture.inventory == "enforce"
	input.tool.pinned == true
	_drifted(input.phase, input.tool.drifted)
}

_drifted("request", true) := true

_drifted("list", drifted) if drifted != false
