package mcp.firewall_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

test_allow_what_one_rule_allows_and_none_denies if {
	decision := firewall.decision with input as example.call
		with data.impedance.portable as example.policy
	decision == {
		"allow": true,
		"reasons": [],
		"shadow": [],
		"session": "keep",
		"obligations": {
			"redact": [],
			"remove": [],
			"alias": [],
			"pad": [],
			"audit": "keys",
			"headers": {},
			"approve": null,
		},
	}
}

test_deny_what_nothing_allows if {
	decision := firewall.decision with input as object.union(example.call, {"rules": []})
	decision.reasons == [{
		"code": "not_allowed",
		"layer": "policy",
		"rule": "mcp.rules.not_allowed",
		"message": "No rule allows this.",
		"remedy": "Add an allow rule for it to the policy (allow_rules, by tool or by method).",
	}]
	not decision.allow
}

test_deny_an_empty_input if {
	decision := firewall.decision with input as {}
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["facts_missing", "not_allowed"]
}

test_deny_with_the_most_specific_reason_first if {
	input_with_all := object.union(
		example.call_with_path({"traversal": true, "sensitive": true}),
		{"rules": [], "strings": {"max_entropy": 6}},
	)
	decision := firewall.decision with input as input_with_all
		with data.impedance.banned_tools as ["read_file"]
	[reason.code | some reason in decision.reasons] == [
		"banned_tool",
		"sensitive_path",
		"path_traversal",
		"high_entropy",
		"not_allowed",
	]
}

_entropy := object.union(example.call, {"strings": {"max_entropy": 6}})

test_allow_in_shadow_what_a_rule_would_deny if {
	decision := firewall.decision with input as _entropy
		with data.impedance.portable as example.policy
		with data.impedance.modes.rules as {"high_entropy": "shadow"}
	decision.allow
	decision.reasons == []
	decision.shadow == [{
		"code": "high_entropy",
		"layer": "policy",
		"rule": "mcp.rules.high_entropy",
		"message": "An argument holds a blob that cannot be read.",
		"remedy": "Send readable text; the operator can raise limits.max_entropy.",
	}]
}

test_deny_without_the_mode if {
	decision := firewall.decision with input as _entropy
		with data.impedance.portable as example.policy
	not decision.allow
	decision.shadow == []
}

test_deny_where_nobody_speaks_of_modes if {
	decision := firewall.decision with input as _entropy
		with data.impedance as {"limits": {"max_entropy": 5.5}}
	_codes(decision.reasons) == ["high_entropy", "unknown_method", "not_allowed"]
}

test_allow_what_a_rule_that_is_off_would_deny if {
	decision := firewall.decision with input as _entropy
		with data.impedance.portable as example.policy
		with data.impedance.modes.rules as {"high_entropy": "off"}
	decision.allow
	decision.shadow == []
}

test_deny_by_one_rule_and_tell_of_another_in_shadow if {
	decision := firewall.decision with input as _entropy
		with data.impedance.portable as example.policy
		with data.impedance.banned_tools as ["read_file"]
		with data.impedance.modes.rules as {"high_entropy": "shadow"}
	not decision.allow
	_codes(decision.reasons) == ["banned_tool"]
	_codes(decision.shadow) == ["high_entropy"]
}

_forbidden := object.union(_entropy, {"rules": []})

test_allow_on_a_server_in_shadow_what_nothing_allows if {
	decision := firewall.decision with input as _forbidden
		with data.impedance.modes.servers as {"files": "shadow"}
	decision.allow
	_codes(decision.shadow) == ["high_entropy", "not_allowed"]
}

test_allow_on_a_server_that_is_off_and_say_nothing if {
	decision := firewall.decision with input as _forbidden
		with data.impedance.modes.servers as {"files": "off"}
	decision.allow
	decision.shadow == []
}

test_deny_on_another_server if {
	decision := firewall.decision with input as _forbidden
		with data.impedance.modes.servers as {"crm": "shadow"}
	_codes(decision.reasons) == ["high_entropy", "not_allowed"]
}

test_deny_on_a_server_in_shadow_by_a_rule_that_is_enforced if {
	decision := firewall.decision with input as _forbidden
		with data.impedance.modes.servers as {"files": "shadow"}
		with data.impedance.modes.rules as {"high_entropy": "enforce"}
	_codes(decision.reasons) == ["high_entropy"]
	_codes(decision.shadow) == ["not_allowed"]
}

test_deny_on_any_server_what_layer_1_could_not_clean if {
	every mode in ["shadow", "off"] {
		decision := firewall.decision with input as example.call_with_finding({"action": "found"})
			with data.impedance.modes.servers as {"files": mode}
		not decision.allow
		_codes(decision.reasons) == ["secret_left"]
	}
}

test_allow_what_nothing_allows_while_default_deny_is_in_shadow if {
	decision := firewall.decision with input as object.union(example.call, {"rules": []})
		with data.impedance.modes.rules as {"not_allowed": "shadow"}
	decision.allow
	_codes(decision.shadow) == ["not_allowed"]
}

test_deny_what_only_a_rule_that_is_off_allows if {
	decision := firewall.decision with input as example.message("request", {"method": "ping"})
		with data.impedance.modes.rules as {"open_methods": "off"}
	_codes(decision.reasons) == ["not_allowed"]
}

test_take_nothing_out_in_shadow if {
	subject := example.message("request", {"method": "initialize"})
	enforced := firewall.decision with input as subject
	tried := firewall.decision with input as subject
		with data.impedance.modes.rules as {"server_request_refused": "shadow"}
	count(enforced.obligations.remove) > 0
	tried.allow
	tried.obligations.remove == []
}

