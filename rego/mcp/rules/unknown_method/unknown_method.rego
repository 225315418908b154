# METADATA
# title: Unknown method
# description: |
#   Only methods of the allow-list pass, in the direction they are made for. A rule of the portable
#   policy that names a method makes it known, and `unknown_methods: allow` every one, unless it is
#   made for the other direction. Neither does a result pass whose type is not in
#   `data.impedance.result_types`, unless `unknown_methods` says so.
# scope: package
package mcp.rules.unknown_method

import data.mcp.lib.portable
import data.mcp.lib.reasons

# METADATA
# description: The method, or the type of the result, is not on the allow-list.
# custom:
#   code: unknown_method
#   severity: medium
#   rank: 50
#   remedy: Use a method of MCP, or name this one in an allow rule (method) of the policy.
#   examples:
#   - denies: acme/run, which nobody names
#   - passes: acme/run, where an allow rule names acme/*
reasons contains reasons.reason(rego.metadata.rule()) if {
	_unknown
}

_unknown if {
	input.message.kind in ["request", "notification"]
	not _known
}

_unknown if {
	input.message.kind == "result"
	input.result.type != null
	not input.result.type in data.impedance.result_types
	not data.impedance.portable.unknown_methods == "allow"
}

_known if {
	data.impedance.methods[_sender][input.message.method]
} else if {
	not data.impedance.methods[_receiver][input.message.method]
	some fact in input.rules
	data.impedance.portable.rules[fact.rule].methods
	portable.applies(fact, data.impedance.portable.rules, "allow", input.principal.roles)
} else if {
	is_string(input.message.method)
	not data.impedance.methods[_receiver][input.message.method]
	data.impedance.portable.unknown_methods == "allow"
}

_sender := "client" if input.phase in ["request", "list"]

_sender := "server" if input.phase == "response"

_receiver := "server" if _sender == "client"

_receiver := "client" if _sender == "server"
