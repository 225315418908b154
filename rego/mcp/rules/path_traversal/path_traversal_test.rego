package mcp.rules.path_traversal_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

test_deny_a_path_that_climbs if {
	decision := firewall.decision with input as example.call_with_path({"traversal": true})
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["path_traversal"]
}

test_allow_a_path_that_stays if {
	decision := firewall.decision with input as example.call_with_path({"traversal": false})
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}
