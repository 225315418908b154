import { pemBlockEnd } from "../pem.ts";
import { isFilledIn, isPlaceholder } from "../placeholders.ts";
import type { SecretRule } from "../rule.ts";
import { sampleOf } from "../sample.ts";
import { isCredible } from "../values.ts";

/** Whether base64url text is a JSON object with one of these members, as a JOSE header is. */
function isJoseHeader(encoded: string): boolean {
  const text = Buffer.from(encoded, "base64url").toString("latin1");
  // A failed JSON.parse costs microseconds: not on every look-alike of a body made of them.
  if (!/"(?:alg|enc)"/.test(text) || !text.trimEnd().endsWith("}")) return false;
  try {
    const header: unknown = JSON.parse(text);
    return typeof header === "object" && header !== null && ("alg" in header || "enc" in header);
  } catch {
    return false;
  }
}

/** `user:password` in base64, as RFC 7617 has it. */
function isBasicCredential(encoded: string): boolean {
  const text = Buffer.from(encoded, "base64").toString("latin1");
  return /^[\x20-\x7e\xa0-\xff]{0,200}:[\x20-\x7e\xa0-\xff]{1,200}$/.test(text);
}

/** The password of a URL, unless it is a placeholder or the user's name again. */
function isUrlPassword(password: string, match: RegExpExecArray): boolean {
  const isConstant = password === "x-oauth-basic" || password === "x-access-token";
  return password.length >= 4 && !isConstant && password !== match[1] && !isPlaceholder(password);
}

function isBearerToken(token: string): boolean {
  return (
    !isFilledIn(token) && isCredible(token, { nameClass: "secret", literal: true, data: true })
  );
}

const JWT_PARTS = [
  Buffer.from('{"alg":"HS256","typ":"JWT"}').toString("base64url"),
  Buffer.from('{"sub":"somebody"}').toString("base64url"),
  sampleOf("A-Za-z0-9_-", 43),
];
const PEM_BODY = sampleOf("A-Za-z0-9", 64);
const pemLine = (edge: string): string => ["-----", edge, " RSA PRIVATE ", "KEY-----"].join("");

/** Secrets that are known by how they are built. */
export const STRUCTURE_RULES: readonly SecretRule[] = [
  {
    kind: "jwt",
    severity: "high",
    keywords: ["eyj"],
    reach: { kind: "prefix", boundary: "token" },
    pattern: new RegExp(
      String.raw`(eyJ[A-Za-z0-9_-]{12,4096})\.[A-Za-z0-9_-]{2,16384}\.[A-Za-z0-9_-]{0,4096}` +
        String.raw`(?:\.[A-Za-z0-9_-]{1,16384}\.[A-Za-z0-9_-]{1,64})?`,
    ),
    secretGroup: 0,
    accepts: (_secret, match) => isJoseHeader(match[1] ?? ""),
    examples: {
      match: [JWT_PARTS.join("."), `Cookie: jwt=${JWT_PARTS.join(".")}; Path=/`],
      noMatch: [
        JWT_PARTS.slice(0, 1).join("."),
        JWT_PARTS[1] ?? "",
        [Buffer.from('{"page":12345678}').toString("base64url"), ...JWT_PARTS.slice(1)].join("."),
      ],
    },
  },
  {
    kind: "jwt",
    severity: "high",
    keywords: ["eyj"],
    reach: { kind: "prefix", boundary: "token" },
    pattern: /(eyJ[A-Za-z0-9_-]{12,4096})\.eyJ[A-Za-z0-9_-]{12,16384}={0,2}(?![A-Za-z0-9_.-])/,
    secretGroup: 0,
    accepts: (_secret, match) => isJoseHeader(match[1] ?? ""),
    examples: {
      match: [JWT_PARTS.slice(0, 2).join(".")],
      noMatch: [JWT_PARTS.slice(0, 1).join(".")],
    },
  },
  {
    kind: "private-key",
    severity: "critical",
    keywords: ["-----begin"],
    reach: { kind: "prefix", boundary: "any" },
    pattern: /-----BEGIN (?:[A-Z0-9 ]{1,40} )?PRIVATE KEY(?: BLOCK)?-----/,
    secretGroup: 0,
    extend: pemBlockEnd,
    examples: {
      match: [
        [pemLine("BEGIN"), PEM_BODY, PEM_BODY, pemLine("END")].join("\n"),
        [pemLine("BEGIN"), PEM_BODY, PEM_BODY, pemLine("END")].join("\\n"),
        [pemLine("BEGIN"), PEM_BODY, PEM_BODY].join("\n"),
      ],
      noMatch: [
        pemLine("BEGIN"),
        [pemLine("BEGIN"), "is how a key file starts.", pemLine("END")].join(" "),
        [pemLine("BEGIN"), PEM_BODY].join("\n").replace("PRIVATE", "PUBLIC"),
      ],
    },
  },
  {
    kind: "url-password",
    severity: "high",
    keywords: ["://"],
    reach: { kind: "prefix", boundary: "any" },
    pattern: /:\/\/([^\s:@/"'`<>\\]{0,128}):([^\s@/"'`<>\\]{1,256})@(?=[A-Za-z0-9[])/,
    secretGroup: 2,
    accepts: isUrlPassword,
    examples: {
      match: [
        ["postgres://app:", "Zk3.vq8T", "@db.internal/app"].join(""),
        ["redis://:", "Zk3.vq8T", "@cache:6379"].join(""),
      ],
      noMatch: [
        "https://host.internal:8080/a@b",
        "postgres://app@db.internal/app",
        "postgres://user:password@localhost/app",
        ["postgres://app:$", "{PASSWORD}@db.internal/app"].join(""),
        "postgres://app:*****@db.internal/app",
        "postgres://postgres:postgres@localhost/app",
      ],
    },
  },
  {
    kind: "sidekiq-credential",
    severity: "high",
    keywords: ["@gems.contribsys.com", "@enterprise.contribsys.com"],
    reach: { kind: "prefix", boundary: "any", lead: 17 },
    pattern: /([0-9a-f]{8}:[0-9a-f]{8})@/,
    secretGroup: 1,
    examples: {
      match: [["https://1a2b3c4d", ":5e6f7a8b", "@gems.contribsys.com/"].join("")],
      noMatch: ["https://user@gems.contribsys.com/"],
    },
  },
  {
    kind: "bearer-token",
    severity: "high",
    keywords: ["bearer "],
    reach: { kind: "prefix", boundary: "word" },
    pattern: /bearer {1,4}([A-Za-z0-9._~+/-]{16,512}={0,2})/i,
    secretGroup: 1,
    accepts: isBearerToken,
    examples: {
      match: [`Authorization: Bearer ${sampleOf("A-Za-z0-9", 32)}`],
      noMatch: ["Authorization: Bearer <token>", "the bearer authentication/authorization scheme"],
    },
  },
  {
    kind: "basic-credential",
    severity: "high",
    keywords: ["basic "],
    reach: { kind: "prefix", boundary: "word" },
    pattern: /basic {1,4}([A-Za-z0-9+/]{6,512}={0,2})(?![A-Za-z0-9+/=])/i,
    secretGroup: 1,
    accepts: isBasicCredential,
    examples: {
      match: [`Authorization: Basic ${Buffer.from("alice:Zk3vq8T").toString("base64")}`],
      noMatch: ["Basic authentication", "a basic understanding"],
    },
  },
];
