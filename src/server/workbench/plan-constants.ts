import { isRecord } from "../../policy/json.ts";

/** Whether an operand of a statement is the same in every evaluation with the same data. */
export type IsConstant = (operand: unknown) => boolean;

type Body = { readonly [field: string]: unknown };

/**
 * Whether a call only puts one value beside another that is constant: of two numbers between the
 * same constants it then says the same.
 */
export function isComparison(type: unknown, { func, args }: Body, isConstant: IsConstant): boolean {
  if (type !== "CallStmt" || !COMPARISONS.has(func)) return false;
  return Array.isArray(args) && args.length === 2 && args.some((operand) => isConstant(operand));
}

const COMPARISONS: ReadonlySet<unknown> = new Set(["gt", "gte", "lt", "lte"]);

/**
 * Which locals of a function hold nothing but numbers of the policy's own and parts of its `data`.
 * FAIL CLOSED: one that is made in two places, or in a way that is not known, may hold anything.
 */
export function settledIn(blocks: unknown, data: number): IsConstant {
  const makers = new Map<number, { readonly type: unknown; readonly body: Body }[]>();
  for (const { type, body } of statementsIn(blocks)) {
    for (const local of madeBy(body))
      makers.set(local, [...(makers.get(local) ?? []), { type, body }]);
  }

  function isConstant(operand: unknown, depth = 0): boolean {
    if (!isRecord(operand) || depth > DEPTH_MAX) return false;
    if (operand.type !== "local") return operand.type === "string_index" || operand.type === "bool";
    const local = Number(operand.value);
    const [maker, ...others] = makers.get(local) ?? [];
    if (maker === undefined) return local === data;
    if (others.length > 0 || local === data) return false;
    if (NUMBERS.has(maker.type)) return true;
    // Whatever the key is, what stands in data stays data.
    return STEPS.has(maker.type) && isConstant(maker.body.source, depth + 1);
  }
  return (operand) => isConstant(operand);
}

const NUMBERS: ReadonlySet<unknown> = new Set(["MakeNumberIntStmt", "MakeNumberRefStmt"]);
const STEPS: ReadonlySet<unknown> = new Set(["AssignVarStmt", "AssignVarOnceStmt", "DotStmt"]);
const DEPTH_MAX = 32;

/** Whether a policy puts something else in the place of its input or its data (`with`). */
export function replaces(functions: unknown): boolean {
  return statementsIn(functions).some(({ type }) => type === "WithStmt");
}

/** Fields that name the local which a statement makes, or changes. */
const MADE = ["target", "result", "local", "object", "array", "set"];

function madeBy(body: Body): readonly number[] {
  // A scan puts each item and its key into locals; elsewhere these fields are looked at only.
  const fields = "block" in body ? [...MADE, "key", "value"] : MADE;
  return fields.flatMap((name) => (typeof body[name] === "number" ? [Number(body[name])] : []));
}

/**
 * The numbers that a policy itself holds. What is compared with constants is compared with these or
 * with numbers of `data`. Null when one cannot be read.
 */
export function numbersOf(
  functions: unknown,
  strings: readonly string[],
): readonly number[] | null {
  const made = statementsIn(functions).filter(({ type }) => NUMBERS.has(type));
  const numbers = made.map(({ type, body }) =>
    Number(type === "MakeNumberIntStmt" ? body.value : strings[Number(body.index)]),
  );
  return numbers.every(Number.isFinite) ? [...new Set(numbers)].sort((a, b) => a - b) : null;
}

function statementsIn(node: unknown): readonly { readonly type: unknown; readonly body: Body }[] {
  if (Array.isArray(node)) return node.flatMap(statementsIn);
  if (!isRecord(node)) return [];
  const inside = Object.values(node).flatMap(statementsIn);
  return isRecord(node.stmt) ? [{ type: node.type, body: node.stmt }, ...inside] : inside;
}
