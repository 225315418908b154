/** What words stand for, one bit each: a rule asks for several in one sentence. */
export const CONCEPTS = {
  ignore: 1 << 0,
  prior: 1 << 1,
  orders: 1 << 2,
  not: 1 << 3,
  tell: 1 << 4,
  mention: 1 << 5,
  user: 1 << 6,
  this: 1 << 7,
  tool: 1 << 8,
  must: 1 << 9,
  use: 1 << 10,
  first: 1 << 11,
  every: 1 << 12,
  read: 1 << 13,
  send: 1 << 14,
  content: 1 << 15,
  file: 1 << 16,
  secret: 1 << 17,
  talk: 1 << 18,
  place: 1 << 19,
  address: 1 << 20,
  you: 1 << 21,
  mode: 1 << 22,
  off: 1 << 23,
  safety: 1 << 24,
  change: 1 << 25,
  recipient: 1 << 26,
  stealth: 1 << 27,
  name: 1 << 28,
  /** The sentence speaks about such words, and does not say them. */
  about: 1 << 29,
  foreign: 1 << 30,
} as const;

/** A word that a rule asks for by itself. */
export const LITERAL = 1 << 31;

export type Concept = keyof typeof CONCEPTS;

/** By word, in lower case and without accents: the bits of all it may stand for. */
export const LEXICON: ReadonlyMap<string, number> = lexiconOf([
  ["ignore", "ignore ignoring disregard disregarding forget forgetting"],
  ["prior", "previous previously prior earlier above preceding former your given before"],
  [
    "orders",
    "instructions instruction rules guidelines prompts prompt directives directive orders",
  ],
  ["orders", "restrictions constraints guardrails training programming guidance"],
  [
    "not",
    "not never don't dont no avoid refrain without cannot shouldn't mustn't nor neither nobody",
  ],
  ["tell", "tell telling inform informing notify notifying alert alerting warn warning informed"],
  ["tell", "told notified"],
  ["mention", "mention mentioning reveal revealing disclose disclosing expose say saying report"],
  [
    "mention",
    "acknowledge discuss explain repeat print leak admit show mentioned revealed disclosed",
  ],
  ["user", "user users human humans person people anyone operator customer customers anybody them"],
  ["this", "this it that these anything"],
  ["tool", "tool tools function functions server command commands action actions"],
  ["must", "must always shall should need required mandatory ensure mandatorily have"],
  ["use", "use call invoke run execute using calling invoking running executing perform approve"],
  ["use", "used called invoked"],
  ["first", "first before whenever when beforehand if after prior"],
  ["every", "all any every each other everything entire full whole complete"],
  ["read", "read open access cat fetch retrieve collect extract dump gather harvest grab reading"],
  ["read", "get copy obtain steal look"],
  ["send", "send sending forward post transmit upload exfiltrate leak email pass append include"],
  ["send", "attach bcc embed encode relay submit passing including insert put copy provide"],
  ["send", "sent appended included attached posted forwarded passed supply deliver"],
  ["content", "content contents text result results data value values output"],
  ["secret", "credentials credential password passwords passphrase secrets token tokens key keys"],
  ["secret", "cookies api_key apikey environment"],
  ["talk", "conversation conversations chat transcript history"],
  [
    "place",
    "sidenote parameter argument field response note notes param header headers answer arg",
  ],
  ["place", "url query metadata context"],
  ["you", "you assistant ai llm model claude gpt chatgpt gemini agent copilot cursor yourself we"],
  ["mode", "mode dan jailbroken unrestricted godmode sudo"],
  [
    "off",
    "disable disabled disabling off bypass bypassed suspend suspended override skip deactivated",
  ],
  ["off", "deactivate lifted circumvent evade suppressed turned remove removed"],
  [
    "safety",
    "safety security filter filters filtering moderation confirmation approval permission",
  ],
  ["safety", "consent asking safeguards checks review ethics ethical prompting confirming"],
  ["change", "change replace redirect alter swap substitute overwrite reroute"],
  ["recipient", "recipient recipients destination bcc payee beneficiary wallet iban cc reply-to"],
  ["stealth", "secretly covertly discreetly silently quietly surreptitiously invisibly stealthily"],
  ["stealth", "secret hidden"],
  [
    "about",
    "injection injections jailbreak jailbreaks phishing adversarial whether boolean attacks",
  ],
  [
    "about",
    "attack malicious untrusted poisoning suspicious detects detect scans sanitizes classifier",
  ],
  ["file", "id_rsa id_ed25519 authorized_keys kubeconfig"],
]);

