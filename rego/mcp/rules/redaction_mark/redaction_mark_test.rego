package mcp.rules.redaction_mark_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

_mark := {"guard": "marks", "kind": "redaction_mark", "action": "found"}

test_deny_a_mark_in_an_argument if {
	decision := firewall.decision with input as example.call_with_finding(_mark)
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["redaction_mark"]
}

test_deny_a_mark_that_another_edit_covers if {
	covered := object.union(_mark, {"action": "redacted"})
	decision := firewall.decision with input as example.call_with_finding(covered)
		with data.impedance.portable as example.policy
	not decision.allow
}

test_allow_a_mark_in_a_result if {
	subject := object.union(
		example.call_with_finding(_mark),
		{"phase": "response", "message": {"kind": "result"}},
	)
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}