test_deny_half_the_facts_in_any_mode if {
	decision := firewall.decision with input as object.union(example.call, {"facts": {"complete": false}})
		with data.impedance.modes.servers as {"files": "off"}
		with data.impedance.modes.rules as {"facts_missing": "off"}
	_codes(decision.reasons) == ["facts_missing"]
}

# What an author's own package says, in the place of one of ours.
_said(reasons) := decision if {
	decision := firewall.decision with input as example.call
		with data.impedance.portable as example.policy
		with data.mcp.rules.not_mcp.reasons as reasons
}

_reason := {"code": "two_eyes", "message": "Somebody has to agree.", "remedy": "Ask.", "rank": 20}

test_ask_for_approval_where_a_reason_may_be_lifted if {
	decision := _said({object.union(_reason, {"approve": true})})
	decision.allow
	decision.reasons == []
	decision.obligations.approve == {
		"asked": [{
			"rule": "mcp.rules.not_mcp",
			"message": "Somebody has to agree.",
		}],
		"granted": [],
	}
}

_said_to(stated, grants) := decision if {
	decision := firewall.decision with input as object.union(example.call, {"grants": grants})
		with data.impedance.portable as example.policy
		with data.mcp.rules.not_mcp.reasons as {stated}
}

test_allow_what_a_person_has_agreed_to if {
	decision := _said_to(object.union(_reason, {"approve": true}), [example.grant])
	decision.allow
	decision.obligations.approve == {"asked": [], "granted": ["appr-0"]}
}

test_ask_again_where_they_agreed_to_another_rule if {
	grants := [object.union(example.grant, {"rule": "deny/0"})]
	decision := _said_to(object.union(_reason, {"approve": {"calls": 1}}), grants)
	decision.obligations.approve == {
		"asked": [{
			"rule": "mcp.rules.not_mcp",
			"message": "Somebody has to agree.",
			"calls": 1,
		}],
		"granted": [],
	}
}

test_deny_where_approve_is_misspelt_whoever_agreed if {
	decision := _said_to(object.union(_reason, {"approve": {"call": 1}}), [example.grant])
	_codes(decision.reasons) == ["two_eyes"]
}

test_conceal_and_pad_as_every_rule_wants if {
	decision := firewall.decision with input as example.call
		with data.impedance.portable as example.policy
		with data.mcp.rules.not_mcp.alias as {"/result/structuredContent/path"}
		with data.mcp.rules.not_mcp.pad as {"padme"}
		with data.mcp.rules.oversize.pad as {"constant:4096"}
	decision.obligations.alias == ["/result/structuredContent/path"]
	{scheme | some scheme in decision.obligations.pad} == {"padme", "constant:4096"}
}

test_conceal_and_pad_nothing_in_shadow if {
	decision := firewall.decision with input as example.call
		with data.impedance.portable as example.policy
		with data.mcp.rules.not_mcp.alias as {"/result/structuredContent/path"}
		with data.mcp.rules.not_mcp.pad as {"padme"}
		with data.impedance.modes.rules as {"not_mcp": "shadow"}
	decision.obligations.alias == []
	decision.obligations.pad == []
}

test_deny_where_it_may_not if {
	decision := _said({_reason})
	_codes(decision.reasons) == ["two_eyes"]
	decision.obligations.approve == null
}

test_ask_nobody_where_another_reason_denies if {
	decision := _said({
		object.union(_reason, {"approve": true}),
		object.union(_reason, {"code": "never"}),
	})
	not decision.allow
	_codes(decision.reasons) == ["never"]
	decision.obligations.approve == null
}

test_ask_nobody_in_shadow if {
	decision := _said({object.union(_reason, {"approve": true, "mode": "shadow"})})
	decision.allow
	_codes(decision.shadow) == ["two_eyes"]
	decision.obligations.approve == null
}

test_deny_by_a_reason_without_a_rank if {
	decision := _said({object.remove(_reason, ["rank"])})
	_codes(decision.reasons) == ["two_eyes"]
}

test_deny_by_what_is_no_reason if {
	decision := _said({"because"})
	not decision.allow
	decision.reasons == ["because"]
}

test_end_the_session_where_a_rule_says_so if {
	decision := firewall.decision with input as example.call
		with data.impedance.portable as example.policy
		with data.mcp.rules.oversize.end_session as true
	decision.session == "end"
	decision.allow
}

test_keep_the_session_where_that_rule_is_only_tried if {
	decision := firewall.decision with input as example.call
		with data.mcp.rules.oversize.end_session as true
		with data.impedance.modes.rules as {"oversize": "shadow"}
	decision.session == "keep"
}

test_set_the_headers_of_every_rule if {
	decision := firewall.decision with input as example.call
		with data.impedance.portable as example.policy
		with data.mcp.rules.not_mcp.headers as {"x-team": "blue", "x-tier": "1"}
		with data.mcp.rules.oversize.headers as {"x-team": "red"}
	decision.obligations.headers == {"x-team": "blue, red", "x-tier": "1"}
}

test_set_no_header_of_a_rule_that_is_off if {
	decision := firewall.decision with input as example.call
		with data.impedance.portable as example.policy
		with data.mcp.rules.not_mcp.headers as {"x-team": "blue"}
		with data.impedance.modes.rules as {"not_mcp": "off"}
	decision.obligations.headers == {}
}

_codes(reasons) := [reason.code | some reason in reasons]
