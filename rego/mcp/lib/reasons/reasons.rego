# METADATA
# title: Reasons
# description: How a rule says why, in the words of its own annotations.
# scope: package
package mcp.lib.reasons

# METADATA
# description: |
#   The reason that a rule states in its annotations. The firewall adds which rule it was. A lower
#   `rank` is the more specific reason, and comes first.
# scope: document
reason(annotations) := {
	"rank": annotations.custom.rank,
	"code": annotations.custom.code,
	"message": annotations.description,
	"remedy": annotations.custom.remedy,
}
