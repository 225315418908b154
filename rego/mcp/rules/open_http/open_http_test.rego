package mcp.rules.open_http_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

test_allow_the_end_of_a_session if {
	subject := example.message("request", {"kind": "end_session", "method": null})
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}

test_deny_what_the_operator_closed if {
	subject := example.message("request", {"kind": "end_session", "method": null})
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
		with data.impedance.http as {}
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["not_allowed"]
}
