package mcp.rules.posture_failed_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

test_deny_a_call_while_a_check_has_failed if {
	decision := firewall.decision with input as _call({"failed": ["host.secure_boot"]})
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["posture_failed"]
}

test_deny_an_answer_while_a_check_has_failed if {
	answer := object.union(
		example.result(null),
		{"posture": {"failed": ["device.compliant"]}},
	)
	decision := firewall.decision with input as answer with data.impedance.portable as example.policy
	not decision.allow
}

test_deny_on_a_server_whose_policy_is_only_tried if {
	decision := firewall.decision with input as _call({"failed": ["host.secure_boot"]})
		with data.impedance.portable as example.policy
		with data.impedance.modes.servers as {"files": "shadow"}
	not decision.allow
}

test_allow_a_call_while_every_check_holds if {
	decision := firewall.decision with input as _call({"host": {"secure_boot": false}})
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}

test_allow_a_call_while_none_has_failed if {
	decision := firewall.decision with input as _call({"failed": []})
		with data.impedance.portable as example.policy
	decision.allow
}

_call(posture) := object.union(example.call, {"posture": posture})
