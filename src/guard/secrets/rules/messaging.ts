import { format } from "../format.ts";
import type { SecretRule } from "../rule.ts";
import { sampleOf } from "../sample.ts";

const SLACK_WEBHOOK_HOST = ["hooks.slack", ".com"].join("");

/** A Slack token is groups of digits and a random part, joined by dashes. */
function isSlackBody(body: string): boolean {
  return /[0-9]{6}/.test(body) || /[A-Za-z0-9]{20}/.test(body);
}

const SLACK = {
  accepts: isSlackBody,
  sample: ["123456789012-", sampleOf("A-Za-z0-9", 24)].join(""),
};
const isChance = (body: string) => /[0-9]/.test(body) && /[a-zA-Z]/.test(body);

/** Chat, mail, telephony and social networks. */
export const MESSAGING_RULES: readonly SecretRule[] = [
  {
    kind: "slack-webhook",
    severity: "critical",
    keywords: [`${SLACK_WEBHOOK_HOST}/`],
    reach: { kind: "prefix", boundary: "any" },
    pattern: new RegExp(
      `${SLACK_WEBHOOK_HOST.replace(".", "\\.")}/(?:services|workflows|triggers)` +
        "(/[A-Za-z0-9+/_-]{23,120})",
    ),
    secretGroup: 1,
    examples: {
      match: [`https://${SLACK_WEBHOOK_HOST}/services/T0/B0/${sampleOf("A-Za-z0-9", 24)}`],
      noMatch: [
        `https://${SLACK_WEBHOOK_HOST}/services/T0/B0`,
        `https://${SLACK_WEBHOOK_HOST}/docs`,
      ],
    },
  },
  ...format("slack-token", "(xoxa|xoxb|xoxc|xoxe|xoxo|xoxp|xoxr|xoxs|xapp)-{url 10-300}", SLACK),
  ...format("slack-token", "xoxe.(xoxb|xoxp)-{url 30-300}", SLACK),
  ...format("slack-cookie", "xoxd-{any 20-400}", SLACK),
  ...format("telegram-bot-token", "{digit 8}:AA{url 32-34}"),
  ...format("telegram-bot-token", "{digit 9}:AA{url 32-34}"),
  ...format("telegram-bot-token", "{digit 10}:AA{url 32-34}"),
  ...format("twilio-key", "(SK|AC){anyhex 32}", { severity: "high" }),
  ...format("sendgrid-key", "SG.{url 16-32}.{url 16-64}", { accepts: isChance }),
  ...format("sendgrid-key", "SG.{any 66-70}", { accepts: isChance }),
  ...format("mailgun-key", ["key-{lower 32}", "pubkey-{hex 32}"]),
  ...format("mailchimp-key", "{hex 32}-us{digit 1-3}"),
  ...format("brevo-key", "(xkeysib|xsmtpsib)-{hex 64}-{alnum 16}"),
  ...format("mailersend-key", "mlsn.{hex 64}"),
  ...format("resend-key", "re_{alnum 8}_{alnum 20-28}"),
  ...format("facebook-token", ["EAA{alnum 80-800}", "EAACEdEose0cBA{alnum 8-400}"]),
  ...format("facebook-app-token", "{digit 15}|{url 24-40}", { accepts: isChance }),
  ...format("facebook-app-token", "{digit 16}|{url 24-40}", { accepts: isChance }),
  ...format("instagram-token", ["IGQV{padded 100-800}", "IGAA{padded 100-800}"]),
  ...format("twitter-bearer-token", "AAAAAAAAAAAAAAAAAAAAA{alnum 10-60}%3D{alnum 40-60}"),
  ...format("twitter-bearer-token", "AAAAAAAAAAAAAAAAAAAAAA{any 80-100}"),
  ...format("twitch-stream-key", "live_{digit 8-12}_{alnum 28-36}"),
  ...format("telnyx-key", "KEY{alnum 32}_{url 22}"),
  ...format("telnyx-key", "KEY{url 55}"),
  ...format("zapier-webhook", "hooks.zapier.com/hooks/catch/{alnum 5-12}/{alnum 6-12}"),
  ...format("make-webhook", "hook.(eu1|eu2|us1|us2).make.com/{lower 32}"),
  ...format("ifttt-webhook", "maker.ifttt.com/trigger/{word 1-40}/with/key/{url 22-60}"),
  ...format("discord-webhook", "discord(app|).com/api/webhooks/{digit 16-22}/{url 40-100}"),
  ...format(
    "teams-webhook",
    "webhook.office.com/webhookb2/{uuid}@{uuid}/IncomingWebhook/{lower 32}/{uuid}",
  ),
  ...format(
    "teams-webhook",
    "outlook.office.com/webhook/{uuid}@{uuid}/IncomingWebhook/{lower 32}/{uuid}",
  ),
  ...format(
    "google-chat-webhook",
    "chat.googleapis.com/v1/spaces/{url 8-20}/messages?key={url 39}&token={url 40-60}",
  ),
  ...format("mattermost-webhook", "/hooks/{lower 26}", { boundary: "any", accepts: isChance }),
  ...format("intercom-token", "dG9rO{padded 55}"),
  ...format("linkedin-token", "(AQX|AQV|AQU|AQT){url 80-400}", { accepts: isChance }),
  ...format("tiktok-token", "(act|rft|clt).{alnum 20-60}{any 1-40}!{digit 4}", {
    accepts: isChance,
  }),
  ...format("snapchat-token", "hCgwKCjE{b64 40-400}{pad}"),
  ...format("courier-key", "pk_(prod|test)_{upper 28}"),
  ...format("klaviyo-key", "pk_{hex 34}"),
  ...format("onesignal-key", "os_v2_(app|org)_{lower 100-110}"),
  ...format("frameio-token", "fio-u-{padded 64}"),
  ...format("pubnub-key", "(sub|pub|sec)-c-{alnum 8}-{alnum 4}-{alnum 4}-{alnum 4}-{alnum 12}"),
];
