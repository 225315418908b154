# METADATA
# title: Schema
# description: |
#   What a tool's own definition, as last listed, says of the arguments it is called with and of the
#   result it gives. Whether a value that does not fit is denied or only told is configured
#   (`schema`); arguments that the tool does not declare are the portable policy's matter
#   (`validate.reject_unknown_args`), and then a tool that nobody listed cannot be called.
# scope: package
package mcp.rules.schema

import data.mcp.lib.reasons

# METADATA
# description: The arguments do not fit the tool's input schema.
# custom:
#   code: schema_mismatch
#   severity: medium
#   rank: 48
#   remedy: Compare the arguments with the tool's inputSchema; the decision log says where they differ.
#   examples:
#   - denies: a text where the inputSchema wants a number
#   - passes: a number there
reasons contains reasons.reason(rego.metadata.rule()) if {
	data.impedance.schema.arguments == "enforce"
	input.phase == "request"
	some finding in input.findings
	finding.guard == "schema"
	finding.kind in ["arguments_mismatch", "unjudged"]
}

# METADATA
# description: The result does not fit the tool's output schema.
# custom:
#   code: result_mismatch
#   severity: medium
#   rank: 49
#   remedy: Tell whoever runs the server; the decision log says where the result differs.
#   examples:
#   - denies: a result without a member that the outputSchema requires
#   - passes: a result with it
reasons contains reasons.reason(rego.metadata.rule()) if {
	data.impedance.schema.results == "enforce"
	input.phase == "response"
	some finding in input.findings
	finding.guard == "schema"
	finding.kind in ["result_mismatch", "unjudged"]
}

# METADATA
# description: The tool does not declare one of the arguments.
# custom:
#   code: unknown_argument
#   severity: medium
#   rank: 47
#   remedy: Send only arguments that the tool's inputSchema names.
#   examples:
#   - denies: an argument that the inputSchema does not declare
#   - passes: one that it declares
reasons contains reasons.reason(rego.metadata.rule()) if {
	data.impedance.portable.reject_unknown_args
	some finding in input.findings
	finding.guard == "schema"
	finding.kind == "unknown_argument"
}

# METADATA
# description: Nobody can tell which arguments the tool declares.
# custom:
#   code: unknown_schema
#   severity: medium
#   rank: 47
#   remedy: List the server's tools first (tools/list), then call the tool again.
#   examples:
#   - denies: a call of a tool that was never listed
#   - passes: the same call once it was
reasons contains reasons.reason(rego.metadata.rule()) if {
	data.impedance.portable.reject_unknown_args
	some finding in input.findings
	finding.guard == "schema"
	finding.kind == "unknown_schema"
}
