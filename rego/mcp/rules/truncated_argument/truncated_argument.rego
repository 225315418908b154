# METADATA
# title: Truncated argument
# description: |
#   A deny rule of the portable policy whose constraints could not be judged, and that nothing else
#   rules out, is taken to fit. (An allow rule that could not be judged allows nothing as it is.)
# scope: package
package mcp.rules.truncated_argument

import data.mcp.lib.portable
import data.mcp.lib.reasons

# METADATA
# description: A deny rule of the policy could not be judged on this message.
# custom:
#   code: truncated_argument
#   severity: medium
#   rank: 46
#   remedy: Shorten the arguments, write URIs without dot segments, use a tool that the inventory describes.
#   examples:
#   - denies: a text of 20 KiB where a deny rule has a pattern for it
#   - passes: a text of 2 KiB that the pattern does not fit
reasons contains object.union(reasons.reason(rego.metadata.rule()), mode) if {
	some fact in input.rules
	not fact.fit
	every failure in fact.failed {
		failure.check == "unjudged"
	}
	rule := data.impedance.portable.rules[fact.rule]
	some effect in ["deny", "would_deny"]
	portable.concerns(rule, effect, input.principal.roles)
	mode := {key: value | some key, value in rule; key == "mode"}
}
