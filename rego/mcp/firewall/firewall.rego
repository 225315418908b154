# METADATA
# title: The firewall's decision
# description: |
#   Asks every package under `mcp.rules` and weighs what they say: a message passes if at least one
#   of them allows it and none has a reason against it. A rule package of your own, beside ours,
#   takes part by its name alone. It may define
#   - `allow`, true for what it lets through;
#   - `reasons`, a set of reasons to deny (see `mcp.lib.reasons`); one with `approve` denies unless a
#     person agrees (see `mcp.lib.approvals`);
#   - `remove` and `redact`, sets of JSON Pointers in the message;
#   - `alias`, a set of JSON Pointers in what a server sent: the paths there are concealed;
#   - `pad`, a set of padding schemes: `padme`, `constant:4096`, `step:1024,65536`;
#   - `end_session`, true where the session of the message is to be over;
#   - `headers`, an object: what the server is told in headers of the request;
#   - `audit`, a set of what it wants of the log: `full`, `keys`, `none`.
#   Each in its mode (see `mcp.lib.modes`): in `shadow`, what it has against a message or would
#   change in it is only told; in `off`, it is not asked.
# scope: package
package mcp.firewall

import data.mcp.lib.approvals
import data.mcp.lib.asked
import data.mcp.lib.modes
import data.mcp.lib.reasons

# METADATA
# description: The decision the filter service enforces.
# entrypoint: true
# scope: document
decision := {
	"allow": _allowed,
	"reasons": _in_order("enforce", _denials),
	"shadow": _in_order("shadow", _denials),
	"session": _session,
	"obligations": {
		"redact": [pointer |
			some [name, pointer] in asked.redact
			_mode(name) == "enforce"
		],
		"remove": [pointer |
			some [name, pointer] in asked.remove
			_mode(name) == "enforce"
		],
		"alias": [pointer |
			some [name, pointer] in asked.alias
			_mode(name) == "enforce"
		],
		"pad": [scheme |
			some [name, scheme] in asked.pad
			_mode(name) == "enforce"
		],
		"audit": _audit,
		"headers": {header: concat(", ", values) | some header, values in _headers},
		"approve": _approve,
	},
}

default _allowed := false

_allowed if {
	_lets_pass
	every denial in _denials {
		denial.mode in {"ask", "granted", "shadow"}
	}
}

# Nobody has to allow what default deny is not enforced on.
_lets_pass if {
	_granted
} else if {
	_mode("not_allowed") != "enforce"
}

_granted if {
	some name in asked.allow
	_mode(name) != "off"
}

_denials contains denial if {
	some [name, stated] in asked.reasons
	denial := _denial(name, stated, _mode(name))
	denial.mode != "off"
}

# METADATA
# description: No rule allows this.
# custom:
#   code: not_allowed
#   severity: medium
#   rank: 90
#   remedy: Add an allow rule for it to the policy (allow_rules, by tool or by method).
#   examples:
#   - denies: a call of a tool that no allow rule names
#   - passes: a call of one that an allow rule names
_denials contains denial if {
	not _granted
	stated := reasons.reason(rego.metadata.rule())
	denial := _denial("not_allowed", stated, _mode("not_allowed"))
	denial.mode != "off"
}

# METADATA
# description: The caller's token lacks a scope that this takes.
# custom:
#   code: insufficient_scope
#   severity: low
#   rank: 80
#   remedy: Get a token with the scopes that are named, and call again.
#   examples:
#   - denies: a call that an allow rule with scopes names, by a caller without them
#   - passes: the same call by a caller whose token has them all
_denials contains denial if {
	not _granted
	some rule, scopes in data.mcp.rules.portable.lacking
	stated := object.union(reasons.reason(rego.metadata.rule()), {"rule": rule, "scopes": scopes})
	denial := _denial("not_allowed", stated, _mode("not_allowed"))
	denial.mode != "off"
}

_denial(name, stated, mode) := {
	"mode": _counted(modes.read(object.get(stated, "mode", mode)), stated, grants),
	"rank": object.get(stated, "rank", _usual_rank),
	"reason": object.remove(reason, ["approve", "mode", "rank"]),
	"wanted": approvals.wanted(reason),
	"grants": grants,
} if {
	is_object(stated)
	reason := object.union(_origin(name), stated)
	grants := approvals.fitting(reason, _grants)
}

# What is no reason denies all the same: nobody can read the decision that holds it.
_denial(_, stated, mode) := {"mode": mode, "rank": 0, "reason": stated} if not is_object(stated)

# A reason that a person may lift asks for one, where it is enforced and nobody has agreed.
_counted(mode, stated, grants) := "granted" if {
	mode == "enforce"
	approvals.may_be_lifted(stated)
	count(grants) > 0
} else := "ask" if {
	mode == "enforce"
	approvals.may_be_lifted(stated)
} else := mode

# Of a reason whose author gave it no place among the others.
_usual_rank := 50

# The most specific reason first.
_in_order(mode, denials) := [reason |
	some [_, reason] in sort([[denial.rank, denial.reason] |
		some denial in denials
		denial.mode == mode
	])
]

_origin(name) := {"layer": "policy", "rule": concat(".", ["mcp.rules", name])}

default _approve := null

_approve := {"asked": asked, "granted": granted} if {
	_allowed
	asked := [wanted |
		some [_, _, wanted] in sort([[denial.rank, denial.reason, denial.wanted] |
			some denial in _denials
			denial.mode == "ask"
		])
	]
	granted := [denial.grants[0] |
		some denial in _denials
		denial.mode == "granted"
	]
	count(asked) + count(granted) > 0
}

# Where rules want different values of one header, it has them all (RFC 9110, 5.3).
_headers[header] contains value if {
	some [name, header, value] in asked.headers
	_mode(name) != "off"
}

default _session := "keep"

_session := "end" if {
	some name in asked.end_session
	_mode(name) == "enforce"
}

# Values are shown, and lines left out, only where all rules that have a word on it agree.
default _audit := "keys"

_audit := level if {
	levels := {wanted |
		some [name, wanted] in asked.audit
		_mode(name) != "off"
	}
	count(levels) == 1
	some level in levels
}

_mode(name) := modes.of(name, _server, _modes)

default _server := ""

_server := input.server.id

default _grants := []

_grants := input.grants

default _modes := {}

_modes := data.impedance.modes
