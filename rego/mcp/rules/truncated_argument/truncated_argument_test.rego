package mcp.rules.truncated_argument_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

test_deny_a_deny_rule_that_could_not_be_judged if {
	decision := firewall.decision with input as _facts("deny/0", ["unjudged"])
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["truncated_argument"]
}

test_allow_a_deny_rule_that_something_else_rules_out if {
	decision := firewall.decision with input as _facts("deny/0", ["unjudged", "enum"])
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}

test_allow_another_allow_rule_that_could_not_be_judged if {
	decision := firewall.decision with input as _facts("allow/0", ["unjudged"])
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}

test_allow_a_deny_rule_in_shadow_that_could_not_be_judged if {
	decision := firewall.decision with input as _facts("deny/0", ["unjudged"])
		with data.impedance.portable as example.policy
		with data.impedance.portable.rules["deny/0"].effect as "would_deny"
		with data.impedance.portable.rules["deny/0"].mode as "shadow"
	decision.allow
	[reason.code | some reason in decision.shadow] == ["truncated_argument"]
}

_facts(rule, checks) := object.union(example.call, {"rules": array.concat(
	example.call.rules,
	[{
		"rule": rule,
		"fit": false,
		"failed": [{"at": "/params/arguments/text", "check": check} | some check in checks],
	}],
)})
