package mcp.rules.tool_drifted_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

test_deny_the_call_of_a_tool_that_drifted if {
	decision := firewall.decision with input as _call("enforce", true)
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["tool_drifted"]
}

test_deny_the_listing_of_a_tool_that_drifted if {
	"tool_drifted" in _listing_codes(true)
}

test_allow_the_listing_of_a_tool_that_did_not_drift if {
	not "tool_drifted" in _listing_codes(false)
}

test_allow_the_call_of_a_tool_that_did_not_drift if {
	decision := firewall.decision with input as _call("enforce", false)
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}

test_allow_the_listing_of_a_tool_that_nobody_listed_yet if {
	not "tool_drifted" in _listing_codes(null)
}

test_allow_what_answers_a_call if {
	subject := object.union(_call("enforce", true), {
		"phase": "response",
		"message": {"kind": "result"},
	})
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
	decision.allow
}

test_allow_the_call_of_a_tool_that_nobody_listed_yet if {
	decision := firewall.decision with input as _call("enforce", null)
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}

test_allow_a_tool_that_drifted_while_observing if {
	decision := firewall.decision with input as _call("observe", true)
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}

_listing_codes(drifted) := [reason.code | some reason in decision.reasons] if {
	decision := firewall.decision with input as object.union(
		_call("enforce", drifted),
		{"phase": "list"},
	)
		with data.impedance.portable as example.policy
}

_call(mode, drifted) := object.union(
	example.call,
	{"posture": {"inventory": mode}, "tool": {"pinned": true, "drifted": drifted}},
)
