/** Folders of the operating system whose files tell about the machine, or are its secrets. */
const SYSTEM = byFirstName([
  ["proc"],
  ["sys"],
  ["dev"],
  ["boot"],
  ["etc", "shadow"],
  ["etc", "gshadow"],
  ["etc", "passwd"],
  ["etc", "sudoers"],
  ["etc", "sudoers.d"],
  ["etc", "ssh"],
  ["etc", "kubernetes"],
  ["run", "secrets"],
  ["var", "run", "secrets"],
]);

/** Credentials, wherever the home folder is. */
const CREDENTIALS = byFirstName([
  [".ssh"],
  [".gnupg"],
  [".aws", "credentials"],
  [".aws", "config"],
  [".azure"],
  [".config", "gcloud"],
  [".docker", "config.json"],
  [".kube", "config"],
]);

const FILES: ReadonlySet<string> = new Set([
  ".env",
  ".git-credentials",
  ".htpasswd",
  ".netrc",
  ".npmrc",
  ".pgpass",
  ".pypirc",
  "id_dsa",
  "id_ecdsa",
  "id_ed25519",
  "id_rsa",
]);

/** `.env.production`, but not `.env.example`. */
const ENVIRONMENT_FILE = /^\.env\.(?!(?:example|sample|template|dist)$)/;

/** Whether a path, resolved into segments, names credentials or the insides of the machine. */
export function isSensitive(segments: readonly string[], absolute: boolean): boolean {
  const names = segments.map((segment) => segment.trim().toLowerCase());
  const file = names.at(-1) ?? "";
  if (FILES.has(file) || ENVIRONMENT_FILE.test(file)) return true;
  if (absolute && standsAt(names, SYSTEM, 0)) return true;
  return names.some((_, at) => standsAt(names, CREDENTIALS, at));
}

type Places = ReadonlyMap<string, readonly (readonly string[])[]>;

function byFirstName(places: readonly (readonly string[])[]): Places {
  return Map.groupBy(places, ([first = ""]) => first);
}

/** Whether one of the places begins at this name. */
function standsAt(names: readonly string[], places: Places, at: number): boolean {
  const near = places.get(names[at] ?? "");
  return near?.some((place) => place.every((name, index) => names[at + index] === name)) ?? false;
}
