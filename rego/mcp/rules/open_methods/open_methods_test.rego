package mcp.rules.open_methods_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

test_allow_the_handshake if {
	decision := firewall.decision with input as example.message("request", {"method": "initialize"})
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}

test_allow_listing if {
	decision := firewall.decision with input as example.message("request", {"method": "tools/list"})
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}

test_allow_progress_from_the_server if {
	subject := example.message(
		"response",
		{"kind": "notification", "method": "notifications/progress"},
	)
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}

test_deny_reading_without_a_rule if {
	subject := example.message("request", {"method": "resources/read"})
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["not_allowed"]
}
