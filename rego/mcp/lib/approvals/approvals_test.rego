package mcp.lib.approvals_test

import data.mcp.lib.approvals
import data.mcp.lib.example_test as example

_reason(approve) := {
	"rule": "mcp.rules.not_mcp",
	"message": "Somebody has to agree.",
	"approve": approve,
}

test_lift_where_a_person_may if {
	every approve in [true, {}, {"calls": 1}, {"minutes": 5, "by": "operator"}, {"by": "user"}] {
		approvals.may_be_lifted(_reason(approve))
		approvals.fitting(_reason(approve), [object.union(example.grant, {
			"by": object.get(_by(approve), "by", "operator"),
		})]) == ["appr-0"]
	}
}

_by(approve) := approve if is_object(approve)

_by(approve) := {} if not is_object(approve)

test_lift_nothing_by_another_word if {
	every approve in [false, "yes", {"calls": 0}, {"minutes": "5"}, {"by": "me"}, {"hours": 1}] {
		not approvals.may_be_lifted(_reason(approve))
		approvals.fitting(_reason(approve), [example.grant]) == []
	}
}

test_a_grant_is_good_for_as_much_as_the_rule_takes if {
	every case in [
		{"approve": {"calls": 2}, "grant": {"used": 1}},
		{"approve": {"minutes": 5}, "grant": {"age_s": 299}},
		{"approve": {"by": "operator"}, "grant": {}},
		{"approve": true, "grant": {"used": 90, "age_s": 90000, "by": "user"}},
	] {
		_fits(case)
	}
	every case in [
		{"approve": {"calls": 2}, "grant": {"used": 2}},
		{"approve": {"minutes": 5}, "grant": {"age_s": 300}},
		{"approve": {"by": "operator"}, "grant": {"by": "user"}},
		{"approve": true, "grant": {"calls_left": 0}},
		{"approve": true, "grant": {"rule": "deny/0"}},
	] {
		not _fits(case)
	}
}

_fits(case) if {
	grant := object.union(example.grant, case.grant)
	approvals.fitting(_reason(case.approve), [grant]) == ["appr-0"]
}

test_a_person_is_told_what_their_word_is_good_for if {
	approvals.wanted(_reason({"calls": 1, "by": "operator"})) == {
		"rule": "mcp.rules.not_mcp",
		"message": "Somebody has to agree.",
		"calls": 1,
		"by": "operator",
	}
	object.keys(approvals.wanted(_reason(true))) == {"rule", "message"}
}
