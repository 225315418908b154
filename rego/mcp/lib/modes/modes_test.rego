package mcp.lib.modes_test

import data.mcp.lib.modes

_modes := {
	"rules": {"high_entropy": "shadow", "oversize": "off", "raw_paths": "enforce", "facts_missing": "off"},
	"servers": {"crm": "shadow", "lab": "off", "typo": "shdow"},
	"kept": ["secret_left"],
}

test_a_rule_has_its_own_mode_on_every_server if {
	every server in ["files", "crm", "lab"] {
		modes.of("high_entropy", server, _modes) == "shadow"
		modes.of("oversize", server, _modes) == "off"
		modes.of("raw_paths", server, _modes) == "enforce"
	}
}

test_another_rule_has_the_mode_of_the_server if {
	modes.of("sensitive_path", "crm", _modes) == "shadow"
	modes.of("sensitive_path", "lab", _modes) == "off"
	modes.of("sensitive_path", "files", _modes) == "enforce"
}

test_what_is_kept_is_enforced_on_every_server if {
	every server in ["files", "crm", "lab"] {
		modes.of("secret_left", server, _modes) == "enforce"
	}
}

test_half_the_facts_are_never_enough if modes.of("facts_missing", "lab", _modes) == "enforce"

test_what_is_misspelt_is_enforced if {
	modes.of("sensitive_path", "typo", _modes) == "enforce"
	modes.of("oversize", "files", {"rules": {"oversize": false}}) == "enforce"
	modes.of("oversize", "files", {}) == "enforce"
}
