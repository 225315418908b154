package mcp.rules.clearance_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

_clearance := {
	"default": "INTERNAL",
	"roles": {"auditor": "RESTRICTED"},
	"principals": {"bob": "SENSITIVE"},
	"unclassified": "SENSITIVE",
	"redact": [],
}

_result(classification, principal) := object.union(example.result(null), {
	"message": {"method": "tools/call", "tool": "read_file"},
	"result": {"classification": classification},
	"principal": principal,
})

_decided(subject) := decision if {
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
		with data.impedance.clearance as _clearance
}

test_deny_a_result_above_the_callers_clearance if {
	decision := _decided(_result("RESTRICTED", {}))
	[reason.code | some reason in decision.reasons] == ["not_cleared"]
}

test_allow_a_result_at_the_callers_clearance if {
	_decided(_result("INTERNAL", {})).allow
	_decided(_result("PUBLIC", {})).allow
}

test_allow_a_caller_with_a_role_that_is_cleared if {
	_decided(_result("RESTRICTED", {"roles": ["dev", "auditor"]})).allow
}

test_allow_a_principal_who_is_cleared_and_no_further if {
	_decided(_result("SENSITIVE", {"id": "bob"})).allow
	not _decided(_result("RESTRICTED", {"id": "bob"})).allow
}

test_deny_what_is_not_classified_by_what_it_counts_as if {
	not _decided(_result(null, {})).allow
	_decided(_result(null, {"id": "bob"})).allow
}

test_deny_what_is_not_classified_as_the_worst_if_nobody_says_otherwise if {
	decision := firewall.decision with input as _result(null, {"id": "bob"})
		with data.impedance.clearance as object.remove(_clearance, ["unclassified"])
	not decision.allow
}

test_deny_an_error_above_the_callers_clearance if {
	subject := object.union(_result("RESTRICTED", {}), {"message": {"kind": "error"}})
	not _decided(subject).allow
}

test_deny_the_answer_of_a_request_that_nobody_knows if {
	subject := object.union(_result(null, {}), {"message": {"method": "", "tool": null}})
	not _decided(subject).allow
}

test_allow_the_answer_to_what_passes_without_a_rule if {
	subject := object.union(_result(null, {}), {"message": {"method": "tools/list", "tool": null}})
	_decided(subject).allow
}

test_deny_by_a_clearance_that_nobody_knows if {
	decision := firewall.decision with input as _result("INTERNAL", {})
		with data.impedance.clearance as {"default": "SECRET"}
	not decision.allow
}

test_allow_every_result_where_nobody_asks if {
	decision := firewall.decision with input as _result("RESTRICTED", {})
	decision.allow
}

test_redact_in_place_of_denying if {
	decision := firewall.decision with input as _result("RESTRICTED", {})
		with data.impedance.clearance as _clearance
		with data.impedance.clearance.redact as ["/result/structuredContent/salary"]
	decision.allow
	decision.obligations.redact == ["/result/structuredContent/salary"]
}

test_redact_nothing_for_a_caller_who_is_cleared if {
	decision := firewall.decision with input as _result("RESTRICTED", {"roles": ["auditor"]})
		with data.impedance.clearance as _clearance
		with data.impedance.clearance.redact as ["/result/structuredContent/salary"]
	decision.allow
	decision.obligations.redact == []
}
