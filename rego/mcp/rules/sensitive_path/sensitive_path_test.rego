package mcp.rules.sensitive_path_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

test_deny_a_sensitive_path if {
	decision := firewall.decision with input as example.call_with_path({"sensitive": true})
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["sensitive_path"]
}

test_allow_a_plain_path if {
	decision := firewall.decision with input as example.call_with_path({"sensitive": false})
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}
