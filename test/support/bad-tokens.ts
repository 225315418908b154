import type { AuthCode } from "../../src/identity/codes.ts";
import {
  encode,
  goodClaims,
  goodToken,
  hmacToken,
  ISSUER,
  type Members,
  type TestKey,
  tokenOf,
  tokenWith,
} from "./tokens.ts";

/** The keys that the table below is made with. */
export interface TableKeys {
  /** Published by the issuer whose tokens are taken. */
  readonly rsa: TestKey;
  readonly elliptic: TestKey;
  /** Published by it still, and revoked: its id is `gone`. */
  readonly gone: TestKey;
  /** Of nobody. */
  readonly stranger: TestKey;
  /** Published by another issuer whose tokens are taken: `OTHER_ISSUER`. */
  readonly other: TestKey;
}

export interface BadToken {
  readonly title: string;
  readonly code: AuthCode;
  /** The whole of `Authorization`, or of several such headers. */
  readonly shown: (keys: TableKeys) => string | readonly string[];
  /** A near miss that is let in; absent where an ordinary token is it. */
  readonly twin?: (keys: TableKeys) => string;
}

export const OTHER_ISSUER = "https://other.example.com";
export const MAX_BYTES = 16_384;
/** What the clocks may differ by. */
export const SKEW_S = 30;

const bearer = (token: string) => `Bearer ${token}`;
const seconds = () => Math.floor(Date.now() / 1000);
const good = (key: TestKey, claims: Members = {}, header: Members = {}) =>
  bearer(goodToken(key, { claims, header }));
const headed = (key: TestKey, header: Members) => ({ kid: key.kid, typ: "at+jwt", ...header });
const signatureOf = (token: string) => token.slice(token.lastIndexOf(".") + 1);
const contentOf = (token: string) => token.slice(0, token.lastIndexOf("."));

function unsigned(alg: string): BadToken {
  return {
    title: `alg ${JSON.stringify(alg)} and no signature`,
    code: "token_algorithm",
    shown: ({ rsa }) => bearer(tokenWith(headed(rsa, { alg }), goodClaims(), "AA")),
  };
}

function missing(claim: string, code: AuthCode): BadToken {
  return {
    title: `no ${claim}`,
    code,
    shown: ({ rsa }) => good(rsa, { [claim]: undefined }),
  };
}

/** With a key that brings itself along. */
function brings(name: string, value: (key: TestKey) => unknown): BadToken {
  return {
    title: `a header ${name} that names the forger's key`,
    code: "token_header",
    shown: ({ stranger }) => good(stranger, {}, { kid: undefined, [name]: value(stranger) }),
  };
}

