import { hash } from "node:crypto";
import type { Principal } from "../core/policy.ts";

/** Longer ids are remembered by their hash. */
const ID_MAX_LENGTH = 128;
/**
 * Visible ASCII (MCP 2025-11-25, "Session Management"). FAIL CLOSED: two headers come joined by a
 * comma, and a server might take one of them for what both together are not.
 */
const ID_FORM = /^[\x21-\x2b\x2d-\x7e]+$/;

export function isSessionId(id: string): boolean {
  return ID_FORM.test(id);
}

/** No two pairs have the same. */
export function keyOf(kind: "id" | "credential", owner: string, id: string): string {
  const short = id.length <= ID_MAX_LENGTH ? id : hash("sha256", id);
  return `${kind}:${owner.length}:${owner}:${short}`;
}

export function isNamed({ authenticated_by }: Principal): boolean {
  return authenticated_by !== "none";
}

export function nameOf({ kind, id }: Principal): string {
  return `${kind}:${id}`;
}
