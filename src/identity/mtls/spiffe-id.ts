export interface SpiffeId {
  readonly trustDomain: string;
}

const ID_MAX_LENGTH = 2048;
const TRUST_DOMAIN_MAX_LENGTH = 255;
const ID = /^spiffe:\/\/([a-z0-9._-]+)((?:\/[A-Za-z0-9._-]+)+)$/;
const DOT_SEGMENT = /\/\.{1,2}(?:\/|$)/;

/**
 * A workload's SPIFFE id ("The SPIFFE Identity and Verifiable Identity Document", section 2); null
 * for any other text, and for one without a path, which names a whole trust domain.
 */
export function decodeSpiffeId(text: string): SpiffeId | null {
  if (text.length > ID_MAX_LENGTH) return null;
  const [, trustDomain = "", path = ""] = ID.exec(text) ?? [];
  if (trustDomain === "" || trustDomain.length > TRUST_DOMAIN_MAX_LENGTH) return null;
  return DOT_SEGMENT.test(path) ? null : { trustDomain };
}
