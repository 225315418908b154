/** What Rego may read and a log does not hold. */
const HIDDEN = [
  { pointer: "/input/message/arguments", reads: /\binput\.message\.arguments\b/ },
  { pointer: "/input/message/method", reads: /\binput\.message\.method\b/ },
  { pointer: "/input/message/tool", reads: /\binput\.message\.tool\b/ },
  { pointer: "/input/message/prompt", reads: /\binput\.message\.prompt\b/ },
  { pointer: "/input/resource/uri", reads: /\binput\.resource\.uri\b/ },
  { pointer: "/input/principal/id", reads: /\binput\.principal\.id\b/ },
  { pointer: "/input/principal/claims", reads: /\binput\.principal\.claims\b/ },
  { pointer: "/input/session/id", reads: /\binput\.session\.id\b/ },
  { pointer: "/input/source", reads: /\binput\.source\.(?:spiffe|user_agent)\b/ },
  { pointer: "/input/client", reads: /\binput\.client\b/ },
] as const;

const CLEARANCE_OF_PRINCIPAL = "data.impedance.clearance.principals[input.principal.id]";

/** A reference that names no field may read any. */
const ANY_FIELD =
  /^import input\b|\binput\b(?!\.\w)|\binput\.(?:message|resource|principal|session|source)\b(?!\.\w)/m;

/**
 * The fields that a bundle's Rego reads and that a log may hide; all of them where its sources are
 * not at hand. Who the caller is matters to clearances only where single principals have some.
 */
export function hiddenFieldsRead(
  modules: ReadonlyMap<string, string>,
  clearsPrincipals: boolean,
): readonly string[] {
  const texts = [...modules.values()]
    .map(withoutComments)
    .map((text) => (clearsPrincipals ? text : text.replaceAll(CLEARANCE_OF_PRINCIPAL, "")));
  if (texts.length === 0) return HIDDEN.map(({ pointer }) => pointer);
  const readsAny = texts.some((text) => ANY_FIELD.test(text));
  return HIDDEN.filter(({ reads }) => readsAny || texts.some((text) => reads.test(text))).map(
    ({ pointer }) => pointer,
  );
}

function withoutComments(rego: string): string {
  return rego.replace(/^\s*#.*$/gm, "").replace(/^import (?:data|rego|future)\b.*$/gm, "");
}

/** Those of `fields` that a record does not hold as they were. */
export function hiddenIn(
  fields: readonly string[],
  masked: readonly string[],
  erased: readonly string[],
): readonly string[] {
  const gone = [...masked, ...erased];
  return fields.filter((field) =>
    gone.some(
      (pointer) =>
        pointer === field || pointer.startsWith(`${field}/`) || field.startsWith(`${pointer}/`),
    ),
  );
}
