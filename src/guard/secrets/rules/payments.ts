import { format } from "../format.ts";
import type { SecretRule } from "../rule.ts";

const isChance = (body: string) => /[0-9]/.test(body) && /[a-zA-Z]/.test(body);

/** Money: payment, shops, exchanges. */
export const PAYMENT_RULES: readonly SecretRule[] = [
  ...format("stripe-key", "(sk|rk)_(live|test|prod)_{alnum 10-247}"),
  ...format("stripe-publishable-key", "pk_live_{alnum 16-247}", { severity: "low" }),
  ...format("stripe-webhook-secret", "whsec_{b64 32-64}"),
  ...format("stripe-organisation-key", "sk_org_(live|test)_{alnum 20-247}"),
  ...format("square-token", ["EAAA{url 60}", "sq0(atp|idp|csp|i[a-z]p)-{url 22-43}"]),
  ...format("square-token", "EAAA{any 60-64}"),
  ...format(
    "braintree-token",
    ["access_token$(production|sandbox)$", "{lower 16}$", "{hex 32}"].join(""),
  ),
  ...format("paypal-token", "A21AA{url 60-120}"),
  ...format("adyen-key", "AQE{any 60-300}", { accepts: isChance }),
  ...format("plaid-token", "access-(sandbox|development|production)-{uuid}"),
  ...format("razorpay-key", "rzp_(live|test)_{alnum 14-24}"),
  ...format("shopify-token", "(shpat|shpca|shppa|shpss|shptka)_{alnum 30-64}"),
  ...format("flutterwave-key", ["FLWSECK_TEST-{alnum 12-40}(-X|)", "FLWPUBK_TEST-{alnum 32}-X"]),
  ...format("flutterwave-key", "(FLWSECK|FLWPUBK)-{alnum 30-45}-X"),
  ...format("gocardless-token", "(live|sandbox)_{padded 40-42}", { accepts: isChance }),
  ...format("easypost-key", "(EZAK|EZTK){alnum 54}"),
  ...format("duffel-token", "duffel_(test|live)_{padded 43}"),
  ...format("shippo-token", "shippo_(live|test)_{anyhex 40}"),
  ...format("pagarme-key", "ak_(live|test)_{alnum 30}"),
  ...format("lob-key", ["(live|test)_{hex 35}", "(live|test)_pub_{hex 31}"]),
  ...format("column-key", "(test|live)_{alnum 27}", { accepts: isChance }),
  ...format("fleetbase-key", "flb_live_{alnum 20}"),
  ...format("mercury-token", "secret-token:mercury_production_{any 40-80}"),
  ...format("mollie-key", "(live|test|access)_{alnum 30-40}", { accepts: isChance }),
  ...format("checkout-key", "sk_(sbox_|){lower 26-40}", { accepts: isChance }),
  ...format("klarna-key", "klarna_(live|test)_api_{any 40-200}"),
  ...format("mercado-pago-token", "(APP_USR|TEST)-{digit 10-20}-{digit 6}-{hex 32}-{digit 6-12}"),
  ...format("sumup-key", "sup_sk_{alnum 30-60}"),
  ...format("paddle-key", "pdl_(live|sdbx)_apikey_{word 50-80}"),
  ...format("ticket-tailor-key", "sk_{digit 4}_{digit 6}_{hex 32}"),
  ...format("coinbase-key", "organizations/{uuid}/apiKeys/{uuid}"),
  ...format("settlemint-token", "sm_(aat|pat|sat)_{alnum 16}"),
  ...format("private-wallet-key", ["xprv{alnum 100-112}", "(zprv|yprv|tprv){alnum 100-112}"]),
];
