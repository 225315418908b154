package mcp.rules.secret_left_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

test_deny_a_secret_that_is_still_there if {
	decision := firewall.decision with input as example.call_with_finding({"action": "found"})
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["secret_left"]
}

test_deny_a_secret_left_in_a_result if {
	subject := object.union(
		example.call_with_finding({"action": "found"}),
		{"phase": "response", "message": {"kind": "result"}},
	)
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["secret_left"]
}

test_allow_a_secret_that_was_taken_out if {
	decision := firewall.decision with input as example.call_with_finding({"action": "redacted"})
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}

test_allow_a_finding_of_another_guard if {
	subject := example.call_with_finding({"action": "found", "guard": "descriptions"})
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}

test_deny_an_item_with_a_secret if {
	findings := {"findings": example.call_with_finding({"action": "found"}).findings}
	decision := firewall.decision with input as object.union(example.tool("read_file"), findings)
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["secret_left"]
}
