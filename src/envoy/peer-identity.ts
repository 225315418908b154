/** URIs and DNS names of a certificate, from the text in which Node gives them (RFC 5280, 4.2.1.6). */
export function namesOf(subjectAltName: string | undefined): readonly string[] {
  const names: string[] = [];
  for (const [, kind, name] of (subjectAltName ?? "").matchAll(ENTRY)) {
    if ((kind === "URI" || kind === "DNS") && name !== undefined) names.push(name);
  }
  return names;
}

/**
 * Names are separated by ", "; one that could be mistaken for two stands in quotes, as a JSON text.
 * No identity looks like that: it is read, so that its parts count for nothing, and left out.
 */
const ENTRY = /(?:^|, )(\w[\w ]*):(?:"(?:[^"\\]|\\.)*"|([^",]*)(?=, |$))/gy;
