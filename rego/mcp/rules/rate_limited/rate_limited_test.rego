package mcp.rules.rate_limited_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

test_deny_what_is_over_a_limit if {
	decision := firewall.decision with input as _over({"kind": "rate"})
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["rate_limited"]
}

test_deny_what_is_too_much_at_the_same_time if {
	decision := firewall.decision with input as _over({"kind": "concurrency"})
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["rate_limited"]
}

test_deny_the_same_call_again_and_again if {
	decision := firewall.decision with input as _over({"kind": "loop"})
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["runaway_loop"]
}

test_allow_what_is_only_reported if {
	decision := firewall.decision with input as _over({"kind": "loop", "on_exceed": "report"})
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}

test_deny_on_a_server_whose_policy_is_only_tried if {
	decision := firewall.decision with input as _over({"kind": "rate"})
		with data.impedance.portable as example.policy
		with data.impedance.modes.servers as {"files": "shadow"}
	not decision.allow
}

_over(different) := object.union(example.call, {"limits": {"bulk": object.union(
	{"exceeded": true, "kind": "rate", "on_exceed": "deny", "retry_after_ms": 1500},
	different,
)}})
