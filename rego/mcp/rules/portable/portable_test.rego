package mcp.rules.portable_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

test_allow_what_an_allow_rule_fits if {
	decision := firewall.decision with input as example.call
		with data.impedance.portable as example.policy
	decision.allow
}

test_deny_what_no_rule_fits if {
	decision := firewall.decision with input as object.union(example.call, {"rules": []})
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["not_allowed"]
}

test_deny_what_an_allow_rule_does_not_fit if {
	fact := {"rule": "allow/0", "fit": false, "failed": [{"at": "", "check": "enum"}]}
	decision := firewall.decision with input as object.union(example.call, {"rules": [fact]})
		with data.impedance.portable as example.policy
	not decision.allow
}

test_allow_a_caller_who_holds_a_role_of_the_rule if {
	decision := firewall.decision with input as example.call
		with data.impedance.portable as example.policy
		with data.impedance.portable.rules["allow/0"].roles as ["admin", "dev"]
	decision.allow
}

test_deny_a_caller_who_holds_no_role_of_the_rule if {
	decision := firewall.decision with input as example.call
		with data.impedance.portable as example.policy
		with data.impedance.portable.rules["allow/0"].roles as ["admin"]
	not decision.allow
}

test_allow_a_caller_whose_token_has_the_scopes_of_the_rule if {
	decision := firewall.decision with input as example.call
		with input.principal.scopes as ["files:read", "files:write"]
		with data.impedance.portable as example.policy
		with data.impedance.portable.rules["allow/0"].scopes as ["files:write"]
	decision.allow
}

test_deny_a_caller_whose_token_lacks_a_scope_and_names_all_that_it_takes if {
	decision := firewall.decision with input as example.call
		with input.principal.scopes as ["files:read"]
		with data.impedance.portable as example.policy
		with data.impedance.portable.rules["allow/0"].scopes as ["files:read", "files:write"]
	not decision.allow
	[[reason.code, reason.rule] | some reason in decision.reasons] == [
		["insufficient_scope", "allow/0"],
		["not_allowed", "mcp.rules.not_allowed"],
	]
	decision.reasons[0].scopes == ["files:read", "files:write"]
}

test_deny_without_naming_scopes_to_one_who_holds_no_role_of_the_rule if {
	decision := firewall.decision with input as example.call
		with data.impedance.portable as example.policy
		with data.impedance.portable.rules["allow/0"].scopes as ["files:write"]
		with data.impedance.portable.rules["allow/0"].roles as ["admin"]
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["not_allowed"]
}

test_allow_in_a_listing_what_a_token_with_more_scopes_may_use if {
	decision := firewall.decision with input as example.tool("read_file")
		with data.impedance.portable as example.policy
		with data.impedance.portable.rules["allow/0"].scopes as ["files:write"]
	decision.allow
}

test_deny_overrides_and_says_why_in_the_words_of_the_policy if {
	decision := firewall.decision with input as _denied
		with data.impedance.portable as example.policy
		with data.impedance.portable.rules["deny/0"].reason as "Not on Sundays"
	not decision.allow
	decision.reasons == [{
		"code": "policy_denied",
		"layer": "policy",
		"rule": "deny/0",
		"message": "Not on Sundays",
		"remedy": "Do it another way; the policy forbids this on purpose.",
	}]
}

test_deny_without_a_reason_of_the_policy if {
	decision := firewall.decision with input as _denied
		with data.impedance.portable as example.policy
	[reason.message | some reason in decision.reasons] == ["A deny rule of the policy applies."]
}

test_allow_a_caller_whom_the_deny_rule_is_not_about if {
	decision := firewall.decision with input as _denied
		with data.impedance.portable as example.policy
		with data.impedance.portable.rules["deny/0"].roles as ["guest"]
	decision.allow
}

test_allow_by_default if {
	decision := firewall.decision with input as object.union(example.call, {"rules": []})
		with data.impedance.portable as example.policy
		with data.impedance.portable.default as "allow"
	decision.allow
}

test_deny_without_a_policy if {
	decision := firewall.decision with input as object.union(example.call, {"rules": []})
	not decision.allow
}

test_allow_an_item_that_some_call_may_use if {
	decision := firewall.decision with input as example.tool("read_file")
		with data.impedance.portable as example.policy
	decision.allow
	decision.reasons == []
}

test_deny_an_item_that_no_call_may_use if {
	decision := firewall.decision with input as object.union(example.tool("shell"), {"rules": []})
		with data.impedance.portable as example.policy
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["not_allowed"]
}

_denied := object.union(example.call, {"rules": [
	{"rule": "allow/0", "fit": true, "failed": []},
	{"rule": "deny/0", "fit": true, "failed": []},
]})

