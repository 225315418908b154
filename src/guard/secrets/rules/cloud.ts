import { shannonEntropy } from "../../../core/entropy.ts";
import { format } from "../format.ts";
import { isFilledIn } from "../placeholders.ts";
import type { SecretRule } from "../rule.ts";
import { sampleOf } from "../sample.ts";

const AWS_SECRET_SAMPLE = ["a/", sampleOf("A-Za-z0-9", 37), "+"].join("");
const AZURE_SIGNATURE_SAMPLE = sampleOf("A-Za-z0-9", 43);
const KEY_ID_SAMPLE = ["Q3EGRIZT", "7XBN2WKD"].join("");

/** Forty characters of base64 that are no digest, no path and no word. */
function isAwsSecret(secret: string): boolean {
  return (
    /[a-z]/.test(secret) &&
    /[A-Z]/.test(secret) &&
    /[0-9]/.test(secret) &&
    !/^[0-9a-fA-F]+$/.test(secret) &&
    shannonEntropy(secret) >= 4 &&
    !isFilledIn(secret)
  );
}

const AWS_SECRET: SecretRule = {
  kind: "aws-secret-access-key",
  severity: "critical",
  keywords: ["akia", "asia", "aws_secret", "aws secret", "secretaccesskey", "secret access key"],
  reach: { kind: "near", after: 160 },
  pattern: /(?<![A-Za-z0-9/+=_-])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=_-])/,
  secretGroup: 0,
  accepts: isAwsSecret,
  examples: {
    match: [
      `AKIA, ${AWS_SECRET_SAMPLE}`,
      `aws_secret_access_key = ${AWS_SECRET_SAMPLE}`,
      `{"SecretAccessKey": "${AWS_SECRET_SAMPLE}"}`,
    ],
    noMatch: [
      AWS_SECRET_SAMPLE,
      `aws_secret: ${sampleOf("a-f0-9", 40)}`,
      `aws_secret ${AWS_SECRET_SAMPLE}0`,
      `aws_secret ${"-".repeat(200)} ${AWS_SECRET_SAMPLE}`,
    ],
  },
};

const AZURE_SIGNATURE: SecretRule = {
  kind: "azure-sas-signature",
  severity: "critical",
  keywords: ["sig="],
  reach: { kind: "prefix", boundary: "word" },
  pattern: /sig=([A-Za-z0-9%+/]{43,90}(?:%3D|=))/,
  secretGroup: 1,
  accepts: (secret) => /[0-9]/.test(secret) && !isFilledIn(secret),
  examples: {
    match: [`https://a.blob.core.windows.net/b?sv=2024-11-04&sig=${AZURE_SIGNATURE_SAMPLE}%3D`],
    noMatch: [
      `https://a.blob.core.windows.net/b?sig=${AZURE_SIGNATURE_SAMPLE.slice(1)}%3D`,
      `design=${AZURE_SIGNATURE_SAMPLE}%3D`,
    ],
  },
};

const AZURE_CLIENT_SECRET: SecretRule = {
  kind: "azure-client-secret",
  severity: "critical",
  keywords: ["q~"],
  reach: { kind: "prefix", boundary: "token", lead: 4 },
  pattern: /[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~.-])/,
  secretGroup: 0,
  accepts: (secret) => /[0-9]/.test(secret) && !isFilledIn(secret),
  examples: {
    match: [`client: ${["aB18", "Q~", sampleOf("A-Za-z0-9", 34)].join("")};`],
    noMatch: [
      `client: ${["aB1", "Q~", sampleOf("A-Za-z0-9", 34)].join("")};`,
      `client: ${["aB18", "Q~", sampleOf("A-Za-z0-9", 20)].join("")};`,
    ],
  },
};

const hasDigit = (body: string) => /[0-9]/.test(body);
const isMixed = (body: string) => hasDigit(body) && /[A-Z]/.test(body);

