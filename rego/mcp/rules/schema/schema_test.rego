package mcp.rules.schema_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

test_deny_arguments_that_do_not_fit_when_enforced if {
	_codes(_call("arguments_mismatch"), _enforced, example.policy) == ["schema_mismatch"]
	_codes(_call("unjudged"), _enforced, example.policy) == ["schema_mismatch"]
}

test_allow_arguments_that_do_not_fit_when_reported if {
	_codes(_call("arguments_mismatch"), _reported, example.policy) == []
	_codes(_call("unjudged"), _reported, example.policy) == []
}

test_deny_a_result_that_does_not_fit_when_enforced if {
	_codes(_result("result_mismatch"), _enforced, example.policy) == ["result_mismatch"]
	_codes(_result("unjudged"), _enforced, example.policy) == ["result_mismatch"]
}

test_allow_a_result_that_does_not_fit_when_reported if {
	_codes(_result("result_mismatch"), _reported, example.policy) == []
}

test_allow_a_schema_that_cannot_be_used_also_when_enforced if {
	_codes(_call("unusable_schema"), _enforced, example.policy) == []
}

test_deny_an_unknown_argument_when_the_policy_says_so if {
	_codes(_call("unknown_argument"), _reported, _strict) == ["unknown_argument"]
}

test_allow_an_unknown_argument_otherwise if {
	_codes(_call("unknown_argument"), _enforced, example.policy) == []
}

test_deny_a_tool_nobody_listed_when_the_policy_rejects_unknown_arguments if {
	_codes(_call("unknown_schema"), _reported, _strict) == ["unknown_schema"]
}

test_allow_a_tool_nobody_listed_otherwise if {
	_codes(_call("unknown_schema"), _enforced, example.policy) == []
}

test_allow_what_another_guard_calls_the_same if {
	subject := example.call_with_finding({"guard": "plugin", "kind": "unknown_argument"})
	_codes(subject, _enforced, _strict) == []
}

_call(kind) := example.call_with_finding({"guard": "schema", "kind": kind, "action": "found"})

_result(kind) := object.union(
	_call(kind),
	{"phase": "response", "message": {"kind": "result"}},
)

_codes(subject, modes, policy) := [reason.code | some reason in decision.reasons] if {
	decision := firewall.decision with input as subject
		with data.impedance.portable as policy
		with data.impedance.schema as modes
}

_enforced := {"arguments": "enforce", "results": "enforce"}

_reported := {"arguments": "report", "results": "report"}

_strict := object.union(example.policy, {"reject_unknown_args": true})
