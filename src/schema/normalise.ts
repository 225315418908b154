import { compileLinearPattern } from "../core/linear-pattern.ts";
import {
  entriesOf,
  HOLDS_LIST,
  HOLDS_NAMED,
  HOLDS_SCHEMA,
  IN_PLACE,
  isAssertion,
  type Patterns,
  TURNS_AROUND,
} from "./keywords.ts";
import { SCHEMA_LIMITS } from "./limits.ts";
import { isMapping, isRaw, type RawSchema, resolve } from "./references.ts";
import { Unusable } from "./unusable.ts";

/**
 * A schema made safe to compile: JSON Schema 2020-12, whatever it was written in; nothing but
 * keywords that assert something, each well formed; references only to its own `$defs`; a `spend`
 * in every subschema; a `form` where a text has one that is not judged here (`format`, a pattern
 * that cannot be had in linear time); bounded, and without a way to go round in circles.
 */
export interface NormalSchema {
  readonly schema: { readonly [keyword: string]: unknown };
  readonly patterns: Patterns;
}

/** Behind `spend`: units for each time the subschema is asked. */
export interface Cost {
  readonly units: number;
  /** For each key of an object. */
  readonly unitsEachKey: number;
  /** For each item of an array. */
  readonly unitsEachItem: number;
  /** The length of a string counts. */
  readonly measuresText: boolean;
}

/** Throws `Unusable`. */
export function normalise(root: RawSchema): NormalSchema {
  const work = new Work(root, isDraft7(root));
  const entry = work.reference(root, null);
  work.finish();
  const { definitions, patterns } = work;
  return { schema: { ...entry, $defs: Object.fromEntries(definitions) }, patterns };
}

