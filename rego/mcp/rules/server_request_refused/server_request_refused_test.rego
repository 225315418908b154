package mcp.rules.server_request_refused_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

test_deny_sampling_without_a_rule if {
	decision := firewall.decision with input as _sampling([])
		with data.impedance.portable as example.policy
	not decision.allow
	decision.reasons[0].code == "server_request_refused"
}

test_deny_sampling_to_a_caller_without_the_role if {
	decision := firewall.decision with input as _sampling(["allow/0"])
		with data.impedance.portable as example.policy
		with data.impedance.portable.rules["allow/0"].roles as ["admin"]
	not decision.allow
}

test_allow_sampling_by_rule if {
	decision := firewall.decision with input as _sampling(["allow/0"])
		with data.impedance.portable as example.policy
	decision.allow
}

test_allow_sampling_by_default if {
	decision := firewall.decision with input as _sampling([])
		with data.impedance.portable as example.policy
		with data.impedance.portable.default as "allow"
	decision.allow
}

test_deny_asking_for_a_task_of_the_client_without_a_rule if {
	subject := example.message("response", {"method": "tasks/result"})
	decision := firewall.decision with input as subject
		with data.impedance.portable as example.policy
	not decision.allow
	decision.reasons[0].code == "server_request_refused"
}

test_allow_a_ping_of_the_server if {
	decision := firewall.decision with input as example.message("response", {"method": "ping"})
	decision.allow
}

test_remove_capabilities_from_the_handshake if {
	decision := firewall.decision with input as _initialize({})
	decision.allow
	{pointer | some pointer in decision.obligations.remove} == {
		"/params/capabilities/sampling",
		"/params/capabilities/elicitation",
		"/params/capabilities/roots",
		"/params/capabilities/tasks/requests/sampling",
		"/params/capabilities/tasks/requests/elicitation",
	}
}

test_remove_capabilities_from_every_request_of_2026 if {
	decision := firewall.decision with input as object.union(
		example.call,
		{"message": {"revision": "2026-07-28"}},
	)
		with data.impedance.portable as example.policy
	prefix := "/params/_meta/io.modelcontextprotocol~1clientCapabilities/"
	{pointer | some pointer in decision.obligations.remove} == {
	sprintf("%s%s", [prefix, name]) |
		some name in ["sampling", "elicitation", "roots", "tasks/requests/sampling", "tasks/requests/elicitation"]
	}
}

test_remove_nothing_that_a_rule_grants if {
	decision := firewall.decision with input as _initialize({"sampling/createMessage": ["allow/0"]})
		with data.impedance.portable as example.policy
	{pointer | some pointer in decision.obligations.remove} == {
		"/params/capabilities/elicitation",
		"/params/capabilities/roots",
		"/params/capabilities/tasks/requests/elicitation",
	}
}

test_remove_nothing_that_the_default_grants if {
	decision := firewall.decision with input as _initialize({})
		with data.impedance.portable as example.policy
		with data.impedance.portable.default as "allow"
	decision.obligations.remove == []
}

test_remove_what_a_deny_rule_takes_from_the_default if {
	decision := firewall.decision with input as _initialize({"roots/list": ["deny/0"]})
		with data.impedance.portable as example.policy
		with data.impedance.portable.default as "allow"
	decision.obligations.remove == ["/params/capabilities/roots"]
}

test_remove_nothing_from_other_messages if {
	decision := firewall.decision with input as example.call
		with data.impedance.portable as example.policy
	decision.obligations.remove == []
}

_sampling(rules) := object.union(
	example.message("response", {"method": "sampling/createMessage"}),
	{"rules": [{"rule": rule, "fit": true, "failed": []} | some rule in rules]},
)

_initialize(server_requests) := object.union(
	example.message("request", {"method": "initialize"}),
	{"posture": {"server_requests": server_requests}},
)
