import { shannonEntropy } from "../../../core/entropy.ts";
import { isFilledIn } from "../placeholders.ts";
import type { SecretRule } from "../rule.ts";
import { sampleOf } from "../sample.ts";

const B64_43 = sampleOf("A-Za-z0-9", 43);
const HEX_64 = sampleOf("a-f0-9", 64);

interface NamedKey {
  readonly kind: string;
  readonly keywords: readonly string[];
  readonly pattern: RegExp;
  readonly accepts?: (secret: string) => boolean;
  readonly boundary?: "word" | "any";
  readonly match: readonly string[];
  readonly noMatch: readonly string[];
}

function namedKey(key: NamedKey): SecretRule {
  const { kind, keywords, pattern, accepts, boundary = "word", match, noMatch } = key;
  return {
    kind,
    severity: "critical",
    keywords,
    reach: { kind: "prefix", boundary },
    pattern,
    secretGroup: 1,
    accepts: (secret) => !isFilledIn(secret) && accepts?.(secret) !== false,
    examples: { match, noMatch },
  };
}

const isDense = (secret: string) =>
  shannonEntropy(secret) >= Math.min(4.3, Math.log2(secret.length) - 1);
const hasDigit = (secret: string) => /[0-9]/.test(secret);

/** Keys that a word in their file's grammar names. */
export const KEY_RULES: readonly SecretRule[] = [
  namedKey({
    kind: "wireguard-key",
    keywords: ["privatekey", "presharedkey"],
    pattern: /(?:privatekey|presharedkey)\s{0,3}[=:]\s{0,3}["']?([A-Za-z0-9+/]{43}=)/i,
    match: [`PrivateKey = ${B64_43}=`, `PresharedKey=${B64_43}=`],
    noMatch: [`PublicKey = ${B64_43}=`, "PrivateKey = <key>"],
  }),
  namedKey({
    kind: "jwk-private-member",
    keywords: ['"d"', '"k"', '"p"', '"q"', '"dp"', '"dq"', '"qi"', '\\"d\\"'],
    boundary: "any",
    pattern: /\\?"(?:d|k|p|q|dp|dq|qi)\\?"\s{0,3}:\s{0,3}\\?"([A-Za-z0-9_-]{42,1400})\\?"/,
    accepts: isDense,
    match: [`{"kty":"EC","d":"${B64_43}"}`, `{\\"d\\": \\"${B64_43}\\"}`],
    noMatch: [`{"kty":"EC","x":"${B64_43}"}`, '{"d":"M0 0L1 1"}'],
  }),
  namedKey({
    kind: "kubernetes-bootstrap-token",
    keywords: ["token", "bootstrap"],
    pattern:
      /(?:token|bootstrap)[^\n]{0,12}?[\s"':=]([a-z0-9]{6}\.[a-z0-9]{16})(?![A-Za-z0-9_.-])/i,
    accepts: hasDigit,
    match: ["kubeadm join --token abc1f2.0123456789abcdef", "token: 07401b.f395accd246ae52d"],
    noMatch: ["token: abcdef.short", "token: window.localstorageitem"],
  }),
  namedKey({
    kind: "kubernetes-bootstrap-token",
    keywords: ["token-secret"],
    pattern: /token-secret["']?:\s{1,4}["']?([a-z0-9]{16})(?![a-z0-9])/,
    accepts: hasDigit,
    match: ["token-id: 07401b\ntoken-secret: f395accd246ae52d"],
    noMatch: ["token-secret: myownsecretvalue"],
  }),
  namedKey({
    kind: "ethereum-private-key",
    keywords: [
      "private key",
      "private_key",
      "privatekey",
      "priv_key",
      "mnemonic",
      "wallet",
      "deployer",
    ],
    pattern:
      /(?:private[ _]?key|priv_key|mnemonic|wallet|deployer)[A-Za-z_ ]{0,16}["'\]]{0,2}\s{0,3}[:=,(]?\s{0,3}["'[]{0,2}((?:0x)?[0-9a-fA-F]{64})(?![0-9a-fA-F])/i,
    match: [`PRIVATE_KEY=0x${HEX_64}`, `private key: ${HEX_64}`],
    noMatch: [`public_key=0x${HEX_64}`, `wallet=0x${HEX_64.slice(24)}`],
  }),
  namedKey({
    kind: "bitcoin-private-key",
    keywords: ["wif", "privkey", "private key", "private_key", "privatekey", "importprivkey"],
    pattern:
      /(?:wif|privkey|private[ _]?key)["']?[\s:=("']{1,6}([5KLc9][1-9A-HJ-NP-Za-km-z]{50,51})(?![A-Za-z0-9])/i,
    match: [`wif: ${["5", sampleOf("A-HJ-NP-Z", 50)].join("")}`],
    noMatch: ["wif: none", "private key: 5short"],
  }),
  namedKey({
    kind: "recovery-phrase",
    keywords: [
      "mnemonic",
      "seed phrase",
      "seed_phrase",
      "recovery phrase",
      "secret phrase",
      "seed words",
    ],
    pattern:
      /(?:mnemonic|phrase|words)["']?(?: is)?\s{0,3}[:=]?\s{0,3}["'`]?([a-z ]{47,215})(?![A-Za-z])/i,
    accepts: isWordList,
    match: ["mnemonic: zoo wolf vivid urban toast sugar rival quiz pony oxygen nut major"],
    noMatch: ["mnemonic: a short name", "seed phrase: zoo wolf vivid"],
  }),
  namedKey({
    kind: "otp-secret",
    keywords: ["otpauth://"],
    boundary: "any",
    pattern: /otpauth:\/\/[^\s"'<>]{1,300}?[?&]secret=([A-Za-z2-7]{16,128})/i,
    match: ["otpauth://totp/a:b?issuer=c&secret=JBSWY3DPEHPK3PXP"],
    noMatch: ["otpauth://totp/a:b?issuer=c", "otpauth://totp/a?secret=x"],
  }),
  namedKey({
    kind: "otp-secret",
    keywords: ["totp", "otp", "2fa", "mfa"],
    pattern:
      /(?:totp|otp|2fa|mfa)[\w -]{0,20}["']?\s{0,3}[:=]\s{0,3}["']?([A-Z2-7]{16}(?:[A-Z2-7]{16})?)(?![A-Za-z0-9])/i,
    accepts: (secret) => secret === secret.toUpperCase() && hasDigit(secret),
    match: ["TOTP_SECRET=JBSWY3DPEHPK3PXP"],
    noMatch: ["otp_method=SOMEUPPERWORDSXY", "mfa: enabled"],
  }),
  namedKey({
    kind: "vault-unseal-key",
    keywords: ["unseal key"],
    pattern: /unseal key(?: [0-9]{1,2})?: {1,3}([A-Za-z0-9+/]{44}|[0-9a-f]{64,66})(?![A-Za-z0-9])/i,
    match: [`Unseal Key 1: ${B64_43}x`],
    noMatch: ["Unseal Key: none"],
  }),
  namedKey({
    kind: "jenkins-initial-password",
    keywords: ["proceed to installation"],
    pattern: /proceed to installation:\s{1,8}([a-f0-9]{30,36})(?![a-f0-9])/i,
    match: [
      `Please use the following password to proceed to installation:\n\n${HEX_64.slice(0, 32)}`,
    ],
    noMatch: ["proceed to installation: see the manual"],
  }),
  namedKey({
    kind: "azure-app-configuration-secret",
    keywords: [";secret="],
    boundary: "any",
    pattern: /;secret=([A-Za-z0-9+/]{36,90}={0,2})/i,
    match: [`Endpoint=https://a.azconfig.io;Id=0-l0-s0:x;Secret=${B64_43}=`],
    noMatch: ["Id=0;Secret=none"],
  }),
  namedKey({
    kind: "django-secret-key",
    keywords: ["secret_key"],
    pattern: /secret_key["'\]]{0,2}\s{0,3}[=:]\s{0,3}r?["']([^"'\n]{40,100})["']/i,
    accepts: (secret) => !/\s/.test(secret) && isDense(secret),
    match: [
      ["SECRET_KEY = 'django-insecure-", "k3@x!q9v_w2z)r7p(t5n^m8&b4c*y6d1f0g+h-j=s'"].join(""),
    ],
    noMatch: ["SECRET_KEY = 'short'", "SECRET_KEY = os.environ['SECRET_KEY']"],
  }),
  namedKey({
    kind: "der-private-key",
    keywords: ["miie", "miij", "miig", "miic", "mghc", "mc4c", "migh", "mhcc"],
    boundary: "any",
    pattern:
      /((?:MIIE[opqv]|MIIJ[KQRJ]|MIIG[45/]|MIIC[XWd]|MIGHAgEAMB|MC4CAQAwBQYDK2Vw|MHcCAQEE)[A-Za-z0-9+/]{40,12000}={0,2})/,
    accepts: (secret) => isPrivateDer(secret),
    match: [["MC4CAQAwBQYDK2Vw", "BCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF"].join("")],
    noMatch: [["MIIB", "IjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA"].join(""), "MIIEpQ"],
  }),
];

/** Twelve to twenty-four words of three to eight letters, as BIP-39 has them. */
function isWordList(phrase: string): boolean {
  const words = phrase.trim().split(" ");
  return (
    words.length >= 12 && words.length <= 24 && words.every((word) => /^[a-z]{3,8}$/.test(word))
  );
}

/** Whether DER starts as PKCS#1, PKCS#8 or SEC1 have it: a sequence, then the version number. */
function isPrivateDer(encoded: string): boolean {
  const bytes = Buffer.from(encoded.slice(0, 16), "base64");
  if (bytes[0] !== 0x30) return false;
  const form = bytes[1] ?? 0;
  const header = form < 0x80 ? 2 : 2 + (form & 0x7f);
  return bytes[header] === 0x02 && bytes[header + 1] === 0x01 && (bytes[header + 2] ?? 9) <= 1;
}
