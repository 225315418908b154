# METADATA
# title: Modes
# description: |
#   What a rule's word counts. `enforce` is the rule. `shadow`: what it has against a message is told,
#   as what would have denied it, and the message passes. `off`: it is not asked.
#   `data.impedance.modes` names them, for rules and for servers. A mode that is misspelt is
#   `enforce`.
# scope: package
package mcp.lib.modes

# METADATA
# description: |
#   The mode of a rule on a server: the rule's own, else the server's. A server's mode does not reach
#   the rules of `modes.kept`, which speak for what Layer 1 could not do. On half the facts nothing is
#   decided, in any mode.
# scope: document
of(name, server, modes) := mode if {
	name == "facts_missing"
	mode := "enforce"
} else := read(mode) if {
	mode := modes.rules[name]
} else := read(mode) if {
	mode := modes.servers[server]
	not name in modes.kept
} else := "enforce"

# METADATA
# description: A mode, whatever stands in its place.
# scope: document
read(mode) := mode if {
	mode in ["shadow", "off"]
} else := "enforce"