/** Clouds: their own keys. Microsoft puts a mark of the service into the middle of its keys. */
export const CLOUD_RULES: readonly SecretRule[] = [
  AWS_SECRET,
  AZURE_SIGNATURE,
  AZURE_CLIENT_SECRET,
  ...format("aws-access-key-id", "(AKIA|ASIA|ABIA|ACCA){upper 16}", {
    severity: "high",
    accepts: (body) => hasDigit(body) || shannonEntropy(body) >= 2.8,
    sample: KEY_ID_SAMPLE,
  }),
  ...format("aws-access-key-id", "A3T{upper 17}", { severity: "high", accepts: hasDigit }),
  ...format("aws-bedrock-key", ["ABSK{b64 100-280}{pad}", "bedrock-api-key-{b64 28-2000}{pad}"]),
  ...format("aws-mws-token", "amzn.mws.{uuid}"),
  ...format("aws-appsync-key", "da2-{lower 26}"),
  ...format("aws-session-token", ["(IQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz){b64 100-3000}{pad}"]),
  ...format("google-api-key", "AIza{url 35}"),
  ...format("google-api-key", "AQ.Ab8{url 40-60}"),
  ...format("google-oauth-client-secret", "GOCSPX-{url 28}"),
  ...format("google-oauth-token", "ya29.{url 20-2000}"),
  ...format("google-refresh-token", "1//0{url 30-500}"),
  ...format("google-hmac-key-id", "GOOG1E{upper 55}", { severity: "high" }),
  ...format("azure-storage-key", "{b64 76}+ASt{b64 6}=="),
  ...format("azure-cosmos-key", "{b64 76}ACDb{b64 6}=="),
  ...format("azure-batch-key", "{b64 76}+ABa{b64 6}=="),
  ...format("azure-service-bus-key", "{b64 33}+ASb{b64 6}="),
  ...format("azure-event-hub-key", "{b64 33}+AEh{b64 6}="),
  ...format("azure-relay-key", "{b64 33}+ARm{b64 6}="),
  ...format("azure-iot-key", "{b64 33}AIoT{b64 6}="),
  ...format("azure-redis-key", "{b64 33}AzCa{b64 6}="),
  ...format("azure-event-grid-key", "{b64 33}AZEG{b64 6}="),
  ...format("azure-api-management-key", "{b64 76}APIM{b64 6}=="),
  ...format("azure-machine-learning-key", "{b64 33}+AMC{b64 6}="),
  ...format("azure-container-registry-key", "{b64 42}+ACR{alnum 6}"),
  ...format("azure-search-key", "{alnum 42}AzSe{alnum 6}"),
  ...format("azure-function-key", "{url 44}AzFu{url 4}=="),
  ...format("azure-devops-token", "{alnum 76}AZDO{alnum 4}"),
  ...format("azure-service-key", "{alnum 52}JQQJ9{alnum 27}"),
  ...format("azure-service-key", "{alnum 52}JQQJ9{alnum 31}"),
  ...format("alibaba-access-key-id", "LTAI{alnum 12-24}", { severity: "high", accepts: hasDigit }),
  ...format("tencent-secret-id", "AKID{alnum 32}", { severity: "high", accepts: isMixed }),
  ...format("volcengine-key-id", "AKLT{alnum 40-60}", { severity: "high" }),
  ...format("yandex-api-key", "AQVN{url 35-38}"),
  ...format("yandex-iam-token", "t1.{padded 8-300}.{padded 86-90}"),
  ...format("yandex-oauth-token", "y0_{url 50-70}"),
  ...format("digitalocean-token", "(dop|doo|dor)_v1_{hex 64}"),
  ...format("digitalocean-spaces-key", "DO00{upper 16}", { severity: "high", accepts: hasDigit }),
  ...format("scaleway-access-key", "SCW{upper 17}", { severity: "high", accepts: hasDigit }),
  ...format("exoscale-key", "EXO{hex 24}"),
  ...format("upcloud-token", "ucat_{alnum 26}"),
  ...format("heroku-key", ["HRKU-{url 58-66}", "HRKU-{uuid}"]),
  ...format("flyio-token", "(FlyV1 |)fo1_{url 43}"),
  ...format("flyio-token", "(FlyV1 |)(fm1r_|fm1a_|fm2_){b64 100-4000}{pad}"),
  ...format("render-key", "rnd_{alnum 20-40}"),
  ...format("vercel-token", ["vcp_{alnum 24-80}", "(vci|vca|vcr|vck)_{alnum 24-80}"]),
  ...format("vercel-blob-token", "vercel_blob_rw_{alnum 16}_{alnum 30}"),
  ...format("netlify-token", "(nfp|nfc|nfo|nfu|nfb)_{alnum 36-40}"),
  ...format("cloudflare-origin-ca-key", "v1.0-{hex 24}-{hex 140-150}"),
  ...format("cloudflare-token", "(cfut|cfat|cfk)_{alnum 40-60}"),
  ...format("scalingo-token", "tk-us-{url 48}"),
  ...format("openshift-token", "sha256~{url 43}"),
  ...format("akamai-credential", "akab-{lower 16}-{lower 16}"),
  ...format("pulumi-token", "pul-{lower 40}"),
  ...format("terraform-token", "{alnum 14}.atlasv1.{padded 60-70}"),
  ...format("infracost-key", "ico-{alnum 32}", { accepts: (body) => /[g-zA-Z]/.test(body) }),
  ...format("dynatrace-token", "dt0(c01|s01|s02|s04|s06|s08|s16|a01).{alnum 24}.{alnum 64}"),
  ...format("aiven-token", "AVNS_{url 18-24}"),
  ...format("tailscale-key", "tskey-(api|auth|client|webhook|scim)-{alnum 8-20}-{alnum 20-40}"),
  ...format("tailscale-key", "tskey-{lower 3-8}-{alnum 8-24}-{alnum 8-40}"),
  ...format("hashicorp-boundary-token", "at_{alnum 10}_s1{alnum 40-400}"),
];
