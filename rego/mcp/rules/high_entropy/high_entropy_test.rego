package mcp.rules.high_entropy_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

test_deny_a_blob_in_a_request if {
	subject := object.union(example.call, {"strings": {"max_entropy": 5.51}})
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["high_entropy"]
}

test_allow_what_is_at_the_limit if {
	subject := object.union(example.call, {"strings": {"max_entropy": 5.5}})
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}

test_allow_a_blob_in_a_result if {
	subject := object.union(
		example.call,
		{
			"phase": "response",
			"message": {"kind": "result"},
			"strings": {"max_entropy": 7.9},
		},
	)
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}
