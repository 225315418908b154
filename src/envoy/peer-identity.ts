/** One of the names in a certificate. */
export interface NameEntry {
  readonly kind: "URI" | "DNS";
  readonly name: string;
}

/** URIs and DNS names of a certificate, from the text in which Node gives them (RFC 5280, 4.2.1.6). */
export function entriesOf(subjectAltName: string | undefined): readonly NameEntry[] {
  const entries: NameEntry[] = [];
  for (const [, kind, name] of (subjectAltName ?? "").matchAll(ENTRY)) {
    if ((kind === "URI" || kind === "DNS") && name !== undefined) entries.push({ kind, name });
  }
  return entries;
}

export function namesOf(subjectAltName: string | undefined): readonly string[] {
  return entriesOf(subjectAltName).map(({ name }) => name);
}

/**
 * Names are separated by ", "; one that could be mistaken for two stands in quotes, as a JSON text.
 * No identity looks like that: it is read, so that its parts count for nothing, and left out.
 */
const ENTRY = /(?:^|, )(\w[\w ]*):(?:"(?:[^"\\]|\\.)*"|([^",]*)(?=, |$))/gy;
