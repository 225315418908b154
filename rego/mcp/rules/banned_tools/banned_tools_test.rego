package mcp.rules.banned_tools_test

import data.mcp.firewall
import data.mcp.lib.example_test as example

test_deny_a_banned_tool if {
	decision := firewall.decision with input as example.call
		with data.impedance.portable as example.policy
		with data.impedance.banned_tools as ["read_file"]
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["banned_tool"]
}

test_allow_a_tool_with_a_longer_name if {
	decision := firewall.decision with input as example.call
		with data.impedance.portable as example.policy
		with data.impedance.banned_tools as ["read"]
	decision.allow
	decision.reasons == []
}

test_deny_an_item_by_a_banned_name if {
	decision := firewall.decision with input as example.tool("read_file")
		with data.impedance.portable as example.policy
		with data.impedance.banned_tools as ["read_file"]
	not decision.allow
	[reason.code | some reason in decision.reasons] == ["banned_tool"]
}
