# METADATA
# title: Poisoned description
# description: |
#   An item of a listing whose description or name holds what is meant to mislead a model, and what
#   could not be taken out, is not listed. The findings are those of the item alone; a whole answer
#   is not denied for one bad item in it.
# scope: package
package mcp.rules.poisoned_description

import data.mcp.lib.reasons

_severe := {"high", "critical"}

# METADATA
# description: The description of this item holds what could not be taken out.
# custom:
#   code: poisoned_description
#   severity: high
#   rank: 32
#   remedy: Ask the server's owner to clean it; findings in the decision log say where it is.
#   examples:
#   - denies: a tool whose name tells the model what to do
#   - passes: a tool whose description does, where that was taken out
reasons contains reasons.reason(rego.metadata.rule()) if {
	input.phase == "list"
	some finding in input.findings
	finding.guard == "descriptions"
	finding.action == "found"
	finding.severity in _severe
}
