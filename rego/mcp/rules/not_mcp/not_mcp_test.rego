package mcp.rules.not_mcp_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

test_deny_other_http if {
	subject := example.message("request", {"kind": "other", "method": null})
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
		with data.impedance.http.other as "always"
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["not_mcp"]
}

test_allow_opening_a_stream if {
	subject := example.message("request", {"kind": "open_stream", "method": null})
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}
