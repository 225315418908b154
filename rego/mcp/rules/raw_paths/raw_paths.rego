# METADATA
# title: Raw paths
# description: Where roots are configured, an absolute path outside all of them stays here.
# scope: package
package mcp.rules.raw_paths

import data.mcp.lib.reasons

# METADATA
# description: An argument names a path outside the configured roots.
# custom:
#   code: raw_path
#   severity: high
#   rank: 24
#   remedy: Use a path under one of the roots.
#   examples:
#   - denies: path /var/log/syslog, where only /srv/projects is a root
#   - passes: path /srv/projects/notes.txt
reasons contains reasons.reason(rego.metadata.rule()) if {
	input.phase == "request"
	input.strings.raw_paths > 0
}
