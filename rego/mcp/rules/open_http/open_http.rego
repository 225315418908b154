# METADATA
# title: Open HTTP
# description: |
#   The HTTP exchanges of MCP that carry no message (opening a stream, ending a session, preflight,
#   well-known documents) pass; `data.impedance.http` says which.
# scope: package
package mcp.rules.open_http

# METADATA
# description: The exchange belongs to MCP's transport.
# scope: document
# custom:
#   examples:
#   - passes: a GET that opens a stream
#   - leaves: a PUT
allow if data.impedance.http[input.message.kind] == "always"
