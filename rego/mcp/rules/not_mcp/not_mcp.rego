# METADATA
# title: Not MCP
# description: HTTP traffic that MCP does not know has no business with an MCP server.
# scope: package
package mcp.rules.not_mcp

import data.mcp.lib.reasons

# METADATA
# description: This HTTP request is not part of the Model Context Protocol.
# custom:
#   code: not_mcp
#   severity: medium
#   rank: 60
#   remedy: POST JSON-RPC to the server's MCP endpoint.
#   examples:
#   - denies: a POST of something that is no JSON-RPC
#   - passes: a GET that opens a stream
reasons contains reasons.reason(rego.metadata.rule()) if input.message.kind == "other"
