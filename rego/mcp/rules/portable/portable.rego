# METADATA
# title: Portable policy
# description: |
#   The operator's YAML policy. Its selectors and constraints were matched before; who the caller
#   is, and what follows, is decided here.
# scope: package
package mcp.rules.portable

import data.mcp.lib.portable
import data.mcp.lib.reasons

# METADATA
# description: The policy allows by default, or one of its allow rules applies.
# scope: document
allow if data.impedance.portable.default == "allow"

allow if {
	some fact in input.rules
	portable.applies(fact, data.impedance.portable.rules, "allow", input.principal.roles)
	_has_scopes(data.impedance.portable.rules[fact.rule])
}

# A caller sees what a token with more scopes would let them use: else nobody could ask for it.
_has_scopes(_) if input.phase == "list"

_has_scopes(rule) if portable.scoped(rule, input.principal.scopes)

# METADATA
# description: What allow rules take that would let this pass, were it not for the caller's scopes.
# scope: document
lacking[name] := rule.scopes if {
	some fact in input.rules
	name := fact.rule
	rule := data.impedance.portable.rules[name]
	portable.applies(fact, data.impedance.portable.rules, "allow", input.principal.roles)
	not _has_scopes(rule)
}

# METADATA
# description: A deny rule of the policy applies.
# custom:
#   code: policy_denied
#   severity: medium
#   rank: 12
#   remedy: Do it another way; the policy forbids this on purpose.
#   examples:
#   - denies: a call of a tool that a deny rule names
#   - passes: a call of another tool
reasons contains object.union(reasons.reason(rego.metadata.rule()), details) if {
	some fact in input.rules
	rule := data.impedance.portable.rules[fact.rule]
	rule.effect in ["deny", "would_deny"]
	portable.applies(fact, data.impedance.portable.rules, rule.effect, input.principal.roles)
	details := _details(fact.rule, rule)
}

# METADATA
# description: An allow rule of the policy wants a person to agree first.
# custom:
#   code: needs_approval
#   severity: medium
#   rank: 13
#   remedy: Ask the operator to approve it, and send the same again once they did.
#   examples:
#   - denies: a call that a rule with approve allows, and to which nobody agreed
#   - passes: the same call once the operator approved it
reasons contains object.union(reasons.reason(rego.metadata.rule()), details) if {
	some fact in input.rules
	rule := data.impedance.portable.rules[fact.rule]
	rule.approve
	portable.applies(fact, data.impedance.portable.rules, "allow", input.principal.roles)
	details := _details(fact.rule, rule)
}

# METADATA
# description: The paths that an allow rule wants concealed in what its calls return.
# scope: document
alias contains pointer if {
	some fact in input.rules
	some pointer in data.impedance.portable.rules[fact.rule].alias
	input.message.kind in ["error", "result"]
	portable.applies(fact, data.impedance.portable.rules, "allow", input.principal.roles)
}

# METADATA
# description: How an allow rule wants the length of what its calls return to be rounded up.
# scope: document
pad contains scheme if {
	some fact in input.rules
	scheme := data.impedance.portable.rules[fact.rule].pad
	input.message.kind in ["error", "result"]
	portable.applies(fact, data.impedance.portable.rules, "allow", input.principal.roles)
}

# METADATA
# description: What the rules that apply want of the log.
# scope: document
audit contains level if {
	some fact in input.rules
	level := data.impedance.portable.rules[fact.rule].audit
	not input.message.kind in ["error", "result"]
	some effect in ["allow", "deny"]
	portable.applies(fact, data.impedance.portable.rules, effect, input.principal.roles)
}

# What the rule itself says: its words, and its mode, where it has them.
_details(name, rule) := object.union({"rule": name}, {key: value |
	some key, member in {"approve": "approve", "message": "reason", "mode": "mode"}
	value := rule[member]
	value != null
})
