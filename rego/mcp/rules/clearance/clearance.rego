# METADATA
# title: Clearance
# description: |
#   What a tool returns goes only to callers who are cleared for its classification, where
#   `data.impedance.clearance` says who is cleared for what. A result counts as what the inventory
#   classifies its tool as; what it says nothing of counts as `unclassified`, which is `RESTRICTED`
#   if nobody says otherwise. The answers of methods that pass without a rule hold no data, and are not
#   asked about.
# scope: package
package mcp.rules.clearance

import data.mcp.lib.reasons

# METADATA
# description: The caller is not cleared for what this tool returns.
# custom:
#   code: not_cleared
#   severity: high
#   rank: 26
#   remedy: Use a tool whose results are classified lower, or ask the operator for a role with the clearance.
#   examples:
#   - denies: the result of a tool classified RESTRICTED, to a caller cleared for INTERNAL
#   - passes: the same result, to a caller with a role that is cleared for RESTRICTED
reasons contains reasons.reason(rego.metadata.rule()) if {
	_exceeded
	not _is_redacted
}

# METADATA
# description: What is taken out of a result in place of denying it, where the data names it.
# scope: document
redact contains pointer if {
	_exceeded
	some pointer in data.impedance.clearance.redact
}

_is_redacted if count(data.impedance.clearance.redact) > 0

_exceeded if {
	count(data.impedance.clearance) > 0
	input.phase == "response"
	input.message.kind in ["result", "error"]
	not data.impedance.methods.client[input.message.method] == "always"
	not _is_cleared
}

# What nobody can place is above every clearance, or below every result.
_is_cleared if {
	needed := _levels[_classification]
	some granted in _granted
	_levels[granted] >= needed
}

_levels := {"PUBLIC": 0, "INTERNAL": 1, "SENSITIVE": 2, "RESTRICTED": 3}

_granted contains data.impedance.clearance["default"]

_granted contains "PUBLIC"

_granted contains data.impedance.clearance.principals[input.principal.id]

_granted contains data.impedance.clearance.roles[role] if some role in input.principal.roles

default _classification := "RESTRICTED"

_classification := input.result.classification if {
	input.result.classification != null
} else := data.impedance.clearance.unclassified
