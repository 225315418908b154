# METADATA
# title: Facts missing
# description: Nothing is decided on half the facts.
# scope: package
package mcp.rules.facts_missing

import data.mcp.lib.reasons

# METADATA
# description: The facts of this message are incomplete.
# custom:
#   code: facts_missing
#   severity: high
#   rank: 80
#   remedy: Report this to whoever runs the firewall; the decision log names the stage.
reasons contains reasons.reason(rego.metadata.rule()) if not _complete

_complete if input.facts.complete == true
