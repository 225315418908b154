# METADATA
# title: Unknown method
# description: |
#   Only methods of the allow-list pass, in the direction they are made for. A rule of the portable
#   policy that names a method makes it known, and `unknown_methods: allow` every one, unless it is
#   made for the other direction.
# scope: package
package mcp.rules.unknown_method

import data.mcp.lib.portable
import data.mcp.lib.reasons

# METADATA
# description: The method is not on the allow-list.
# custom:
#   code: unknown_method
#   severity: medium
#   rank: 50
#   remedy: Use a method of MCP, or name this one in an allow rule (method) of the policy.
reasons contains reasons.reason(rego.metadata.rule()) if {
	input.message.kind in {"request", "notification"}
	not _known
}

_known if data.impedance.methods[_sender][input.message.method]

_known if {
	not data.impedance.methods[_receiver][input.message.method]
	some fact in input.rules
	data.impedance.portable.rules[fact.rule].methods
	portable.applies(fact, data.impedance.portable.rules, "allow", input.principal.roles)
}

_known if {
	is_string(input.message.method)
	not data.impedance.methods[_receiver][input.message.method]
	data.impedance.portable.unknown_methods == "allow"
}

_sender := "client" if input.phase == "request"

_sender := "server" if input.phase == "response"

_receiver := "server" if _sender == "client"

_receiver := "client" if _sender == "server"
