package mcp.rules.attacks_test

import data.mcp.lib.example_test as example
import data.mcp.rules.attacks

_finding := {
	"guard": "attacks",
	"kind": "sql-injection",
	"at": "/params/arguments/id",
	"action": "found",
	"severity": "high",
}

_codes(phase, different) := [reason.code |
	subject := object.union(
		example.call_with_finding(object.union(_finding, different)),
		{"phase": phase},
	)
	some reason in attacks.reasons with input as subject
]

test_deny_an_argument_with_an_attack if {
	_codes("request", {}) == ["attack_detected"]
	_codes("request", {"severity": "critical"}) == ["attack_detected"]
}

test_allow_what_is_only_reported if {
	_codes("request", {"severity": "medium"}) == []
}

test_allow_what_another_guard_found if {
	_codes("request", {"guard": "descriptions"}) == []
}

test_allow_a_result if {
	_codes("response", {}) == []
}
