# METADATA
# title: Personal data left over
# description: |
#   Personal data that is to be masked and could not be, since it is a JSON number or the name of a
#   member, goes nowhere, in either direction.
# scope: package
package mcp.rules.personal_data_left

import data.mcp.lib.reasons

# METADATA
# description: The message holds personal data where it cannot be masked.
# custom:
#   code: personal_data_left
#   severity: high
#   rank: 31
#   remedy: Send numbers as text and keep such data out of names; the decision log says where it is.
#   examples:
#   - denies: a card number as a JSON number
#   - passes: a card number as text, which is masked
reasons contains reasons.reason(rego.metadata.rule()) if {
	some finding in input.findings
	finding.guard == "pii"
	finding.action == "found"
}
