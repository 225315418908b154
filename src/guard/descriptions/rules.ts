import type { Severity } from "../../core/finding.ts";
import { CONCEPTS, type Concept } from "./concepts.ts";

/** What a word must be: one of these words, or stand for one of these concepts. */
export interface Step {
  readonly bits: number;
  readonly words: ReadonlySet<string>;
  /** The bits of its words in `LITERALS`. */
  readonly mask: number;
  /** So many words may stand between the step before and this one. */
  readonly within: number;
}

/** Words that follow each other in one sentence, with few others between, and mean no good. */
export interface Rule {
  readonly title: string;
  /** What is only reported is `medium`. */
  readonly severity: Extract<Severity, "medium" | "high">;
  readonly steps: readonly Step[];
  /** Without an order, so many words may stand between the first and the last. */
  readonly gap: number;
  readonly ordered: boolean;
  /** Whether a prompt, which is there to instruct, has no business with it either. */
  readonly inPrompts: boolean;
}

/**
 * A line is a rule: how many words may stand between its steps, how it is meant, and the steps,
 * parted by `>`. A step is one of its words, or a word of one of its concepts (`@user`); `+` has it
 * follow at once. `anywhere`: in prompts too. `unordered`: in any order. `report`: not sure enough
 * to be taken out.
 */
const TEXTS: { readonly [title: string]: string } = {
  // What was said before shall not count.
  override: `
    4 anywhere: instruction instructions rules guidelines > received given earlier previously > \
      void obsolete invalid cancelled
    3 anywhere: ignore ignoring disregard disregarding forget forgetting override overriding > \
      @prior > @orders messages context
    3 anywhere: ignore ignoring disregard disregarding forget forgetting override overriding > \
      @orders > above given before previously earlier received
    2 anywhere: ignore ignoring disregard disregarding forget forgetting override overriding > \
      @every > above before previously earlier
    1 anywhere: ignore ignoring disregard disregarding forget forgetting override overriding > \
      @every these the > instructions directives guidelines
    9 anywhere unordered: @ignore > @orders > @prior > @foreign
    4: previous earlier > request task instruction instructions > cancelled canceled revoked void \
      obsolete superseded
    0: system policy security admin instruction > override > active activated the enabled mode
    3: reveal print repeat show leak output expose > your > prompt instructions
    2 anywhere: follow obey adhere > only strictly > following these this > @orders
    2 anywhere: previous prior earlier other existing all former > instructions rules guidelines \
      directives restrictions prompts > no not > apply count matter valid exist longer
    2 anywhere: stop cease quit > following obeying > @orders
    3: ignore disregard forget > system > + prompt message
    2: @every > restrictions limits limitations rules > lifted suspended void waived
    1 anywhere: forget disregard > your > @orders
  `,
  // The user shall not know.
  secrecy: `
    2 anywhere: keep stay remain > quiet silent > about > this it that
    2 anywhere: @not > @tell > @user
    2 anywhere: @not > let > @user > know see notice find
    2 anywhere: @not > mention reveal disclose say acknowledge discuss admit mentioning revealing \
      > this that it anything these
    2 anywhere: @not > mention reveal disclose say acknowledge discuss admit mentioning revealing \
      > + to > @user
    3 anywhere: user users > @must > @not > aware informed told notified warned know
    6: asked asks ask > lie deny > @mention claim
    2 anywhere: user users > @not > need have > know see
    2 anywhere: user users > must should may > @not > know notice see learn > this that it about of
    4: @not > @mention > used called read ran accessing accessed reading calling
    5 anywhere: @not > @mention > step steps instruction instructions request requirement > @user
    5 anywhere unordered: @not > @tell > @user > @foreign
    4 anywhere: without > @user > knowledge knowing noticing awareness consent seeing aware
    4 anywhere: hide conceal keep hidden invisible > this it that secret > from > @user
    1: keep > this it > secret hidden confidential
    1: this > secret hidden covert > operation instruction task mission directive
    5: secretly covertly discreetly surreptitiously stealthily invisibly > @use @read @send @off \
      @change log record track copies
    4: silently quietly > @send read extract collect > @user @file @secret @talk @address
  `,
  // Files of credentials, keys, and what was said are handed on.
  exfiltration: `
    5: every each always > send forward post > user > typed said wrote asked types says writes > \
      @address
    8: @must @first please > @read > @file
    8: @read > @file > @send encode > @content @place @address it them its as too
    8: @read @content > @file > @place @address
    8: @send > @content > @file
    12: @send > @file > @place @address every
    8: @file > @send > @place @address @recipient
    8: @read > @content > @file
    12: @file > @read @send @content > @foreign
    12: @foreign > @read @send > @file
    6: @send > @content > sidenote
    7: @must @first > @read > configuration config > @address file > @send @secret
    6: @send log record store save > @every > @talk prompt prompts > @place @address @recipient \
      server endpoint
    6: @send > system > prompt > @every @place @address
    8: @use @send > @address > @talk prompt prompts
    8: @send > @talk > @address
    5: @send > @secret > your > response reply answer output message summary
    5: @secret @talk > @send > your > response reply answer output message summary
    4: include append attach put pass insert > every all > credentials passwords secrets \
      environment keys tokens > @place @address
    6: exfiltrate steal harvest > @user @content @file @secret @talk
    3: leak gather collect submit forward send > @user > @secret > @send @place @address
    5: send forward post upload email transmit append > @user @every > @secret > @place @address \
      @recipient
    5: @must @first > extract collect gather harvest dump print include send > @user @every > \
      @secret
    6: @must @first @you > send forward bcc cc copy > @every > @address
    6: @every > emails email messages mail payments transfers requests > must should shall > sent \
      forwarded copied redirected routed bcc > @address
    8 report: @send > @content @secret > @address
  `,
  // Other tools are taken over.
  shadowing: `
    3: set change replace > @recipient > every all any > payment payments transfer transfers email
    6: @must @first @every > @tool @name > @change set > @recipient address amount account
    6: @must @first @every > transfer transfers payment money sends > @change set > @recipient \
      account
    3: always every > add include bcc cc > @address
    4: @change > @recipient > @address
    4: replaces supersedes overrides replace obsoletes > @every > other > @tool
    2: replaces supersedes overrides obsoletes > @every > @tool
    7: @not > @use > @tool @name > deprecated insecure unsafe compromised broken dangerous \
      vulnerable unreliable malicious
    4: modifies changes affects alters overrides > behavior behaviour > other > @tool
    5: @must prefer > @use > this > instead > @every other > @tool
  `,
  // This one always, and before all others.
  preemption: `
    4: @must > @use > @this > @first > @every > request requests question task response message \
      conversation prompt query action operation
    3: @must has > @use > ahead before > everything anything
    3: @first > @every > response answer reply message request > @must > @use
    3 report: always > @use > this > @first
    3 report: @must > @use > this > @first > @every > @tool
  `,
  // The model shall be another one, or without its brakes.
  jailbreak: `
    9 anywhere: @must @you @mode > @off > + safety filter filters moderation safeguards guardrails
    1 anywhere: jailbroken unrestricted god dan > mode
    3 anywhere: you > now > mode dan jailbroken unrestricted free
    1 anywhere: you > are > dan jailbroken unrestricted
    3 anywhere: you > no > restrictions limitations rules filters guidelines
    4 anywhere: @must @you @mode > @off > safety filter filters filtering moderation safeguards \
      guardrails ethics ethical
    6: @you @mode > safety filter filters filtering moderation safeguards guardrails ethics \
      ethical > @off
    3: safety filter filters filtering moderation safeguards guardrails ethics ethical > checks \
      rules protocols measures filters > are is have > @off
    4: execute run approve accept confirm perform > @every > without > @safety
    4 report: @off > safety filter filters filtering moderation safeguards guardrails ethics ethical
  `,
  // Commands for the machine.
  command: `
    3: @must first before whenever > run execute > curl wget bash sh powershell rm nc chmod
    2: curl wget > @address > bash sh zsh python
  `,
  // Somebody pretends to be somebody.
  impersonation: `
    2 report: note message attention notice > to from > ai assistant llm model models agent agents \
      anthropic openai claude
  `,
};

