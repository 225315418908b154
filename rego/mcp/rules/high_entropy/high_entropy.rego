# METADATA
# title: High entropy
# description: |
#   Text as dense as this is encrypted, compressed or encoded: nothing can say what leaves. Answers
#   of a server are let through, they hold images and archives by right.
# scope: package
package mcp.rules.high_entropy

import data.mcp.lib.reasons

# METADATA
# description: An argument holds a blob that cannot be read.
# custom:
#   code: high_entropy
#   severity: medium
#   rank: 34
#   remedy: Send readable text; the operator can raise limits.max_entropy.
#   examples:
#   - denies: an argument that holds 4 KiB of an encrypted file in base64
#   - passes: an argument that holds 4 KiB of prose, or an image in a result
reasons contains reasons.reason(rego.metadata.rule()) if {
	input.phase == "request"
	input.strings.max_entropy > data.impedance.limits.max_entropy
}
