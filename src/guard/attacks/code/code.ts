import type { Severity } from "../../../core/finding.ts";
import { SIGN } from "../signs.ts";
import type { Reading } from "../suspicion.ts";

const HINT =
  /\{\{|\{%|\$\{|#\{|<%|%\{|<#|#set|__|constructor|T\(|\(\s*['"`)]|@java|<\?|\.exec|require|O:\d/;

/** Template expressions that compute, call or reach for what no template needs. */
const TEMPLATE: readonly RegExp[] = [
  /\{\$\{[^}\n]{0,64}\(|\$\{@\w{1,32}\s{0,4}\(|\{\{[^}\n]{0,256}\(\s{0,4}["'](?:\/|\.\.)/,
  /\{\{[^}]{0,256}(?:\d\s{0,4}[*+-]\s{0,4}['"]?\d|__|\bconfig\b|\bself\b|\brequest\b|\.constructor|\|\s{0,4}(?:attr|join|map|filter|system|exec|safe|sort)\b|\(\s{0,4}\)\s{0,4}\.|\bcycler\b|\blipsum\b|\brange\.|_self|\bdump\(|\bget_flashed|\burl_for\b|\bphp\b|\bexec\b|\bsystem\b|\brequire\b|\bprocess\b|#with|\blookup\b)/,
  /\{%[^%]{0,256}(?:import|include|debug|set|for|if|extends|call|macro|raw|load|php)\b[^%]{0,256}(?:__|os\b|\(|'\/|"\/|\bsubclasses|debug|import)/,
  /(?:\$|#|%|\*|@)\{{1,2}[^}\n]{0,256}(?:\d\s{0,4}[*+-]\s{0,4}['"]?\d|\bT\s{0,4}\(|getClass|forName|Runtime|ProcessBuilder|java\.|@java|#_?\w+\s{0,4}=|new\s{1,4}\w|jndi|lower:|upper:|::-|sys:|env:|script:|dns:|url:|exec\(|applicationScope|facesContext|pageContext|param\.|system\s{0,4}\(|require\s{0,4}\()/i,
  /\$\{jndi:|\$\{[^}\n]{0,128}\$\{[^}\n]{0,64}(?:lower|upper|::-|env:|sys:)/i,
  /<%=?[^%]{0,256}(?:\d\s{0,4}[*+-]\s{0,4}\d|`|system|exec|File\.|IO\.|eval|Dir\.|Process|Runtime|require|global\.)/,
  /<#(?:assign|import|include|setting|macro|list)\b|\?(?:new|eval|api|interpret)\s{0,2}\(|freemarker\.template/,
  /#set\s{0,4}\(\s{0,4}\$|\$class\.|\$(?:request|session|application|ex)\.(?:getClass|class)\b|#foreach\s{0,4}\(/,
  /\bT\s{0,4}\(\s{0,4}java\.|@java\.|\.getRuntime\s{0,4}\(\s{0,4}\)|getClass\s{0,4}\(\s{0,4}\)\s{0,4}\.\s{0,4}(?:forName|getClassLoader)|ProcessBuilder|javax\.script|ScriptEngineManager|ysoserial|InvokerTransformer|#_memberAccess|xwork2|OgnlContext/,
];

/** The ways of a language to what a program may do, reached from a value. */
const LANGUAGE: readonly RegExp[] = [
  /__proto__|constructor\s{0,4}(?:\.|\[\s{0,4}['"`]|\]\s{0,4}\[)\s{0,4}(?:constructor|prototype)|constructor\[prototype\]|\bprototype\]?\s{0,4}\[/,
  /__(?:class|mro|subclasses|globals|builtins|import|bases|init|base|reduce)__/,
  /\bprocess\s{0,4}\.\s{0,4}(?:mainModule|binding|dlopen|env\b)|\brequire\s{0,4}\(\s{0,4}['"`](?:node:)?(?:child_process|fs|vm|net|os)['"`]|child_process|\bexecSync\b|\bspawnSync\b|globalThis\s{0,4}\.\s{0,4}process|_\$\$ND_FUNC\$\$_/,
  /\b(?:os\s{0,4}\.\s{0,4}(?:system|popen|exec\w*)|subprocess\s{0,4}\.\s{0,4}\w{1,16}|commands\.getoutput|pty\.spawn|__import__)\s{0,4}\(/,
  /(?:^|[;'"`=(&|{\s@])(?:system|passthru|shell_exec|proc_open|popen|pcntl_exec|assert|create_function|call_user_func(?:_array)?|preg_replace|phpinfo|phpversion|file_get_contents|base64_decode|gzinflate|str_rot13|eval|exec|execfile|compile)\s{0,4}\(\s{0,4}(?:["'`$)]|base64|gzinflate|str_rot13|compile|request|this)/,
  /<\?(?:php|=)|\$_(?:GET|POST|REQUEST|COOKIE|SERVER|FILES|ENV|SESSION)\b|\$GLOBALS\b|<script\s{1,4}language\s{0,2}=\s{0,2}["']?php/i,
  /(?:^|[;{"'])[OaC]:\d{1,8}:(?:"|\{)|\brO0AB|\bgASV|!!python\/|!ruby\/|!!javax?\.|\bc__?builtin__|cposix\nsystem|\{"\$type"|"@type"\s{0,4}:/,
  /\b(?:Runtime|Process|Kernel|IO|Open3)\s{0,4}\.\s{0,4}(?:getRuntime|exec|spawn|popen|system|capture\w*)\b|java\.lang\.(?:Runtime|Process|System|Class)|\.newInstance\s{0,4}\(/,
  /\(\s{0,4}function\s{0,4}\(\s{0,4}\)\s{0,4}\{[^}]{0,256}\}\s{0,4}\)?\s{0,4}\(\s{0,4}\)|;\s{0,4}while\s{0,4}\(\s{0,4}(?:true|1)\s{0,4}\)|new\s{1,4}Function\s{0,4}\(/,
];

/** Signs that `HINT` needs, but for three words. */
const SIGNS =
  SIGN.brace | SIGN.less | SIGN.hash | SIGN.underscore | SIGN.open | SIGN.at | SIGN.colon;

function mayBeCode(text: string, signs: number): boolean {
  // Parts of `constructor` and `require` that begin with a letter which stands seldom.
  const isNear = text.includes("quire") || text.includes("uctor") || text.includes(".exec");
  return (isNear || (signs & SIGNS) !== 0) && HINT.test(text);
}

/** Code for a template or for a program in a value. */
export function judgeCode({ text, purpose, signs }: Reading): Severity | null {
  if (!mayBeCode(text, signs)) return null;
  if (TEMPLATE.some((pattern) => pattern.test(text))) return "high";
  if (purpose === "code" || purpose === "command") return null;
  return LANGUAGE.some((pattern) => pattern.test(text)) ? "medium" : null;
}

/** What a program in a page is after. */
const DOES =
  "alert|prompt|confirm|eval|fetch|document|location|window|import|atob|fromCharCode|XMLHttp|cookie|navigator|constructor|parent|setTimeout|Function|src\\s{0,4}=|print\\(|write\\(";
const MARKUP = new RegExp(
  [
    `<(?:script|svg|math|iframe|object|embed)\\b[^]{0,256}?(?:${DOES}|javascript:)`,
    `<[a-z][^>]{0,256}[\\s/"']on[a-z]{3,20}\\s{0,4}=[^>]{0,64}?(?:${DOES})`,
    `(?:^|["'=\\s(])(?:javascript|vbscript)\\s{0,4}:(?!void)[^]{0,64}?(?:${DOES}|msgbox)`,
    "\\bdata:text/html[;,]",
  ].join("|"),
  "i",
);

/** Markup that runs where it is shown. */
export function judgeMarkup({ text, signs }: Reading): Severity | null {
  if ((signs & (SIGN.less | SIGN.colon)) === 0) return null;
  return MARKUP.test(text) ? "medium" : null;
}
