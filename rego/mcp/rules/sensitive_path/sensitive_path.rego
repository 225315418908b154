# METADATA
# title: Sensitive path
# description: Files that hold credentials or the state of the machine are nobody's argument.
# scope: package
package mcp.rules.sensitive_path

import data.mcp.lib.reasons

# METADATA
# description: An argument names a file of credentials or of the system.
# custom:
#   code: sensitive_path
#   severity: high
#   rank: 20
#   remedy: Work on another file; this one is out of reach.
#   examples:
#   - denies: path /home/al/.ssh/id_ed25519
#   - passes: path /home/al/notes.txt
reasons contains reasons.reason(rego.metadata.rule()) if {
	some path in input.paths
	path.sensitive
}
