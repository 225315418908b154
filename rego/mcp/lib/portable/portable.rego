# METADATA
# title: Portable rules
# description: What the rules of a portable policy say of a message that TypeScript matched them to.
# scope: package
package mcp.lib.portable

# METADATA
# description: A rule of `effect` applies, to a caller who holds one of the roles it names, if any.
# scope: document
applies(fact, rules, effect, roles) if {
	fact.fit
	concerns(rules[fact.rule], effect, roles)
}

# METADATA
# description: A rule has this effect, and is about a caller with these roles.
# scope: document
concerns(rule, effect, roles) if {
	rule.effect == effect
	_held(rule.roles, roles)
}

# METADATA
# description: A caller with these scopes has all that a rule takes.
# scope: document
scoped(rule, scopes) if {
	every scope in object.get(rule, "scopes", []) {
		scope in scopes
	}
}

_held(wanted, _) if count(wanted) == 0

_held(wanted, held) if {
	some role in wanted
	role in held
}
