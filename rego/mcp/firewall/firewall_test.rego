package mcp.firewall_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

test_allow_what_one_rule_allows_and_none_denies if {
	decision := firewall.decision with input as example.call
		with data.impedance.portable as example.policy
	decision == {
		"allow": true,
		"reasons": [],
		"shadow": [],
		"obligations": {
			"redact": [],
			"remove": [],
			"audit": "keys",
			"headers": {},
			"approve": null,
		},
	}
}

test_deny_what_nothing_allows if {
	decision := firewall.decision with input as object.union(example.call, {"rules": []})
	decision.reasons == [{
		"code": "not_allowed",
		"layer": "policy",
		"rule": "mcp.rules.not_allowed",
		"message": "No rule allows this.",
		"remedy": "Add an allow rule for it to the policy (allow_rules, by tool or by method).",
	}]
	not decision.allow
}

test_deny_an_empty_input if {
	decision := firewall.decision with input as {}
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["facts_missing", "not_allowed"]
}

test_deny_with_the_most_specific_reason_first if {
	input_with_all := object.union(
		example.call_with_path({"traversal": true, "sensitive": true}),
		{"rules": [], "strings": {"max_entropy": 6}},
	)
	decision := firewall.decision with input as input_with_all
		with data.impedance.banned_tools as ["read_file"]
	[reason.code | some reason in decision.reasons] == [
		"banned_tool",
		"sensitive_path",
		"path_traversal",
		"high_entropy",
		"not_allowed",
	]
}
