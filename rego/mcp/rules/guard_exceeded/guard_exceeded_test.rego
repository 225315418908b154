package mcp.rules.guard_exceeded_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

test_deny_a_message_that_took_too_long if {
	subject := example.call_with_finding({"guard": "limits", "kind": "budget_exceeded"})
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["guard_exceeded"]
}

test_deny_a_string_that_is_too_long if {
	subject := example.call_with_finding({"guard": "limits", "kind": "string_too_long"})
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["guard_exceeded"]
}

test_allow_another_finding_of_the_same_guard if {
	subject := example.call_with_finding({"guard": "limits", "kind": "string_long"})
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}
