package mcp.rules.facts_missing_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

test_deny_incomplete_facts if {
	subject := object.union(example.call, {"facts": {"complete": false}})
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["facts_missing"]
}

test_deny_facts_that_are_not_said if {
	decision := firewall.decision with input as object.union(example.call, {"facts": null})
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["facts_missing"]
}

test_allow_complete_facts if {
	decision := firewall.decision with input as example.call
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}
