# METADATA
# title: Redaction mark written
# description: |
#   A mark such as `[REDACTED:…]` stands for a value that was taken out of a result. A tool that
#   writes would put the mark where the value was, and the value would be lost.
# scope: package
package mcp.rules.redaction_mark

import data.mcp.lib.reasons

# METADATA
# description: An argument of a tool that writes holds a redaction mark of this firewall.
# custom:
#   code: redaction_mark
#   severity: high
#   rank: 32
#   remedy: Edit in place, and leave out the lines with a [REDACTED…] mark; they stay as they are.
#   examples:
#   - denies: a write_file whose content holds a redaction mark
#   - passes: an edit_file that leaves that line alone
reasons contains reasons.reason(rego.metadata.rule()) if {
	input.phase == "request"
	some finding in input.findings
	finding.kind == "redaction_mark"
}
