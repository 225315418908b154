# METADATA
# title: Prompt injection
# description: |
#   A result that tells the model what to do. Texts say such things of themselves too, so the rule is
#   in `shadow` until a policy enforces it.
# scope: package
package mcp.rules.prompt_injection

import data.mcp.lib.reasons

# METADATA
# description: The result holds an instruction to the model.
# custom:
#   code: prompt_injection
#   severity: high
#   rank: 36
#   remedy: Read what the tool returned before a model does; findings in the decision log say where.
#   examples:
#   - denies: a page that tells the model to forget its instructions, where the rule is enforced
#   - passes: a page about the weather
reasons contains reasons.reason(rego.metadata.rule()) if {
	input.phase == "response"
	some finding in input.findings
	finding.guard == "attacks"
	finding.kind == "prompt-injection"
}
