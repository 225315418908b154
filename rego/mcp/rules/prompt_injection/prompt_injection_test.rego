package mcp.rules.prompt_injection_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

_result(different) := object.union(
	example.call_with_finding(object.union(
		{
			"guard": "attacks",
			"kind": "prompt-injection",
			"at": "/result/content/0/text",
			"action": "found",
			"severity": "high",
		},
		different,
	)),
	{"phase": "response", "message": {"kind": "result"}},
)

test_allow_in_shadow_and_tell if {
	decision := firewall.decision with input as _result({})
		with data.impedance.portable as example.policy
	decision.allow
	[reason.code | some reason in decision.shadow] == ["prompt_injection"]
}

test_deny_where_it_is_enforced if {
	decision := firewall.decision with input as _result({})
		with data.impedance.portable as example.policy
		with data.impedance.modes.rules as {"prompt_injection": "enforce"}
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["prompt_injection"]
}

test_allow_another_finding if {
	decision := firewall.decision with input as _result({"kind": "ssrf"})
		with data.impedance.portable as example.policy
	decision.allow
	decision.shadow == []
}
