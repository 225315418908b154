/** Folders of the operating system whose files tell about the machine, or are its secrets. */
const SYSTEM: readonly (readonly string[])[] = [
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
];

/** Credentials, wherever the home folder is. */
const CREDENTIALS: readonly (readonly string[])[] = [
  [".ssh"],
  [".gnupg"],
  [".aws", "credentials"],
  [".aws", "config"],
  [".azure"],
  [".config", "gcloud"],
  [".docker", "config.json"],
  [".kube", "config"],
];

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
  if (absolute && SYSTEM.some((place) => standsAt(names, place, 0))) return true;
  return names.some((_, at) => CREDENTIALS.some((place) => standsAt(names, place, at)));
}

function standsAt(names: readonly string[], place: readonly string[], at: number): boolean {
  return place.every((name, index) => names[at + index] === name);
}