const FORM: readonly BadToken[] = [
  { title: "nothing behind the scheme", code: "token_malformed", shown: () => "Bearer" },
  { title: "an empty header", code: "credential_scheme", shown: () => "" },
  { title: "garbage", code: "token_malformed", shown: () => bearer("garbage") },
  { title: "dots alone", code: "token_malformed", shown: () => bearer("...") },
  { title: "two parts", code: "token_malformed", shown: () => bearer("e30.e30") },
  {
    title: "an empty signature",
    code: "token_malformed",
    shown: ({ rsa }) => bearer(`${contentOf(goodToken(rsa))}.`),
  },
  {
    title: "no signature and no dot",
    code: "token_malformed",
    shown: ({ rsa }) => bearer(contentOf(goodToken(rsa))),
  },
  {
    title: "a signature that is cut off",
    code: "token_signature",
    shown: ({ rsa }) => good(rsa).slice(0, -42),
  },
  {
    title: "a byte behind the signature",
    code: "token_signature",
    shown: ({ rsa }) => bearer(appended(goodToken(rsa))),
  },
  {
    title: "text behind the token",
    code: "token_malformed",
    shown: ({ rsa }) => `${good(rsa)} and more`,
  },
  {
    title: "another part behind the signature",
    code: "token_malformed",
    shown: ({ rsa }) => `${good(rsa)}.AAAA`,
  },
  {
    title: "padding as in plain base64",
    code: "token_malformed",
    shown: ({ rsa }) => `${good(rsa)}==`,
  },
  {
    title: "another text for the same signature",
    code: "token_malformed",
    shown: ({ elliptic }) => bearer(twisted(goodToken(elliptic))),
  },
  {
    title: "a tab in place of the space",
    code: "credential_scheme",
    shown: ({ rsa }) => `Bearer\t${goodToken(rsa)}`,
    twin: ({ rsa }) => `Bearer   ${goodToken(rsa)}`,
  },
  {
    title: "another scheme",
    code: "credential_scheme",
    shown: () => `Basic ${Buffer.from("alice:pw").toString("base64")}`,
    twin: ({ rsa }) => `bEARER ${goodToken(rsa)}`,
  },
  {
    title: "letters of another script",
    code: "token_malformed",
    shown: ({ rsa }) => good(rsa).replace("Bearer e", "Bearer \u0435"),
  },
  {
    title: "an encrypted token",
    code: "token_malformed",
    shown: () => bearer([encode({ alg: "dir", enc: "A256GCM" }), "", "AA", "AA", "AA"].join(".")),
  },
  {
    title: "more bytes than are taken",
    code: "token_too_large",
    shown: ({ rsa }) => good(rsa, { filler: "x".repeat(MAX_BYTES) }),
    twin: ({ rsa }) => good(rsa, { filler: "x".repeat(MAX_BYTES / 2) }),
  },
  {
    title: "a thousand nested lists for claims",
    code: "token_malformed",
    shown: ({ rsa }) => bearer(tokenOf(rsa, headed(rsa, { alg: "RS256" }), "[".repeat(1000))),
  },
  {
    title: "claims that are a list",
    code: "token_malformed",
    shown: ({ rsa }) => bearer(tokenOf(rsa, headed(rsa, { alg: "RS256" }), "[1]")),
  },
  {
    title: "claims that are another token",
    code: "token_malformed",
    shown: ({ rsa }) => bearer(tokenOf(rsa, headed(rsa, { alg: "RS256" }), goodToken(rsa))),
  },
  {
    title: "a token in a token, declared",
    code: "token_header",
    shown: ({ rsa }) => good(rsa, {}, { cty: "JWT" }),
  },
  {
    title: "a header that is no UTF-8",
    code: "token_malformed",
    shown: ({ rsa }) => `${good(rsa).replace(/Bearer [^.]+/, "Bearer gICA")}`,
  },
  {
    title: "two tokens in two headers",
    code: "token_malformed",
    shown: ({ rsa }) => [good(rsa), good(rsa)],
  },
  {
    title: "two tokens in one header",
    code: "token_malformed",
    shown: ({ rsa }) => `${good(rsa)}, ${good(rsa)}`,
  },
];

