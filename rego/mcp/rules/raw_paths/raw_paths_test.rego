package mcp.rules.raw_paths_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

test_deny_a_path_outside_the_roots if {
	subject := object.union(example.call, {"strings": {"raw_paths": 1}})
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["raw_path"]
}

test_allow_no_path_outside_the_roots if {
	decision := firewall.decision with input as example.call
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}

test_allow_any_path_without_roots if {
	subject := object.union(example.call, {"strings": {"raw_paths": -1}})
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}
