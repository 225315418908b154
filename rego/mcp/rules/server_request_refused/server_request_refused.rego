# METADATA
# title: Server request refused
# description: |
#   A server that asks the client (for a completion, for input, for its folders) is refused unless
#   the portable policy grants the method. So that it does not even try, what is not granted is
#   taken out of the capabilities the client declares.
# scope: package
package mcp.rules.server_request_refused

import data.mcp.lib.portable
import data.mcp.lib.reasons

# METADATA
# description: The server may not ask this of the client.
# custom:
#   code: server_request_refused
#   severity: medium
#   rank: 52
#   remedy: Add an allow rule to the policy that names the method and the server.
#   examples:
#   - denies: sampling/createMessage, which no allow rule names
#   - passes: the same where an allow rule names method and server
reasons contains reasons.reason(rego.metadata.rule()) if {
	input.phase == "response"
	input.message.kind == "request"
	data.impedance.methods.server[input.message.method] == "by_rule"
	not _allowed
}

# METADATA
# description: Where the client declares a capability that is not granted.
# scope: document
remove contains capability[where] if {
	input.phase == "request"
	some where in _declarations
	some capability in data.impedance.client_capabilities
	not capability.method in _grantable
}

remove contains capability[where] if {
	input.phase == "request"
	some where in _declarations
	some capability in data.impedance.client_capabilities
	capability.method in _denied
}

# Up to 2025-11-25 the client declares its capabilities once, from then on in every request.
_declarations contains "initialize" if input.message.method == "initialize"

_declarations contains "request" if input.message.revision == "2026-07-28"

_allowed if data.impedance.portable.default == "allow"

_allowed if {
	some fact in input.rules
	portable.applies(fact, data.impedance.portable.rules, "allow", input.principal.roles)
	portable.scoped(data.impedance.portable.rules[fact.rule], input.principal.scopes)
}

_grantable contains capability.method if {
	data.impedance.portable.default == "allow"
	some capability in data.impedance.client_capabilities
}

_grantable contains method if {
	some method, rules in input.posture.server_requests
	some rule in rules
	portable.concerns(data.impedance.portable.rules[rule], "allow", input.principal.roles)
	portable.scoped(data.impedance.portable.rules[rule], input.principal.scopes)
}

_denied contains method if {
	some method, rules in input.posture.server_requests
	some rule in rules
	portable.concerns(data.impedance.portable.rules[rule], "deny", input.principal.roles)
}