const SIGNATURES: readonly BadToken[] = [
  ...["none", "None", "NONE", "nOnE", "", "none ", "HS256\u0000"].map(unsigned),
  {
    title: "no alg",
    code: "token_algorithm",
    shown: ({ rsa }) => bearer(tokenWith(headed(rsa, {}), goodClaims(), "AA")),
  },
  {
    title: "an alg that is a list",
    code: "token_algorithm",
    shown: ({ rsa }) => bearer(tokenWith(headed(rsa, { alg: ["RS256"] }), goodClaims(), "AA")),
  },
  {
    title: "HS256 with the public key in PEM",
    code: "token_algorithm",
    shown: ({ rsa }) => {
      const pem = rsa.publicKey.export({ format: "pem", type: "spki" });
      return bearer(hmacToken(pem, headed(rsa, { alg: "HS256" }), goodClaims()));
    },
  },
  {
    title: "HS256 with the modulus of the public key",
    code: "token_algorithm",
    shown: ({ rsa }) => {
      const modulus = Buffer.from(String(rsa.jwk.n), "base64url");
      return bearer(hmacToken(modulus, headed(rsa, { alg: "HS256" }), goodClaims()));
    },
  },
  {
    title: "an algorithm that is not on the list",
    code: "token_algorithm",
    shown: ({ rsa }) => good(rsa, {}, { alg: "RS512" }),
  },
  {
    title: "an algorithm that the key is not for",
    code: "token_key_unknown",
    shown: ({ rsa }) => good(rsa, {}, { alg: "ES256" }),
    twin: ({ elliptic }) => good(elliptic),
  },
  {
    title: "a key of nobody under the id of the issuer's",
    code: "token_signature",
    shown: ({ stranger, rsa }) => good(stranger, {}, { kid: rsa.kid }),
  },
  {
    title: "a key of nobody under its own id",
    code: "token_key_unknown",
    shown: ({ stranger }) => good(stranger),
  },
  {
    title: "a key of nobody without an id",
    code: "token_signature",
    shown: ({ stranger }) => good(stranger, {}, { kid: undefined }),
    twin: ({ rsa }) => good(rsa, {}, { kid: undefined }),
  },
  {
    title: "a key id that climbs out of a folder",
    code: "token_key_unknown",
    shown: ({ stranger }) => good(stranger, {}, { kid: "../../../../dev/null" }),
  },
  {
    title: "a key id that is SQL",
    code: "token_key_unknown",
    shown: ({ stranger }) => good(stranger, {}, { kid: "x' UNION SELECT 'key" }),
  },
  {
    title: "a key id that every object has",
    code: "token_key_unknown",
    shown: ({ stranger }) => good(stranger, {}, { kid: "__proto__" }),
  },
  {
    title: "a key id that is no text",
    code: "token_header",
    shown: ({ rsa }) => good(rsa, {}, { kid: 7 }),
  },
  {
    title: "the key of another issuer that is trusted too",
    code: "token_key_unknown",
    shown: ({ other }) => good(other),
    twin: ({ other }) => good(other, { iss: OTHER_ISSUER }),
  },
  {
    title: "the right key and an issuer that is trusted for others",
    code: "token_key_unknown",
    shown: ({ rsa }) => good(rsa, { iss: OTHER_ISSUER }),
  },
  brings("jwk", ({ jwk }) => jwk),
  brings("jku", () => "https://forger.example.com/jwks"),
  brings("x5u", () => "https://forger.example.com/x509"),
  {
    title: "a certificate of the forger's in x5c",
    code: "token_signature",
    shown: ({ stranger }) => good(stranger, {}, { kid: undefined, x5c: ["AAAA"] }),
    twin: ({ rsa }) => good(rsa, {}, { x5c: ["AAAA"] }),
  },
  {
    title: "a signature of two zeros (psychic signature)",
    code: "token_signature",
    shown: ({ elliptic }) =>
      bearer(`${contentOf(goodToken(elliptic))}.${Buffer.alloc(64).toString("base64url")}`),
  },
  {
    title: "a signature in DER",
    code: "token_signature",
    shown: ({ elliptic }) =>
      bearer(
        `${contentOf(goodToken(elliptic))}.${Buffer.from("3006020100020100", "hex").toString("base64url")}`,
      ),
  },
  {
    title: "claims that were changed behind the signature",
    code: "token_signature",
    shown: ({ rsa }) => {
      const token = goodToken(rsa);
      const [header = ""] = token.split(".");
      return bearer(`${header}.${encode({ ...goodClaims(), sub: "root" })}.${signatureOf(token)}`);
    },
  },
  {
    title: "a header that was changed behind the signature",
    code: "token_signature",
    shown: ({ rsa }) => {
      const [, claims = "", signature = ""] = goodToken(rsa).split(".");
      return bearer(`${encode({ alg: "RS256", kid: rsa.kid })}.${claims}.${signature}`);
    },
  },
  {
    title: "crit with an extension",
    code: "token_header",
    shown: ({ rsa }) => good(rsa, {}, { crit: ["exp"], exp: 1 }),
  },
  {
    title: "an empty crit",
    code: "token_header",
    shown: ({ rsa }) => good(rsa, {}, { crit: [] }),
  },
  {
    title: "a payload that is not encoded (b64)",
    code: "token_header",
    shown: ({ rsa }) => good(rsa, {}, { b64: false }),
  },
  {
    title: "the type of a logout token",
    code: "token_type",
    shown: ({ rsa }) => good(rsa, {}, { typ: "logout+jwt" }),
    twin: ({ rsa }) => good(rsa, {}, { typ: "application/AT+JWT" }),
  },
  {
    title: "the type of a proof of possession",
    code: "token_type",
    shown: ({ rsa }) => good(rsa, {}, { typ: "dpop+jwt" }),
    twin: ({ rsa }) => good(rsa, {}, { typ: undefined }),
  },
];

