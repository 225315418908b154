/** Files and folders that tell about a machine, or are its secrets; where they stand is told by `/`. */
const SENSITIVE = [
  String.raw`^\/+(?:etc|private\/etc)\/+(?:passwd|shadow|group|gshadow|hosts|hostname|sudoers|security|ssh|ssl\/private|crontab|cron\.\w+|fstab|mtab|issue|motd|profile|bashrc|environment|resolv\.conf|nsswitch\.conf|exports|inetd\.conf|services|kubernetes|master\.passwd|opasswd|php\d?(?:\/|\.ini)|apache2?|httpd?|nginx|mysql|my\.cnf|postgresql|redis|samba|ldap|krb5|openvpn|proftpd|vsftpd|pure-ftpd|docker|rc\.|init\.d|network|sysconfig|os-release|\w+-release|syslog|rsyslog|updatedb|ftp|lighttpd|tomcat|logrotate|pam\.d|machine-id|snmp|bash|chrootusers|login\.defs|default|ca-cert|aliases|at\.|modules|anacrontab|termcap)(?:$|[^a-z])`,
  String.raw`^\/+(?:proc|sys|dev|boot)\/+(?:self|thread-self|\d|cmdline|version|net|mounts|sched|cpuinfo|meminfo|environ|fd|tcp|udp|sda|mem|kmem|kcore|kernel|class|ioports|interrupts|modules|partitions|stat|swaps|devices|filesystems|uptime|loadavg|diskstats|shm|xvda|nvme|disk|grub|vmlinuz|initrd|config)`,
  String.raw`^\/+(?:var\/+)?run\/+(?:secrets|docker\.sock|user|utmp)`,
  String.raw`^\/+(?:var|usr\/local|opt|usr)\/+(?:[\w.-]+\/+){0,4}(?:logs?|lib\/mysql|spool|adm|mail|backups?|apache\w*|httpd?|nginx|tomcat\w*|lampp|xampp|etc|cpanel|php\w*|mysql|pgsql|www\/(?:conf|logs|\S*config))(?:\/|$)`,
  String.raw`^\/+root(?:\/|$)|(?:^|\/)etc\/(?:passwd|shadow)$|^proc\/self\/|\/Library\/Keychains(?:\/|$)`,
  String.raw`^%(?:appdata|localappdata|windir|systemroot|systemdrive|userprofile|programfiles|programdata|temp|tmp|homepath)%[\\/]`,
  String.raw`(?:^|[/\\~])\.(?:ssh|gnupg|aws|azure|kube|docker|git|svn|hg|subversion|config\/gcloud|terraform\.d)(?:[/\\]|$)`,
  String.raw`(?:^|[/\\])(?:\.env(?:\.(?!example|sample|template|dist)[\w.-]+)?|\.git-credentials|\.htpasswd|\.htaccess|\.netrc|\.npmrc|\.pgpass|\.pypirc|\.my\.cnf|\.(?:bash|zsh|mysql|psql|python|sqlite|node_repl)_history|\.history|\.bashrc|\.bash_profile|\.profile|\.rhosts|\.s3cfg|\.vault-token|id_(?:dsa|rsa|ecdsa|ed25519)|authorized_keys|known_hosts|shadow|master\.passwd|wp-config\.php|credentials\.json|web\.config|terraform\.tfstate)\s*\.?\s*$|::\$(?:data|index_allocation)\s*$`,
  String.raw`(?:^|[/\\])(?:boot\.ini|win\.ini|system\.ini|ntuser\.dat|sam|pagefile\.sys|unattend\.xml|sysprep\.inf|php\.ini|my\.ini|my\.cnf|httpd\.conf|access\.log|error\.log|error_log|access_log|desktop\.ini|autoexec\.bat|setuperr\.log|debug\.log|applicationhost\.config|server\.xml|tomcat-users\.xml)\s*$`,
  String.raw`^(?:\\\\[?.]\\|[\\/]{2})?(?:[a-z]:)?[\\/]+(?:windows|winnt|inetpub|users\\[^\\]+\\(?:ntuser|appdata|\.))(?:[\\/]|$)`,
  String.raw`^[a-z]:[\\/]+(?:boot|recovery|xampp|wamp\w*|apache\w*|nginx[\w.-]*|mysql|php\d*|sysprep|unattend\w*|program ?files(?: \(x86\))?[\\/](?:mysql|filezilla|apache|postgresql|xampp|php|microsoft sql)\S*)(?:[\\/.]|$)`,
  String.raw`^[\\/]{2,}(?:\?|\.|[\w.-]+[\\/](?:c|admin|ipc)\$)`,
];
/** Folders of the system itself: that a file of theirs is named at all is worth a word. */
const SYSTEM_PATH = /^\/+(?:etc|proc|sys|boot|dev(?!\/null$)|mnt\/c\/windows|cygdrive\/c)(?:\/|$)/i;
/** What tells an agent which programs to run: whoever writes there has it run others. */
const AGENT_SETTING =
  /(?:^|[/\\])\.(?:claude|cursor|codex|continue|windsurf|zed|roo|cline|kiro|junie|gemini|aider|opencode|vscode|amazonq|rovodev|plandex|fabric|n8n|a0proj)[/\\](?:[\w.-]{1,32}[/\\]){0,3}(?:mcp(?:\.\w{1,16})?\.json|mcp_servers?\.json|settings\.local\.json|config(?:\.(?:json|toml|ya?ml))?|secrets\.env|\w+\.env|preToolUse\.\w+|hooks[/\\]\S+|settings\.json)$/i;
const SENSITIVE_PATH = new RegExp(SENSITIVE.join("|"), "i");

/** Where a way up leads, wherever it began. */
const AT_ITS_END =
  /(?:^|[/\\])(?:etc|proc|root|home|windows|winnt|boot|var|usr|private|users|inetpub)[/\\]|passwd|shadow|id_rsa|id_ed25519|boot\.ini|win\.ini|\.ssh|\.aws|\.env|environ|\.git|credentials|secret/i;

/** Whether a path that stands as it is names such a file; `{a,b}` and `/./` are seen through. */
export function isSensitivePath(path: string): boolean {
  const plain = resolved(path);
  if (SENSITIVE_PATH.test(plain)) return true;
  return alternatives(plain).some((one) => SENSITIVE_PATH.test(one));
}

export function mayBeSensitive(path: string): boolean {
  return AT_ITS_END.test(path);
}

/** Whether a path is where an agent keeps what it runs. */
export function isAgentSetting(path: string): boolean {
  return AGENT_SETTING.test(path) && !/(?:^|[/\\])\.vscode[/\\]settings\.json$/i.test(path);
}

/** Whether a path leads into a folder of the system, whatever is there. */
export function isSystemPath(path: string): boolean {
  return SYSTEM_PATH.test(resolved(path));
}

function resolved(path: string): string {
  return path
    .trim()
    .replace(/^(["'`])(.*)\1$/s, "$2")
    .replace(/(?:\s*\.\s*|\s|%00|\0.*)$/i, "")
    .replace(/\/(?:\.?\/)+/g, "/")
    .replace(/^~\w*\//, "/home/user/");
}

const BRACES = /\{([^{},]{0,64}),([^{}]{0,256})\}/;

/** The paths that a shell would make of braces: the first pair, all its parts. */
function alternatives(path: string): readonly string[] {
  const found = BRACES.exec(path);
  if (found === null) return [];
  const parts = [found[1] ?? "", ...(found[2] ?? "").split(",", 16)];
  const before = path.slice(0, found.index);
  const after = path.slice(found.index + found[0].length);
  return parts.map((part) => before + part + after);
}
