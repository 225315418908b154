# METADATA
# title: Path traversal
# description: A path may not climb out of where it starts.
# scope: package
package mcp.rules.path_traversal

import data.mcp.lib.reasons

# METADATA
# description: An argument climbs out of its directory.
# custom:
#   code: path_traversal
#   severity: high
#   rank: 22
#   remedy: Name the file directly, without going up.
#   examples:
#   - denies: path ../../srv/key
#   - passes: path docs/../notes.txt
reasons contains reasons.reason(rego.metadata.rule()) if {
	some path in input.paths
	path.traversal
}