/**
 * The words that rules ask for by themselves, and a bit of each: some share one, so that it tells
 * for certain only that a word is not there.
 */
export const LITERALS: ReadonlyMap<string, number> = new Map(
  Object.values(TEXTS)
    .flatMap((text) => text.split(/\s+/))
    .filter((word) => /^[a-z]+$/.test(word))
    .map((word, index) => [word, 1 << (index % 31)]),
);

export const RULES: readonly Rule[] = Object.entries(TEXTS).flatMap(([title, text]) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => ruleOf(title, line)),
);

function ruleOf(title: string, line: string): Rule {
  const [head = "", body = ""] = line.split(":");
  const [gap = "", ...manners] = head.split(" ");
  return {
    title,
    severity: manners.includes("report") ? "medium" : "high",
    steps: body.split(">").map((part) => stepOf(part.trim(), Number(gap))),
    gap: Number(gap),
    ordered: !manners.includes("unordered"),
    inPrompts: manners.includes("anywhere"),
  };
}

function stepOf(text: string, gap: number): Step {
  let bits = 0;
  const words = new Set<string>();
  for (const word of text.split(/\s+/)) {
    if (word.startsWith("@")) bits |= CONCEPTS[conceptOf(word.slice(1))];
    else if (word !== "+") words.add(word);
  }
  let mask = 0;
  for (const word of words) mask |= LITERALS.get(word) ?? 0;
  return { bits, words, mask, within: text.startsWith("+") ? 0 : gap };
}

function conceptOf(name: string): Concept {
  if (!isConcept(name)) throw new Error(`no concept is called ${name}`);
  return name;
}

function isConcept(name: string): name is Concept {
  return Object.hasOwn(CONCEPTS, name);
}
