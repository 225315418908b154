package mcp.rules.replies_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

test_allow_a_result if {
	decision := firewall.decision with input as example.message("response", {"kind": "result"})
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}

test_allow_an_error if {
	subject := example.message("response", {"kind": "error", "method": null})
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}

test_allow_an_answer_of_the_client if {
	subject := example.message("request", {"kind": "response", "method": null})
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}

test_deny_a_result_of_the_client if {
	decision := firewall.decision with input as example.message("request", {"kind": "result"})
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["not_allowed"]
}
