package mcp.rules.poisoned_description_test

import data.mcp.lib.example_test as example
import data.mcp.rules.poisoned_description

_finding := {
	"guard": "descriptions",
	"kind": "confusable_name",
	"at": "/result/tools/3/name",
	"action": "found",
	"severity": "high",
}

_codes(phase, different) := [reason.code |
	subject := object.union(
		example.call_with_finding(object.union(_finding, different)),
		{"phase": phase},
	)
	some reason in poisoned_description.reasons with input as subject
]

test_deny_an_item_whose_name_is_confusable if {
	_codes("list", {}) == ["poisoned_description"]
	_codes("list", {"severity": "critical"}) == ["poisoned_description"]
}

test_allow_an_item_that_was_cleaned if {
	_codes("list", {"action": "redacted"}) == []
}

test_allow_an_item_with_a_report if {
	_codes("list", {"severity": "medium"}) == []
	_codes("list", {"guard": "secrets"}) == []
}

test_allow_the_answer_that_holds_the_item if {
	_codes("response", {}) == []
}