test_allow_with_the_log_that_a_rule_wants if {
	every level in ["full", "keys", "none"] {
		decision := firewall.decision with input as example.call
			with data.impedance.portable as example.policy
			with data.impedance.portable.rules["allow/0"].audit as level
		decision.obligations.audit == level
	}
}

test_allow_with_keys_where_rules_disagree_on_the_log if {
	fact := {"rule": "allow/1", "fit": true, "failed": []}
	decision := firewall.decision with input as object.union(
		example.call,
		{"rules": array.concat(example.call.rules, [fact])},
	)
		with data.impedance.portable as example.policy
		with data.impedance.portable.rules["allow/0"].audit as "none"
		with data.impedance.portable.rules["allow/1"] as {
			"effect": "allow",
			"roles": [],
			"reason": null,
			"audit": "full",
		}
	decision.allow
	decision.obligations.audit == "keys"
}

test_allow_with_keys_where_the_rule_does_not_apply if {
	fact := {"rule": "allow/0", "fit": false, "failed": [{"at": "", "check": "enum"}]}
	decision := firewall.decision with input as object.union(example.call, {"rules": [fact]})
		with data.impedance.portable as example.policy
		with data.impedance.portable.rules["allow/0"].audit as "none"
	decision.obligations.audit == "keys"
}

_tried := {"effect": "would_deny", "roles": [], "reason": "Soon", "methods": false, "mode": "shadow"}

test_allow_what_a_deny_rule_in_shadow_would_deny if {
	decision := firewall.decision with input as _denied
		with data.impedance.portable as example.policy
		with data.impedance.portable.rules["deny/0"] as _tried
	decision.allow
	[[reason.rule, reason.message] | some reason in decision.shadow] == [["deny/0", "Soon"]]
}

test_deny_by_a_rule_that_is_enforced_on_a_server_in_shadow if {
	decision := firewall.decision with input as _denied
		with data.impedance.portable as example.policy
		with data.impedance.portable.rules["deny/0"].mode as "enforce"
		with data.impedance.modes.servers as {"files": "shadow"}
	not decision.allow
}

test_ask_where_an_allow_rule_wants_approval if {
	decision := firewall.decision with input as example.call
		with data.impedance.portable as example.policy
		with data.impedance.portable.rules["allow/0"].approve as {"calls": 1, "minutes": 5}
	decision.allow
	decision.obligations.approve.asked == [{
		"rule": "allow/0",
		"message": "An allow rule of the policy wants a person to agree first.",
		"calls": 1,
		"minutes": 5,
	}]
}

test_allow_where_the_person_agreed_to_the_rule if {
	granted := object.union(example.grant, {"rule": "allow/0"})
	decision := firewall.decision with input as object.union(example.call, {"grants": [granted]})
		with data.impedance.portable as example.policy
		with data.impedance.portable.rules["allow/0"].approve as {"calls": 1, "minutes": 5}
	decision.allow
	decision.obligations.approve == {"asked": [], "granted": ["appr-0"]}
}

test_ask_where_a_deny_rule_may_be_lifted if {
	decision := firewall.decision with input as _denied
		with data.impedance.portable as example.policy
		with data.impedance.portable.rules["deny/0"].approve as true
	decision.allow
	[wanted.rule | some wanted in decision.obligations.approve.asked] == ["deny/0"]
}

test_deny_where_another_rule_denies_whoever_is_asked if {
	decision := firewall.decision with input as _denied
		with data.impedance.portable as example.policy
		with data.impedance.portable.rules["allow/0"].approve as true
	[reason.code | some reason in decision.reasons] == ["policy_denied"]
}

_result := object.union(
	example.result(null),
	{"rules": [{"rule": "allow/0", "fit": true, "failed": []}]},
)

_obliging := object.union(example.rule("allow"), {
	"alias": ["/result/structuredContent/path"],
	"pad": "padme",
	"audit": "none",
})

test_conceal_and_pad_what_a_call_returns if {
	decision := firewall.decision with input as _result
		with data.impedance.portable as example.policy
		with data.impedance.portable.rules["allow/0"] as _obliging
	decision.obligations.alias == ["/result/structuredContent/path"]
	decision.obligations.pad == ["padme"]
	decision.obligations.audit == "keys"
}

test_conceal_and_pad_nothing_of_the_call_itself if {
	decision := firewall.decision with input as example.call
		with data.impedance.portable as example.policy
		with data.impedance.portable.rules["allow/0"] as _obliging
	decision.obligations.alias == []
	decision.obligations.pad == []
	decision.obligations.audit == "none"
}
