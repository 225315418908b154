# METADATA
# title: Rate limits
# description: What goes over a limit that denies waits. Limits that only report are for rules of your own.
# scope: package
package mcp.rules.rate_limited

import data.mcp.lib.reasons

# METADATA
# description: This is over a limit of how much may be sent.
# custom:
#   code: rate_limited
#   severity: low
#   rank: 95
#   remedy: Wait as long as the answer says (retry_after_ms), and send less at once.
#   examples:
#   - denies: a call over a limit whose on_exceed is deny
#   - passes: a call over one whose on_exceed is report
reasons contains reasons.reason(rego.metadata.rule()) if {
	some limit in input.limits
	limit.on_exceed == "deny"
	limit.kind != "loop"
}

# METADATA
# description: The same call with the same arguments came again and again.
# custom:
#   code: runaway_loop
#   severity: medium
#   rank: 94
#   remedy: Look at the answers there are already, and do something else.
#   examples:
#   - denies: a call that was made with these arguments as often as the limit allows
#   - passes: a call of the same tool with other arguments
reasons contains reasons.reason(rego.metadata.rule()) if {
	some limit in input.limits
	limit.on_exceed == "deny"
	limit.kind == "loop"
}
