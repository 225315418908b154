# METADATA
# title: Replies
# description: |
#   What answers a request that was let through passes, unless a rule has a reason against it.
# scope: package
package mcp.rules.replies

# METADATA
# description: The message answers a request, in the direction an answer takes.
# scope: document
# custom:
#   examples:
#   - passes: the result of a call that was let through
#   - leaves: a request that a server makes
allow if {
	input.phase == "response"
	input.message.kind in ["result", "error"]
}

allow if {
	input.phase == "request"
	input.message.kind == "response"
}
