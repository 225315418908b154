/** What a word of SQL is to the grammar: a letter for each, `n` for any other. */
const WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    B: "or and xor",
    "!": "not",
    1: "true false null",
    v: "current_user session_user system_user",
    U: "union except intersect minus",
    A: "all distinct distinctrow",
    S: "select",
    w: "from",
    W: "where",
    i: "into",
    h: "having",
    l: "limit",
    L: "like rlike ilike regexp glob between in is similar sounds div mod match against",
    D: "drop alter create truncate rename",
    M: "insert update delete merge replace",
    E: "exec execute call goto",
    T: "table database schema view index user login role function procedure trigger column sequence",
    t: "set",
    G: "grant revoke declare attach shutdown copy handler load backup restore kill begin",
    V: "waitfor",
    x: "as",
    C: "case",
    e: "when then else end",
    X: "exists any some",
  }).flatMap(([letter, words]) => words.split(" ").map((word) => [word, letter] as const)),
);

/** Functions that tell, wait, read files or run programs: what is injected is made of them. */
const TELLING: ReadonlySet<string> = new Set(
  (
    "sleep benchmark pg_sleep extractvalue updatexml load_file load_extension lo_import lo_export " +
    "xp_cmdshell xp_dirtree xp_fileexist xp_regread sp_oacreate sp_executesql pg_read_file " +
    "pg_ls_dir pg_read_binary_file randomblob zeroblob name_const sys_exec sys_eval " +
    "dbms_pipe.receive_message dbms_lock.sleep utl_http.request utl_inaddr.get_host_address " +
    "utl_inaddr.get_host_name dbms_ldap.init ctxsys.drithsx.sn make_set elt row_count group_concat " +
    "concat concat_ws char chr ascii ord substr substring mid hex unhex version user current_user " +
    "session_user system_user database schema_name db_name user_name host_name convert cast " +
    "length count md5 sha1 if iif ifnull nullif coalesce rand floor exp pow bin json_keys " +
    "overlay starts_with jsonb_pretty unistr lo_get gtid_subset query_to_xml database_to_xml xmltype dblink_connect openrowset opendatasource " +
    "decode encode compress abs max min floor ceil upper lower ln sin cos month find_in_set unistr " +
    "json_build_object json_extract quote lpad rpad left right soundex conv load_extension " +
    "typeof sqlite_version polygon multipoint geometrycollection linestring st_latfromgeohash"
  ).split(" "),
);

/** Of those, what nobody calls but to wait, to read files, to run programs, or to fail aloud. */
const DANGEROUS =
  /^(?:benchmark|pg_sleep(?:_for|_until)?|extractvalue|updatexml|load_file|load_extension|lo_import|lo_export|lo_get|lo_put|randomblob|x[pf]_(?:cmdshell|dirtree|fileexist|regread|regwrite|availablemedia|loginconfig|makecab|ntsec_enumdomains|terminate_process|enumdsn|filelist|servicecontrol|subdirs)|sp_(?:oacreate|oamethod|makewebtask|password|addsrvrolemember|addextendedproc|configure|executesql|oamethod)|pg_(?:read_file|ls_dir|read_binary_file)|sys_(?:exec|eval)|dbms_(?:pipe|lock|ldap|java|scheduler|xmlgen|xslprocessor)\b.*|utl_(?:http|inaddr|file|smtp|tcp)\b.*|openrowset|opendatasource|query_to_xml|database_to_xml|dblink_connect|sqlite_(?:master|schema))$/;

/** The letter of a word of which the text goes on at `end`. */
export function sqlWord(word: string, text: string, end: number): string {
  const known = WORDS.get(word);
  if (known !== undefined && known !== "T" && known !== "v") return known;
  let next = end;
  while (next < end + 40 && isBlank(text.charCodeAt(next))) next++;
  if (text[next] === "(") return TELLING.has(word) ? "F" : (known ?? "f");
  if (known !== undefined) return known;
  return /^[0-9]+$/.test(word) ? "1" : "n";
}

export function isDangerousName(word: string): boolean {
  return DANGEROUS.test(word);
}

function isBlank(code: number): boolean {
  return code <= 0x20 || code === 0xa0;
}

/** Tables in which databases keep what they know of themselves, and who they are. */
export const CATALOGUE =
  /\b(?:information_schema|sysobjects|syscolumns|sysusers|syslogins|sysdatabases|sys\.(?:tables|objects|columns|databases|user\w*)|mysql\.(?:user|db)|pg_(?:catalog|shadow|user|tables|database|class|authid)|all_tables|all_tab_columns|user_tables|dba_users|sqlite_master|sqlite_schema|msysobjects|v\$version|@@(?:version|hostname|datadir|servername|basedir))\b|@@(?:version|hostname|servername|datadir)/i;
