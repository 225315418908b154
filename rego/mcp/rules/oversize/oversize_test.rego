package mcp.rules.oversize_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

test_deny_a_request_over_its_limit if {
	subject := object.union(example.call, {"message": {"bytes": 1048577}})
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["oversize"]
}

test_deny_a_result_over_its_limit if {
	subject := object.union(
		example.call,
		{"phase": "response", "message": {"kind": "result", "bytes": 16777217}},
	)
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["oversize"]
}

test_allow_a_request_at_its_limit if {
	subject := object.union(example.call, {"message": {"bytes": 1048576}})
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}

test_allow_a_result_over_the_limit_of_requests if {
	subject := object.union(
		example.call,
		{"phase": "response", "message": {"kind": "result", "bytes": 1048577}},
	)
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}
