# METADATA
# title: Open methods
# description: |
#   The handshake, discovery and listing pass without a policy, and so do the notifications that
#   belong to them. `data.impedance.methods` says which; everything else there needs a rule.
# scope: package
package mcp.rules.open_methods

# METADATA
# description: The method passes without a rule, in this direction.
# scope: document
# custom:
#   examples:
#   - passes: tools/list
#   - leaves: tools/call
allow if {
	input.phase == "request"
	input.message.kind in ["request", "notification"]
	data.impedance.methods.client[input.message.method] == "always"
}

allow if {
	input.phase == "response"
	input.message.kind in ["request", "notification"]
	data.impedance.methods.server[input.message.method] == "always"
}