/** MCP 2026-07-28: without `$schema`, it is 2020-12. Drafts 6 and 7 differ in nothing used here. */
function isDraft7(root: RawSchema): boolean {
  const dialect = isMapping(root) ? root.$schema : undefined;
  if (dialect === undefined) return false;
  if (typeof dialect === "string") {
    if (/^https?:\/\/json-schema\.org\/draft-0[67]\/schema#?$/.test(dialect)) return true;
    if (/^https?:\/\/json-schema\.org\/draft\/20(?:19-09|20-12)\/schema#?$/.test(dialect)) {
      return false;
    }
  }
  throw new Unusable("a dialect that is not known");
}

/** A subschema in the making, and where it stands. */
interface Place {
  /** The definition that it is a part of. */
  readonly definition: string;
  /** It is asked of the value that the definition is asked of. */
  readonly inPlace: boolean;
  readonly depth: number;
}

class Work {
  readonly definitions = new Map<string, unknown>();
  readonly patterns: Patterns = new Map();
  readonly #root: RawSchema;
  readonly #isDraft7: boolean;
  readonly #names = new Map<RawSchema, string>();
  /** To which definitions each one leads on without going into the value. */
  readonly #leadsOn = new Map<string, Set<string>>();
  #subschemas = 0;
  #entries = 0;
  #patternSteps = 0;
  #ignoresPattern = false;
  #turnsAround = false;

  constructor(root: RawSchema, draft7: boolean) {
    this.#root = root;
    this.#isDraft7 = draft7;
  }

  /** A reference to a schema, which becomes a definition. */
  reference(target: RawSchema, from: Place | null): { readonly $ref: string } {
    const name = this.#names.get(target) ?? `s${this.#names.size}`;
    this.#names.set(target, name);
    if (from?.inPlace) this.#leadsOn.get(from.definition)?.add(name);
    return { $ref: `#/$defs/${name}` };
  }

  /** Makes the definitions, and says what can be said only once all is read. */
  finish(): void {
    // A map hands out what is added to it on the way, too.
    for (const [target, definition] of this.#names) {
      this.#leadsOn.set(definition, new Set());
      const place = { definition, inPlace: true, depth: 0 };
      this.definitions.set(definition, this.#rewrite(target, place));
    }
    if (this.#ignoresPattern && this.#turnsAround) {
      throw new Unusable("a pattern that cannot be judged, where leaving it out changes the rest");
    }
    const lengths = new Map<string, number>();
    for (const name of this.#leadsOn.keys()) this.#chainFrom(name, lengths, new Set());
  }

  #chainFrom(name: string, lengths: Map<string, number>, above: Set<string>): number {
    const known = lengths.get(name);
    if (known !== undefined) return known;
    if (above.has(name)) throw new Unusable("a reference that goes round in a circle");
    above.add(name);
    let longest = 0;
    for (const next of this.#leadsOn.get(name) ?? []) {
      longest = Math.max(longest, 1 + this.#chainFrom(next, lengths, above));
    }
    above.delete(name);
    if (longest > SCHEMA_LIMITS.referenceChainMax) throw new Unusable("a long chain of references");
    lengths.set(name, longest);
    return longest;
  }

  #rewrite(raw: unknown, place: Place): unknown {
    if (!isRaw(raw)) throw new Unusable("a schema that is none");
    if (typeof raw === "boolean") return raw;
    this.#subschemas += 1;
    if (this.#subschemas > SCHEMA_LIMITS.subschemasMax) throw new Unusable("too many subschemas");
    if (place.depth > SCHEMA_LIMITS.depthMax) throw new Unusable("nested too deep");
    const isInner = raw !== this.#root;
    if (isInner && (raw.$id !== undefined || raw.$schema !== undefined)) {
      throw new Unusable("a schema with an address inside of another one");
    }
    const normal = new Map<string, unknown>();
    // Drafts 6 and 7: nothing beside a reference counts.
    const isLone = this.#isDraft7 && raw.$ref !== undefined;
    for (const [keyword, value] of isLone ? [["$ref", raw.$ref] as const] : Object.entries(raw)) {
      this.#keyword(keyword, value, raw, place, normal);
    }
    normal.set("spend", costOf(normal));
    return Object.fromEntries(normal);
  }

  #keyword(
    keyword: string,
    value: unknown,
    raw: Exclude<RawSchema, boolean>,
    place: Place,
    normal: Map<string, unknown>,
  ): void {
    if (UNSUPPORTED.has(keyword)) throw new Unusable(`${keyword} is not supported`);
    if (TURNS_AROUND.has(keyword)) this.#turnsAround = true;
    const inPlace = place.inPlace && IN_PLACE.has(keyword);
    const inner = { ...place, inPlace, depth: place.depth + 1 };

    if (keyword === "$ref") {
      normal.set("$ref", this.reference(resolve(this.#root, value), place).$ref);
    } else if (keyword === "pattern" || keyword === "format") {
      this.#form(keyword, value, normal);
    } else if (keyword === "items" && Array.isArray(value)) {
      this.#tuple(value, raw.additionalItems, inner, normal);
    } else if (keyword === "dependencies" && this.#isDraft7) {
      this.#dependencies(value, place, normal);
    } else if (isAssertion(keyword, value)) {
      this.#count(entriesOf(value));
      normal.set(keyword, value);
    } else {
      const schemas = this.#below(keyword, value, inner);
      if (schemas !== undefined) normal.set(keyword, schemas);
    }
  }

  /** The schemas behind a keyword; undefined when it has none, and says nothing. */
  #below(keyword: string, value: unknown, inner: Place): unknown {
    if (HOLDS_SCHEMA.has(keyword)) return this.#rewrite(value, inner);
    if (HOLDS_LIST.has(keyword)) return this.#list(value, inner);
    return HOLDS_NAMED.has(keyword) ? this.#named(keyword, value, inner) : undefined;
  }

  /** What a text looks like; what is not judged here still tells that something was changed. */
  #form(keyword: "pattern" | "format", value: unknown, normal: Map<string, unknown>): void {
    if (keyword === "pattern" && this.#pattern(value)) normal.set("pattern", value);
    else if (keyword === "pattern") normal.set("form", "pattern");
    else if (!normal.has("form")) normal.set("form", String(value));
  }

  /** Until 2019-09 `items` could be a list. */
  #tuple(items: readonly unknown[], rest: unknown, inner: Place, normal: Map<string, unknown>) {
    if (items.length > 0) normal.set("prefixItems", this.#list(items, inner));
    if (rest !== undefined) normal.set("items", this.#rewrite(rest, inner));
  }

  #list(value: unknown, inner: Place): readonly unknown[] {
    if (!Array.isArray(value) || value.length === 0) throw new Unusable("a list that is none");
    return value.map((item) => this.#rewrite(item, inner));
  }

  #named(keyword: string, value: unknown, inner: Place): unknown {
    if (!isMapping(value)) throw new Unusable("a mapping that is none");
    const entries = Object.entries(value);
    this.#count(entries.length);
    return record(
      entries.map(([key, schema]) => {
        if (keyword === "patternProperties" && !this.#pattern(key)) {
          throw new Unusable("a pattern of keys that cannot be judged");
        }
        return [key, this.#rewrite(schema, inner)];
      }),
    );
  }

  /** Drafts 6 and 7 have one keyword for what became two. */
  #dependencies(value: unknown, place: Place, normal: Map<string, unknown>): void {
    if (!isMapping(value)) throw new Unusable("a mapping that is none");
    const entries = Object.entries(value);
    const names = entries.filter(([, dependency]) => Array.isArray(dependency));
    const schemas = entries.filter(([, dependency]) => !Array.isArray(dependency));
    const required = record(names);
    if (isAssertion("dependentRequired", required)) normal.set("dependentRequired", required);
    this.#count(entriesOf(required));
    const inner = { ...place, depth: place.depth + 1 };
    normal.set("dependentSchemas", this.#named("dependentSchemas", record(schemas), inner));
  }

  /** Whether a pattern can be judged in linear time; one that cannot is left to the server. */
  #pattern(source: unknown): boolean {
    if (typeof source !== "string") throw new Unusable("a pattern that is none");
    if (this.patterns.has(source)) return true;
    const pattern = compileLinearPattern(source);
    if (!pattern.ok) {
      this.#ignoresPattern = true;
      return false;
    }
    this.#patternSteps += pattern.value.steps;
    if (this.#patternSteps > SCHEMA_LIMITS.patternStepsMax) throw new Unusable("too many patterns");
    this.patterns.set(source, pattern.value);
    return true;
  }

  #count(entries: number): void {
    this.#entries += entries;
    if (this.#entries > SCHEMA_LIMITS.entriesMax) throw new Unusable("too many entries");
  }
}

/** What would make a schema depend on the way that led to it, or on what is not at hand. */
const UNSUPPORTED: ReadonlySet<string> = new Set([
  "$dynamicRef",
  "$recursiveRef",
  "$async",
  "$vocabulary",
]);

const KEY_LOOPS = [
  "additionalProperties",
  "propertyNames",
  "unevaluatedProperties",
  "minProperties",
  "maxProperties",
] as const;

/** A subschema that is asked pays for itself and for the asking of those right below it. */
function costOf(normal: ReadonlyMap<string, unknown>): Cost {
  const lengthOf = (keyword: string) => Object.keys(normal.get(keyword) ?? {}).length;
  const local = ["properties", "required", "dependentRequired", "dependentSchemas"].map(lengthOf);
  const inPlace = ["allOf", "anyOf", "oneOf", "prefixItems"].map(lengthOf);
  const patterns = lengthOf("patternProperties");
  const loops = KEY_LOOPS.filter((keyword) => normal.has(keyword)).length;
  return {
    units: 1 + (sum(local) >> 2) + sum(inPlace),
    unitsEachKey: patterns + loops,
    unitsEachItem: ["items", "contains", "unevaluatedItems"].filter((key) => normal.has(key))
      .length,
    measuresText: normal.has("minLength") || normal.has("maxLength"),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function record(entries: readonly (readonly [string, unknown])[]): { [key: string]: unknown } {
  // Assigned to a plain object, this key would be no member of it.
  if (entries.some(([key]) => key === "__proto__")) throw new Unusable("a name that is none");
  return Object.fromEntries(entries);
}
