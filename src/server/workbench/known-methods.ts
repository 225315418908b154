import { readFileSync } from "node:fs";
import { packagePath } from "../package-root.ts";
import { isRecord } from "./recorded.ts";

let methods: readonly string[] | null = null;

/** The methods of MCP, both directions, as the policy that ships knows them. */
export function knownMethods(): readonly string[] {
  if (methods !== null) return methods;
  const data: unknown = JSON.parse(readFileSync(packagePath("rego/impedance/data.json"), "utf8"));
  const sides = isRecord(data) && isRecord(data.methods) ? Object.values(data.methods) : [];
  methods = sides.flatMap((side) => (isRecord(side) ? Object.keys(side) : []));
  return methods;
}
