# METADATA
# title: Oversize
# description: The policy's own limits on the size of a message, by direction.
# scope: package
package mcp.rules.oversize

import data.mcp.lib.reasons

# METADATA
# description: The message is larger than the policy allows.
# custom:
#   code: oversize
#   severity: medium
#   rank: 44
#   remedy: Split it, or ask for less.
#   examples:
#   - denies: a request of 2 MiB
#   - passes: a request of 2 KiB
reasons contains reasons.reason(rego.metadata.rule()) if {
	input.message.bytes > data.impedance.limits[_limit(input.phase)]
}

_limit("request") := "request_max_bytes"

_limit("response") := "response_max_bytes"

_limit("list") := "response_max_bytes"
