package mcp.rules.unknown_method_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

test_deny_a_method_that_nobody_knows if {
	decision := firewall.decision with input as _with_rules({"method": "acme/run"}, ["allow/0"])
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["unknown_method"]
}

test_deny_a_message_without_method if {
	decision := firewall.decision with input as _with_rules({"method": null}, ["allow/0"])
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["unknown_method"]
}

test_deny_a_method_of_the_other_direction if {
	subject := _with_rules({"method": "notifications/message"}, ["allow/0"])
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
		with data.impedance.portable.rules["allow/0"].methods as true
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["unknown_method"]
}

test_deny_a_notification_of_the_server_that_nobody_knows if {
	subject := object.union(
		_with_rules({"kind": "notification", "method": "tools/call"}, ["allow/0"]),
		{"phase": "response"},
	)
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
		with data.impedance.portable.rules["allow/0"].methods as true
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["unknown_method"]
}

test_allow_a_method_that_nobody_knows_where_the_policy_says_so if {
	decision := firewall.decision with input as _with_rules({"method": "acme/run"}, ["allow/0"])
		with data.impedance.portable as _open
	decision.allow
	decision.reasons == []
}

test_deny_a_method_of_the_other_direction_even_there if {
	subject := _with_rules({"method": "notifications/message"}, ["allow/0"])
	decision := firewall.decision with input as subject with data.impedance.portable as _open
	not decision.allow
}

test_deny_a_message_without_method_even_there if {
	decision := firewall.decision with input as _with_rules({"method": null}, ["allow/0"])
		with data.impedance.portable as _open
	not decision.allow
}

test_allow_a_method_that_a_rule_names if {
	decision := firewall.decision with input as _with_rules({"method": "acme/run"}, ["allow/0"])
		with data.impedance.portable as example.policy
		with data.impedance.portable.rules["allow/0"].methods as true
	decision.allow
	decision.reasons == []
}

test_allow_a_method_of_the_list if {
	decision := firewall.decision with input as example.call
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}

test_deny_a_type_of_result_that_nobody_knows if {
	decision := firewall.decision with input as example.result("acme/later")
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["unknown_method"]
}

test_allow_every_type_of_result_where_unknown_methods_may_pass if {
	decision := firewall.decision with input as example.result("acme/later")
		with data.impedance.portable as _open
	decision.allow
}

test_allow_a_type_of_result_of_the_list if {
	every type in ["complete", "input_required", "task", null] {
		decision := firewall.decision with input as example.result(type)
			with data.impedance.portable as example.policy
		decision.allow
	}
}

test_allow_a_type_of_result_that_the_operator_adds if {
	decision := firewall.decision with input as example.result("acme/later")
		with data.impedance.portable as example.policy
		with data.impedance.result_types as ["complete", "acme/later"]
	decision.allow
}

test_allow_an_item_whose_use_is_a_method_of_the_list if {
	decision := firewall.decision with input as example.tool("read_file")
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}

test_deny_an_item_whose_use_is_no_method_of_the_list if {
	decision := firewall.decision with input as example.item("prompt", "prompts/get", {})
		with data.impedance.portable as example.policy
		with data.impedance.methods.client as {"tools/call": "by_rule"}
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["unknown_method"]
}

_open := object.union(example.policy, {"unknown_methods": "allow"})

_with_rules(different, rules) := object.union(
	example.message("request", different),
	{"rules": [{"rule": rule, "fit": true, "failed": []} | some rule in rules]},
)
