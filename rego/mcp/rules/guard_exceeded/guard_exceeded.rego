# METADATA
# title: Guard exceeded
# description: What a guard could not read to the end does not pass.
# scope: package
package mcp.rules.guard_exceeded

import data.mcp.lib.reasons

# METADATA
# description: The message took longer to inspect, or is longer, than the limits allow.
# custom:
#   code: guard_exceeded
#   severity: high
#   rank: 40
#   remedy: Send less in one message.
#   examples:
#   - denies: a message that the guards had no time to read to its end
#   - passes: a message that was read to its end
reasons contains reasons.reason(rego.metadata.rule()) if {
	some finding in input.findings
	finding.kind in ["budget_exceeded", "string_too_long"]
}
