# METADATA
# title: Attacks
# description: |
#   An argument that would do what its tool is not for: SQL, commands, paths, addresses. Only what is
#   to be denied (`on_detect: deny`) and is sure enough has such a severity.
# scope: package
package mcp.rules.attacks

import data.mcp.lib.reasons

_severe := {"high", "critical"}

# METADATA
# description: An argument holds an attack on what stands behind the tool.
# custom:
#   code: attack_detected
#   severity: high
#   rank: 34
#   remedy: Send the plain value; if it is meant so, allow this finding or exempt the tool.
#   examples:
#   - denies: "an id that goes on with ' OR 1=1 --"
#   - passes: the same where attacks are only reported
reasons contains reasons.reason(rego.metadata.rule()) if {
	input.phase == "request"
	some finding in input.findings
	finding.guard == "attacks"
	finding.action == "found"
	finding.severity in _severe
}
