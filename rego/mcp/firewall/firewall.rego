# METADATA
# title: The firewall's decision
# description: |
#   Asks every package under `mcp.rules` and weighs what they say: a message passes if at least one
#   of them allows it and none has a reason against it. A rule package of your own, beside ours,
#   takes part by its name alone. It may define
#   - `allow`, true for what it lets through;
#   - `reasons`, a set of reasons to deny (see `mcp.lib.reasons`);
#   - `remove` and `redact`, sets of JSON Pointers in the message;
#   - `audit`, a set of what it wants of the log: `full`, `keys`, `none`.
# scope: package
package mcp.firewall

import data.mcp.lib.reasons

# METADATA
# title: Decision
# description: The decision the filter service enforces.
# entrypoint: true
# scope: document
decision := {
	"allow": _allowed,
	"reasons": _reasons,
	"obligations": {
		"redact": [pointer | some pointer in data.mcp.rules[_].redact],
		"remove": [pointer | some pointer in data.mcp.rules[_].remove],
		"audit": _audit,
		"headers": {},
	},
}

# Values are shown, and lines left out, only where all rules that have a word on it agree.
default _audit := "keys"

_audit := level if {
	levels := {wanted | some wanted in data.mcp.rules[_].audit}
	count(levels) == 1
	some level in levels
}

default _allowed := false

_allowed if {
	_granted
	count(_denials) == 0
}

_granted if data.mcp.rules[_].allow

_denials contains [reason.rank, object.union(_origin(name), reason)] if {
	some name
	some reason in data.mcp.rules[name].reasons
}

# METADATA
# description: No rule allows this.
# custom:
#   code: not_allowed
#   severity: medium
#   rank: 90
#   remedy: Add an allow rule for it to the policy (allow_rules, by tool or by method).
_denials contains [reason.rank, object.union(_origin("not_allowed"), reason)] if {
	not _granted
	reason := reasons.reason(rego.metadata.rule())
}

# The most specific reason first.
_reasons := [object.remove(reason, ["rank"]) | some [_, reason] in sort(_denials)]

_origin(name) := {"layer": "policy", "rule": concat(".", ["mcp.rules", name])}
