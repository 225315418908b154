import {
  createHmac,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
} from "node:crypto";

export type Members = { readonly [name: string]: unknown };

/** A key pair as an issuer has it. */
export interface TestKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** Its public half, as a JWK set holds it. */
  readonly jwk: Members;
}

export const ISSUER = "https://login.example.com";
const AUDIENCE = "https://gateway.example.com/files/mcp";

export function createTestKey(
  algorithm: "RS256" | "ES256" | "EdDSA",
  kid: string = randomUUID(),
): TestKey {
  const { privateKey, publicKey } = pairOf(algorithm);
  const jwk = { ...publicKey.export({ format: "jwk" }), kid, alg: algorithm, use: "sig" };
  return { kid, algorithm, privateKey, publicKey, jwk };
}

/** Keys for a test that need not be good: 2048 bits of RSA take a while. */
function pairOf(algorithm: "RS256" | "ES256" | "EdDSA") {
  if (algorithm === "EdDSA") return generateKeyPairSync("ed25519");
  if (algorithm === "ES256") return generateKeyPairSync("ec", { namedCurve: "P-256" });
  return generateKeyPairSync("rsa", { modulusLength: 2048 });
}

/** What a good token says at this time. */
export function goodClaims(nowMs = Date.now()): Members {
  const now = Math.floor(nowMs / 1000);
  return {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: "alice",
    scope: "files:read",
    jti: randomUUID(),
    iat: now - 5,
    exp: now + 300,
  };
}

/** A token with this header and these claims, whatever they are; texts stand as they are. */
export function tokenOf(key: TestKey, header: Members | string, claims: Members | string): string {
  const content = `${encode(header)}.${encode(claims)}`;
  return `${content}.${signed(key, content).toString("base64url")}`;
}

/** A token as its issuer would make it, with what is different this time. */
export function goodToken(
  key: TestKey,
  changed: { readonly claims?: Members; readonly header?: Members } = {},
): string {
  const header = { alg: key.algorithm, kid: key.kid, typ: "at+jwt", ...changed.header };
  return tokenOf(key, header, without({ ...goodClaims(), ...changed.claims }));
}

/** With a key that both would know. */
export function hmacToken(secret: string | Buffer, header: Members, claims: Members): string {
  const content = `${encode(header)}.${encode(claims)}`;
  return `${content}.${createHmac("sha256", secret).update(content).digest("base64url")}`;
}

/** With any signature at all. */
export function tokenWith(header: Members | string, claims: Members | string, signature: string) {
  return `${encode(header)}.${encode(claims)}.${signature}`;
}

export function encode(part: Members | string): string {
  const text = typeof part === "string" ? part : JSON.stringify(part);
  return Buffer.from(text).toString("base64url");
}

function without(claims: Members): Members {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}

function signed({ algorithm, privateKey }: TestKey, content: string): Buffer {
  const bytes = Buffer.from(content);
  if (algorithm === "EdDSA") return sign(null, bytes, privateKey);
  if (algorithm === "RS256") return sign("sha256", bytes, privateKey);
  const key = createPrivateKey(privateKey.export({ format: "pem", type: "pkcs8" }));
  return sign("sha256", bytes, { key, dsaEncoding: "ieee-p1363" });
}
