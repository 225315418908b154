# METADATA
# title: Examples
# description: Inputs for tests, whole and harmless; a test says what is different in its case.
# scope: package
package mcp.lib.example_test

call := {
	"v": 1,
	"phase": "request",
	"facts": {"complete": true, "policy": "sha256:0"},
	"message": {
		"kind": "request",
		"method": "tools/call",
		"tool": "read_file",
		"prompt": null,
		"arguments": {"path": "/projects/a.ts"},
		"truncated": [],
		"bytes": 412,
		"revision": "2025-11-25",
	},
	"resource": {"uri": null, "scheme": null, "ext": null},
	"item": null,
	"result": null,
	"rules": [{"rule": "allow/0", "fit": true, "failed": []}],
	"patterns": {},
	"paths": [_path],
	"findings": [_finding],
	"strings": {"longest": 120, "max_entropy": 3.9, "raw_paths": 0, "aliases": null},
	"server": {"id": "files"},
	"tool": {
		"risk": null,
		"owner": null,
		"side_effects": null,
		"classification": null,
		"pinned": null,
		"drifted": null,
	},
	"principal": {
		"id": "alice",
		"kind": "user",
		"roles": ["dev"],
		"scopes": [],
		"claims": {},
		"authenticated_by": "jwt",
	},
	"client": {"name": null, "version": null},
	"session": {
		"id": null,
		"age_s": null,
		"calls": null,
		"denied": null,
		"trust": null,
		"threat": null,
	},
	"source": {"ip": "127.0.0.1", "spiffe": null, "user_agent": null},
	"limits": {},
	"flow": [],
	"grants": [],
	"posture": {},
	"provenance": {},
	"time": {"epoch_ms": 1795255200000, "weekday": 6, "hour": 10, "minute": 0, "zone": "UTC"},
}

_path := {
	"at": "/params/arguments/path",
	"root": "projects",
	"ext": "ts",
	"traversal": false,
	"sensitive": false,
}

_finding := {
	"guard": "secrets",
	"kind": "aws-access-key",
	"at": "/params/arguments/text",
	"action": "redacted",
	"severity": "high",
}

grant := {
	"id": "appr-0",
	"rule": "mcp.rules.not_mcp",
	"by": "operator",
	"age_s": 3,
	"used": 0,
	"calls_left": 1,
}

# The call with another path, finding, or message.
call_with_path(different) := object.union(call, {"paths": [object.union(_path, different)]})

call_with_finding(different) := object.union(
	call,
	{"findings": [object.union(_finding, different)]},
)

message(phase, different) := object.union(call, {
	"phase": phase,
	"rules": [],
	"message": object.union({"tool": null, "arguments": {}}, different),
})

# An item of a listing: could some call of it be allowed?
item(kind, method, different) := object.union(call, object.union(
	{
		"phase": "list",
		"message": {"method": method, "tool": null, "arguments": {}, "bytes": 0},
		"item": {"kind": kind, "name": null, "uri": null},
		"paths": [],
		"findings": [],
		"strings": {"longest": 0, "max_entropy": 0, "raw_paths": null, "aliases": null},
	},
	different,
))

tool(name) := item("tool", "tools/call", {
	"message": {"tool": name},
	"item": {"name": name},
})

result(type) := object.union(message("response", {"kind": "result"}), {"result": {
	"type": type,
	"bytes": 1,
	"types": [],
	"is_error": false,
	"classification": null,
}})

# A portable policy whose only allow rule and only deny rule are about everybody.
policy := {
	"policy_id": "test",
	"version": "1",
	"default": "deny",
	"rules": {"allow/0": rule("allow"), "deny/0": rule("deny")},
}

rule(effect) := {"effect": effect, "roles": [], "reason": null, "methods": false}
