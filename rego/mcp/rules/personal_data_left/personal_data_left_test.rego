package mcp.rules.personal_data_left_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

_card := {"guard": "pii", "kind": "card", "action": "found"}

test_deny_a_card_that_could_not_be_masked if {
	decision := firewall.decision with input as example.call_with_finding(_card)
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["personal_data_left"]
}

test_allow_a_card_that_was_masked if {
	masked := object.union(_card, {"action": "redacted"})
	decision := firewall.decision with input as example.call_with_finding(masked)
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}
