package mcp.rules.tool_unpinned_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

test_deny_the_call_of_a_tool_that_is_not_pinned if {
	decision := firewall.decision with input as _call("enforce", false)
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["tool_unpinned"]
}

test_deny_the_listing_of_a_tool_that_is_not_pinned if {
	decision := firewall.decision with input as object.union(
		_call("enforce", false),
		{"phase": "list"},
	)
		with data.impedance.portable as example.policy
	"tool_unpinned" in [reason.code | some reason in decision.reasons]
}

test_allow_the_call_of_a_pinned_tool if {
	decision := firewall.decision with input as _call("enforce", true)
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}

test_allow_a_tool_that_is_not_pinned_while_observing if {
	decision := firewall.decision with input as _call("observe", false)
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}

test_allow_what_answers_a_call if {
	subject := object.union(_call("enforce", false), {
		"phase": "response",
		"message": {"kind": "result"},
	})
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}

_call(mode, pinned) := object.union(
	example.call,
	{"posture": {"inventory": mode}, "tool": {"pinned": pinned}},
)
