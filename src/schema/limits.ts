/**
 * What one schema and one value may cost. Servers choose the schemas, and clients and servers the
 * values: both may be made to hurt.
 */
export const SCHEMA_LIMITS = {
  /** Subschemas, boolean ones left out. */
  subschemasMax: 800,
  /** Subschemas inside of each other, references not followed. */
  depthMax: 64,
  /** Names in `required`, values in `enum`, properties, …, all together. */
  entriesMax: 20_000,
  /** References that lead on without going into the value. */
  referenceChainMax: 32,
  /** Steps of all patterns together. */
  patternStepsMax: 10_000,
  /** Work for one value: a subschema asked of a node is one unit, or more if it is a long one. */
  valueUnits: 1_000_000,
  /** Tools whose validators are kept. */
  toolsMax: 1024,
  /** Characters of the definitions of these tools, together. */
  textMaxLength: 8 * 1024 * 1024,
} as const;
