import { test } from "vitest";
import { PII_KINDS } from "../../../../src/core/pii.ts";
import { createPiiGuard } from "../../../../src/guard/pii/pii.ts";
import { expectLinear } from "../../../support/linear.ts";
import { hitsOf, leafOf } from "../leaves.ts";

const guard = createPiiGuard(
  {
    enabled: true,
    request: true,
    response: true,
    kinds: PII_KINDS,
    denyKeys: ["password", "token"],
    servers: new Map(),
  },
  null,
);
const LENGTH = 1 << 18;

/** Each made against one of the detectors: its start over and over, never an end. */
const STUFFED = [
  ...["a@", "@", "a.b@c.", "%40", '"@', '"a"@"', "a@b.c.d.e.", "ssh -a ", "://a:b@c.d", "我@"],
  ...["1", "1 ", "12 ", "123-", "1234 ", "+1", "+1 (", "(", "1.", "12/", "phone 1234567 ", "0 0 "],
  ...[
    "4111 1111 1111 111 ",
    "4111111111111112 ",
    "DE89 ",
    "DE89370400440532013",
    "AB123456",
    "AB12",
  ],
  ...["1.2.3.4.", "a:", "::", "1:2:3:4:", "password=", 'password="', "passwordtoken", "token: a,"],
  ...["ssn 123456789 ", "123-45-678 ", "a1b2c3", "756.1234.5678.9 ", "00"],
];

test.each(STUFFED)("256 KiB of %j is read in time in proportion", (pattern) => {
  const text = pattern.repeat(Math.ceil(LENGTH / pattern.length));
  expectLinear((length) => hitsOf(guard, leafOf(text.slice(0, length))), LENGTH);
});
