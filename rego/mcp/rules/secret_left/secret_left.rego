# METADATA
# title: Secret left over
# description: What Layer 1 found and could not clean goes nowhere, in either direction.
# scope: package
package mcp.rules.secret_left

import data.mcp.lib.reasons

# METADATA
# description: The message holds a secret that could not be taken out.
# custom:
#   code: secret_left
#   severity: critical
#   rank: 30
#   remedy: Send the message without the secret; findings in the decision log say where it is.
#   examples:
#   - denies: a private key as the name of a member, which cannot be taken out
#   - passes: a private key in a text, which can
reasons contains reasons.reason(rego.metadata.rule()) if {
	some finding in input.findings
	finding.guard == "secrets"
	finding.action == "found"
}
