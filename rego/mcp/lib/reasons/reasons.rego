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

# METADATA
# description: The reason of a message that a person has to agree to, and nobody was asked.
# scope: document
approval(question) := {
	"rank": 85,
	"code": "approval_required",
	"message": question,
	"remedy": "Ask the operator to approve this; no approver is configured.",
}