/** Words of other languages, whose order differs: rules for them ask for none. */
export const FOREIGN_LEXICON: ReadonlyMap<string, number> = foreignOf([
  // French, Spanish, Portuguese, Italian, German, Dutch, Polish, Turkish, Russian, Ukrainian
  ["ignore", "ignorez ignorer oubliez oublie ignora ignorar ignorad olvida olvide olvidar"],
  [
    "ignore",
    "esqueca ignorare dimentica ignoriere ignorieren ignoriert vergiss vergesse missachte",
  ],
  ["ignore", "negeer vergeet zignoruj ignoruj zapomnij yoksay unut игнорируй игнорируйте забудь"],
  ["ignore", "проигнорируй проигнорируйте забудьте ігноруй ігноруйте"],
  ["prior", "precedentes precedente precedents anterieures anteriores anterior previas previos"],
  [
    "prior",
    "precedenti vorherigen vorherige bisherigen vorigen obigen eerdere vorige bovenstaande",
  ],
  ["prior", "poprzednie wczesniejsze onceki предыдущие предыдущих прежние попередні"],
  ["orders", "consignes regles instrucciones reglas ordenes instrucoes regras istruzioni"],
  ["orders", "regole anweisungen regeln vorgaben instructies instrukcje polecenia talimatlari"],
  ["orders", "инструкции инструкций указания правила інструкції"],
  ["not", "sans pas jamais sin nunca ninguna nao sem non senza mai nicht nichts ohne niemals kein"],
  ["not", "niet zonder nooit nie bez не без никогда нельзя"],
  [
    "tell",
    "informer informez dire dites prevenir avertir parlez decir digas diga informar informes",
  ],
  ["tell", "avisar conte diga informe dirlo dire informare sagen sage sag informieren informiere"],
  ["tell", "mitteilen erwahne erwahnen vertel vertellen informeer zeg mow informuj powiadamiaj"],
  ["tell", "сообщай сообщайте говори говорите рассказывай сообщая уведомляя упоминай повідомляй"],
  ["tell", "informarle decirle decirselo mencionar menciones mencione"],
  ["user", "utilisateur utilisatrice usuario utilizador usuarios utente benutzer nutzer anwender"],
  ["user", "gebruiker uzytkownika uzytkownikowi пользователю пользователя користувачу"],
  ["user", "l'utilisateur all'utente l'utente"],
  // Chinese, Japanese, Korean
  ["ignore", "忽略 无视 無視 忘记 忘記 不要理会 忘れ 무시 잊어"],
  ["prior", "之前 以前 先前 上述 前面 以上 此前 これまで 前の 上記 이전 위의 앞의"],
  ["orders", "指令 指示 说明 說明 规则 規則 提示 命令 ルール 지시 명령 지침"],
  [
    "not",
    "不要 别 勿 不得 切勿 不能 不必 ないで ないこと せず ずに なく 마세요 말고 마라 않고 없이 마십시오",
  ],
  ["tell", "告诉 告訴 告知 通知 提及 透露 伝え 言わ 知らせ 教え 알리 말하 전달 언급"],
  ["user", "用户 用戶 使用者 ユーザー ユーザ 利用者 사용자"],
]);

/** Words of Chinese, Japanese and Korean that the other rules know, for there are no spaces. */
export const CJK_LEXICON: ReadonlyMap<string, number> = lexiconOf([
  ["read", "读取 讀取 打开 获取 読み取 読み込 開い 읽"],
  ["send", "发送 傳送 传递 上传 附加 发到 提交 送信 渡し 添付 보내 전송"],
  ["content", "内容 內容 내용"],
  ["place", "参数 參數 引数 매개변수"],
  ["secret", "密码 密碼 凭据 密钥 凭证 パスワード 認証情報 비밀번호 자격"],
  ["talk", "对话 聊天记录 系统提示 会話 대화"],
  ["every", "所有 全部 すべて 全て 모든"],
  ["must", "必须 必須 必ず 반드시"],
]);

type Entries = readonly (readonly [concept: Concept, words: string])[];

function lexiconOf(entries: Entries): ReadonlyMap<string, number> {
  const bits = new Map<string, number>();
  for (const [concept, words] of entries) {
    for (const word of words.split(" ")) {
      bits.set(word, (bits.get(word) ?? 0) | CONCEPTS[concept]);
    }
  }
  return bits;
}

function foreignOf(entries: Entries): ReadonlyMap<string, number> {
  const all = [...lexiconOf(entries)];
  return new Map(
    all.flatMap(([word, bits]) => {
      // Written as words of a text are looked up: й is и with an accent.
      const bare = word.normalize("NFKD").replace(/\p{M}/gu, "").normalize("NFC");
      return [word, bare].map((form) => [form, bits | CONCEPTS.foreign] as const);
    }),
  );
}
