import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { resolve } from "node:path";

import { err, ok, type Result } from "../core/result.ts";
import type { Environment, Secret } from "./config.ts";

const SECRET_MIN_BYTES = 16;
const SECRET_MAX_BYTES = 64 * 1024;

/** Why a reference leads to no secret; neither field holds anything of the secret. */
export interface SecretFailure {
  readonly problem: string;
  readonly remedy: string;
}

/**
 * Follows `env:NAME` or `file:PATH` (relative to `folder`). One line break at the end, as editors
 * leave it, is no part of the secret.
 */
export function resolveSecret(
  reference: string,
  folder: string,
  environment: Environment,
  minBytes = SECRET_MIN_BYTES,
): Result<Secret, SecretFailure> {
  const bytes = readReference(reference, folder, environment);
  if (!bytes.ok) return bytes;

  if (bytes.value.length < minBytes) {
    return err({
      problem: `leads to ${bytes.value.length} bytes`,
      remedy: `make it at least ${minBytes} bytes, as \`openssl rand -hex 32\` does`,
    });
  }
  return ok({ reference, reveal: () => bytes.value });
}

function readReference(
  reference: string,
  folder: string,
  environment: Environment,
): Result<Uint8Array, SecretFailure> {
  if (reference.startsWith("env:")) return readVariable(reference.slice(4), environment);
  if (reference.startsWith("file:")) return readSecretFile(resolve(folder, reference.slice(5)));
  return err({ problem: "holds a literal secret", remedy: "write env:NAME or file:PATH instead" });
}

function readVariable(name: string, environment: Environment): Result<Uint8Array, SecretFailure> {
  const text = Object.hasOwn(environment, name) ? environment[name] : undefined;
  if (text === undefined) {
    return err({
      problem: `refers to the variable ${name}, which is not set`,
      remedy: `set ${name}`,
    });
  }
  return ok(new TextEncoder().encode(withoutLineBreak(text)));
}

function readSecretFile(path: string): Result<Uint8Array, SecretFailure> {
  let descriptor: number | null = null;
  try {
    descriptor = openSync(path, "r");
    const status = fstatSync(descriptor);
    if (!status.isFile() || status.size > SECRET_MAX_BYTES) {
      return err({
        problem: "refers to something other than a file of at most 64 KiB",
        remedy: "point it at the file that holds the secret alone",
      });
    }
    const buffer = Buffer.alloc(SECRET_MAX_BYTES);
    const length = readSync(descriptor, buffer, 0, SECRET_MAX_BYTES, 0);
    const text = buffer.subarray(0, length).toString("latin1");
    return ok(Uint8Array.from(Buffer.from(withoutLineBreak(text), "latin1")));
  } catch (error) {
    return err({
      problem: `refers to a file that cannot be read (${failureCode(error)})`,
      remedy: "check its path and permissions",
    });
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

function withoutLineBreak(text: string): string {
  return text.replace(/\r?\n$/, "");
}

function failureCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unreadable";
}
