# METADATA
# title: Approvals
# description: |
#   A reason with `approve` denies unless a person agrees. `approve` is `true`, or an object that says
#   which word counts: `calls`, how many messages one word is good for; `minutes`, how old it may be;
#   `by`, who must have given it (`operator`, or `user`: whoever sits behind the agent). What a person
#   agreed to is told in `input.grants`, and only there. Anything else in `approve` is no way out:
#   the reason denies.
# scope: package
package mcp.lib.approvals

# METADATA
# description: Whether a person may lift this reason.
# scope: document
may_be_lifted(stated) if stated.approve == true

may_be_lifted(stated) if {
	is_object(stated.approve)
	count(object.keys(stated.approve) - {"calls", "minutes", "by"}) == 0
	every limit in ["calls", "minutes"] {
		_is_positive(object.get(stated.approve, limit, 1))
	}
	object.get(stated.approve, "by", "operator") in {"operator", "user"}
}

_is_positive(limit) if {
	is_number(limit)
	limit > 0
}

# METADATA
# description: What a person is asked for this reason.
# scope: document
wanted(reason) := object.union(
	object.filter(reason, ["rule", "message"]),
	_terms(object.get(reason, "approve", true)),
)

_terms(approve) := object.filter(approve, ["calls", "minutes", "by"]) if is_object(approve)

_terms(approve) := {} if not is_object(approve)

# METADATA
# description: The grants that lift this reason, by id, the oldest first.
# scope: document
fitting(reason, grants) := [grant.id |
	may_be_lifted(reason)
	some grant in grants
	grant.rule == reason.rule
	grant.calls_left > 0
	terms := _terms(reason.approve)
	grant.used < object.get(terms, "calls", grant.used + 1)
	grant.age_s < object.get(terms, "minutes", grant.age_s + 1) * 60
	grant.by == object.get(terms, "by", grant.by)
]