const CLAIMS: readonly BadToken[] = [
  {
    title: "an end in the past",
    code: "token_expired",
    shown: ({ rsa }) => good(rsa, { exp: seconds() - SKEW_S - 60 }),
    twin: ({ rsa }) => good(rsa, { exp: seconds() - 5 }),
  },
  {
    title: "a beginning in the future",
    code: "token_not_yet_valid",
    shown: ({ rsa }) => good(rsa, { nbf: seconds() + SKEW_S + 60 }),
    twin: ({ rsa }) => good(rsa, { nbf: seconds() + 5 }),
  },
  {
    title: "made in the future",
    code: "token_not_yet_valid",
    shown: ({ rsa }) => good(rsa, { iat: seconds() + SKEW_S + 60 }),
    twin: ({ rsa }) => good(rsa, { iat: seconds() + 5 }),
  },
  {
    title: "an end that is a text",
    code: "token_claims",
    shown: ({ rsa }) => good(rsa, { exp: String(seconds() + 300) }),
  },
  {
    title: "an end that is null",
    code: "token_claims",
    shown: ({ rsa }) => good(rsa, { exp: null }),
  },
  {
    title: "a beginning that is a text",
    code: "token_claims",
    shown: ({ rsa }) => good(rsa, { nbf: "0" }),
  },
  {
    title: "iat that is a text",
    code: "token_claims",
    shown: ({ rsa }) => good(rsa, { iat: "0" }),
  },
  missing("exp", "token_claims"),
  missing("sub", "token_claims"),
  missing("aud", "token_audience"),
  missing("iss", "token_issuer"),
  {
    title: "another audience",
    code: "token_audience",
    shown: ({ rsa }) => good(rsa, { aud: "https://gateway.example.com/crm/mcp" }),
    twin: ({ rsa }) =>
      good(rsa, {
        aud: ["https://elsewhere.example.com", "https://gateway.example.com/files/mcp"],
      }),
  },
  {
    title: "an audience that only begins alike",
    code: "token_audience",
    shown: ({ rsa }) => good(rsa, { aud: "https://gateway.example.com/files/mcp/more" }),
  },
  {
    title: "an issuer that nobody trusts, with the right key",
    code: "token_issuer",
    shown: ({ rsa }) => good(rsa, { iss: "https://forger.example.com" }),
  },
  {
    title: "an issuer with a slash behind it",
    code: "token_issuer",
    shown: ({ rsa }) => good(rsa, { iss: `${ISSUER}/` }),
  },
  {
    title: "an issuer that is a list",
    code: "token_issuer",
    shown: ({ rsa }) => good(rsa, { iss: [ISSUER] }),
  },
  {
    title: "a subject that is a number",
    code: "token_claims",
    shown: ({ rsa }) => good(rsa, { sub: 1 }),
  },
  { title: "an empty subject", code: "token_claims", shown: ({ rsa }) => good(rsa, { sub: "" }) },
  {
    title: "a line break in the subject",
    code: "token_claims",
    shown: ({ rsa }) => good(rsa, { sub: "alice\nadmin" }),
    twin: ({ rsa }) => good(rsa, { sub: "alice admin" }),
  },
  {
    title: "a subject of a thousand letters",
    code: "token_claims",
    shown: ({ rsa }) => good(rsa, { sub: "a".repeat(1000) }),
  },
  {
    title: "scopes that are an object",
    code: "token_claims",
    shown: ({ rsa }) => good(rsa, { scope: { admin: true } }),
    twin: ({ rsa }) => good(rsa, { scope: ["files:read"] }),
  },
  {
    title: "an id that is an object",
    code: "token_claims",
    shown: ({ rsa }) => good(rsa, { jti: {} }),
  },
  {
    title: "a subject that was revoked",
    code: "token_revoked",
    shown: ({ rsa }) => good(rsa, { sub: "mallory" }),
    twin: ({ other }) => good(other, { iss: OTHER_ISSUER, sub: "mallory" }),
  },
  {
    title: "an id that was revoked",
    code: "token_revoked",
    shown: ({ rsa }) => good(rsa, { jti: "stolen" }),
    twin: ({ rsa }) => good(rsa, { jti: "stolen2" }),
  },
  {
    title: "a key that was revoked",
    code: "token_revoked",
    shown: ({ gone }) => good(gone),
    twin: ({ elliptic }) => good(elliptic),
  },
  {
    title: "a key that was revoked, which it does not name",
    code: "token_revoked",
    shown: ({ gone }) => good(gone, {}, { kid: undefined }),
    twin: ({ elliptic }) => good(elliptic, {}, { kid: undefined }),
  },
];

/** What such a line of the revocation list makes of the tokens above. */
export const REVOKED = "# test\nsub corp mallory\njti * stolen\nkid corp gone\n";

export const BAD_TOKENS: readonly BadToken[] = [...FORM, ...SIGNATURES, ...CLAIMS];

/** One more byte in the signature itself. */
function appended(token: string): string {
  const bytes = Buffer.from(signatureOf(token), "base64url");
  return `${contentOf(token)}.${Buffer.concat([bytes, Buffer.from([0])]).toString("base64url")}`;
}

/** The last letter of 64 bytes in base64url has four bits to spare. */
function twisted(token: string): string {
  const last = token.at(-1) ?? "";
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return `${token.slice(0, -1)}${alphabet[(alphabet.indexOf(last) ^ 1) % 64]}`;
}
