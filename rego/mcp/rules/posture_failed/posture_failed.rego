# METADATA
# title: Host not as it has to be
# description: |
#   A check of the host or of the caller's device with `on_failure: deny` does not hold, or cannot be
#   told (docs/posture.md). Then nothing passes in either direction.
# scope: package
package mcp.rules.posture_failed

import data.mcp.lib.reasons

# METADATA
# description: The host, or the caller's device, is not as it has to be.
# custom:
#   code: posture_failed
#   severity: critical
#   rank: 8
#   remedy: Tell whoever runs the firewall; impedance doctor names the check that failed.
#   examples:
#   - denies: a call while secure boot has to be on and is off
#   - passes: a call while each check that denies holds
reasons contains reasons.reason(rego.metadata.rule()) if count(input.posture.failed) > 0
