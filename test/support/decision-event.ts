import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { GENESIS, linkLine } from "../../src/audit/chain.ts";
import { type AuthRecord, encodeDecision } from "../../src/audit/records.ts";
import type { DecisionEvent } from "../../src/core/audit.ts";
import { gather } from "./watch/gather.ts";

const schema = readFileSync(new URL("../../schemas/decision-event.json", import.meta.url));
const validate = new Ajv2020({ allowUnionTypes: true }).compile(JSON.parse(schema.toString()));

/** An event as the first line of a log. */
export function asLine(event: DecisionEvent): string {
  const start = { lane: "0123456789abcdef", seq: 0, hash: GENESIS };
  return linkLine(start, encodeDecision(event)).line;
}

/** Throws where a line of the log is none by the schema that is published. */
export function expectValid(line: string): void {
  gather("decisions", "a line of the log", Buffer.from(line));
  if (validate(JSON.parse(line))) return;
  throw new Error(`not a line of the log: ${JSON.stringify(validate.errors)}`);
}

/** Throws where a line of the account of who came is none by the schema that is published. */
export function checkRecord(record: AuthRecord): void {
  const start = { lane: "0123456789abcdef", seq: 0, hash: GENESIS };
  expectValid(linkLine(start, JSON.stringify(record)).line);
}

/** Throws where a decision is none by the schema that is published. */
export function checkEvent(event: DecisionEvent): void {
  expectValid(asLine(event));
}
