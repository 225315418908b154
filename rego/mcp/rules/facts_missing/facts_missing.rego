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
#   examples:
#   - denies: a message whose method is too long to be told
#   - passes: a message of which every fact is known
reasons contains reasons.reason(rego.metadata.rule()) if not _complete

_complete if input.facts.complete == true
