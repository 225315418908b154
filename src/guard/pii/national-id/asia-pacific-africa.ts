import { digitsOf, hasLuhnDigit, hasVerhoeffDigit, weightedSum } from "../checksums.ts";
import { isMonthDay } from "./dates.ts";
import { nationalId } from "./format.ts";

/** Asia, Oceania, the Middle East, South Africa. */
export const ASIA_PACIFIC_AFRICA = [
  nationalId({
    id: "in-aadhaar",
    title: "India: Aadhaar",
    anywhere: [],
    named: ["#### #### ####", "####-####-####", "############"],
    words: ["aa?dh?aa?r(?: ?(?:number|no))?", "uidai", "uid", "आधार"],
    isValid: (value) => /^[2-9]/.test(value) && hasVerhoeffDigit(value),
    match: ["Aadhaar 2341 2341 2346", "aadhaar_no=234123412346"],
    noMatch: ["2341 2341 2346", "Aadhaar 2341 2341 2347", "Aadhaar 1341 2341 2346"],
  }),
  nationalId({
    id: "in-pan",
    title: "India: permanent account number",
    anywhere: [],
    named: ["AAAAA####A"],
    words: ["pan(?: ?(?:number|no|card))?", "permanent account(?: ?(?:number|no))?"],
    isValid: (value) => /^[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]$/.test(value),
    match: ["PAN: ABCPE1234F", "pan card abcpe1234f"],
    noMatch: ["ABCPE1234F", "PAN: ABCXE1234F"],
  }),
  nationalId({
    id: "cn-resident-id",
    title: "China: resident identity number",
    anywhere: ["#################*"],
    named: ["#################*"],
    words: ["身份证(?:号码?)?", "身份證", "id ?card", "resident id"],
    isValid: (value) => {
      const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
      if (!/^[1-8][0-9]{5}(?:19|20)[0-9]{9}[0-9X]$/.test(value) || !isMonthDay(value, 10))
        return false;
      return "10X98765432".charAt(weightedSum(digitsOf(value), weights) % 11) === value.at(-1);
    },
    match: ["11010519491231002X", "身份证号码 11010519491231002x"],
    noMatch: ["110105194912310021", "11010519491331002X", "01010519491231002X"],
  }),
  nationalId({
    id: "tw-id",
    title: "Taiwan: national identification number",
    anywhere: [],
    named: ["A#########"],
    words: [
      "身分證(?:字號)?",
      "national id(?:entification)?(?: ?(?:number|no))?",
      "arc",
      "taiwan id",
    ],
    isValid: (value) => {
      const region = "ABCDEFGHJKLMNPQRSTUVXYWZIO".indexOf(value.charAt(0)) + 10;
      const digits = [Math.floor(region / 10), region % 10, ...digitsOf(value.slice(1))];
      return weightedSum(digits, [1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1]) % 10 === 0;
    },
    match: ["身分證字號 A123456789", "national ID: A123456789"],
    noMatch: ["A123456789", "national ID: A123456788"],
  }),
  nationalId({
    id: "hk-id",
    title: "Hong Kong: identity card number",
    anywhere: ["A######(*)"],
    named: ["A######*"],
    words: ["hk ?id", "hkid", "identity card", "身份證"],
    isValid: (value) => {
      const letter = value.charCodeAt(0) - 0x37;
      const sum = 36 * 9 + letter * 8 + weightedSum(digitsOf(value.slice(1)), [7, 6, 5, 4, 3, 2]);
      return "0A987654321".charAt(sum % 11) === value.at(-1);
    },
    match: ["A123456(3)", "HKID: A1234563"],
    noMatch: ["A123456(4)", "A1234563"],
  }),
  nationalId({
    id: "kr-rrn",
    title: "South Korea: resident registration number",
    anywhere: ["######-#######"],
    named: ["#############"],
    words: ["주민(?:등록)?번호", "rrn", "resident registration"],
    isValid: (value) => isMonthDay(value, 2) && /^.{6}[1-8]/.test(value),
    match: ["880101-1234568", "주민등록번호 8801011234568"],
    noMatch: ["881301-1234568", "880101-9234568", "8801011234568"],
  }),
  nationalId({
    id: "jp-my-number",
    title: "Japan: My Number",
    anywhere: [],
    named: ["############", "#### #### ####", "####-####-####"],
    words: ["my ?number", "マイナンバー", "個人番号"],
    isValid: (value) => {
      const rest = weightedSum(digitsOf(value), [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
      return (rest < 2 ? 0 : 11 - rest) === Number(value.at(-1));
    },
    match: ["My Number: 123456789018", "マイナンバー 1234 5678 9018"],
    noMatch: ["123456789018", "My Number: 123456789019"],
  }),
  nationalId({
    id: "sg-nric",
    title: "Singapore: NRIC, FIN",
    anywhere: ["A#######A"],
    named: ["A#######A"],
    words: ["nric", "fin"],
    isValid: (value) => {
      const series = value.charAt(0);
      const offset = { S: 0, F: 0, T: 4, G: 4, M: 3 }[series];
      if (offset === undefined) return false;
      const sum = weightedSum(digitsOf(value.slice(1)), [2, 7, 6, 5, 4, 3, 2]) + offset;
      return (NRIC_LETTERS.get(series) ?? "").charAt(sum % 11) === value.at(-1);
    },
    match: ["S1234567D", "nric s1234567d"],
    noMatch: ["S1234567E", "A1234567D"],
  }),
  nationalId({
    id: "my-nric",
    title: "Malaysia: MyKad number",
    anywhere: ["######-##-####"],
    named: ["############"],
    words: ["my ?kad", "nric", "no kp", "kad pengenalan", "ic (?:no|number)"],
    isValid: (value) => isMonthDay(value, 2) && /^.{6}(?!00)/.test(value),
    match: ["880101-14-5678", "MyKad 880101145678"],
    noMatch: ["881301-14-5678", "880101-00-5678", "880101145678"],
  }),
  nationalId({
    id: "th-id",
    title: "Thailand: citizen identification number",
    anywhere: ["#-####-#####-##-#", "# #### ##### ## #"],
    named: ["#############"],
    words: ["thai id", "citizen id", "บัตรประชาชน", "เลขประจำตัวประชาชน"],
    isValid: (value) => {
      const sum = weightedSum(digitsOf(value), [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
      return (11 - (sum % 11)) % 10 === Number(value.at(-1));
    },
    match: ["1-2345-67890-12-1", "citizen ID 1234567890121"],
    noMatch: ["1-2345-67890-12-2", "1234567890121"],
  }),
  nationalId({
    id: "id-nik",
    title: "Indonesia: NIK",
    anywhere: [],
    named: ["################"],
    words: ["nik", "ktp", "nomor induk kependudukan"],
    isValid: (value) =>
      /^[1-9][0-9]{5}(?:0[1-9]|[12][0-9]|3[01]|4[1-9]|[56][0-9]|7[01])(?:0[1-9]|1[0-2])/.test(
        value,
      ),
    match: ["NIK: 3171231507890123"],
    noMatch: ["3171231507890123", "NIK: 3171239907890123"],
  }),
  nationalId({
    id: "au-tfn",
    title: "Australia: tax file number",
    anywhere: [],
    named: ["### ### ###", "#########", "###-###-###"],
    words: ["tfn", "tax file(?: ?(?:number|no))?"],
    isValid: (value) => weightedSum(digitsOf(value), [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0,
    match: ["TFN 123 456 782", "tax file number: 123456782"],
    noMatch: ["123 456 782", "TFN 123 456 783"],
  }),
  nationalId({
    id: "au-medicare",
    title: "Australia: Medicare number",
    anywhere: [],
    named: ["#### ##### #", "##########", "####-#####-#", "#### ##### ##"],
    words: ["medicare(?: ?(?:number|no|card))?"],
    isValid: (value) =>
      /^[2-6]/.test(value) &&
      weightedSum(digitsOf(value), [1, 3, 7, 9, 1, 3, 7, 9]) % 10 === Number(value.charAt(8)),
    match: ["Medicare 2123 45670 1", "medicare_no: 2123456701"],
    noMatch: ["2123 45670 1", "Medicare 2123 45671 1"],
  }),
  nationalId({
    id: "nz-ird",
    title: "New Zealand: IRD number",
    anywhere: [],
    named: ["##-###-###", "###-###-###", "########", "#########"],
    words: ["ird(?: ?(?:number|no))?"],
    isValid: (value) => isIrdNumber(value.padStart(9, "0")),
    match: ["IRD 49-091-850", "ird number 049091850"],
    noMatch: ["49-091-850", "IRD 49-091-851"],
  }),
  nationalId({
    id: "il-id",
    title: "Israel: mispar zehut",
    anywhere: [],
    named: ["#########"],
    words: ["teudat ze?hut", "mispar ze?hut", 'ת"?ז', "תעודת זהות", "מספר זהות", "israeli id"],
    isValid: hasLuhnDigit,
    match: ["Teudat Zehut 123456782"],
    noMatch: ["123456782", "Teudat Zehut 123456783"],
  }),
  nationalId({
    id: "za-id",
    title: "South Africa: identity number",
    anywhere: [],
    named: ["#############", "###### #### ###"],
    words: ["id (?:number|no|nr)", "identity(?: ?(?:number|no))?", "rsa id", "sa id"],
    isValid: (value) => isMonthDay(value, 2) && /[01][0-9]{2}$/.test(value) && hasLuhnDigit(value),
    match: ["ID number 8001015009087", "SA ID: 8001015009087"],
    noMatch: ["8001015009087", "ID number 8001015009088", "ID number 8013015009087"],
  }),
];

const NRIC_LETTERS: ReadonlyMap<string, string> = new Map([
  ["S", "JZIHGFEDCBA"],
  ["T", "JZIHGFEDCBA"],
  ["F", "XWUTRQPNMLK"],
  ["G", "XWUTRQPNMLK"],
  ["M", "XWUTRQPNJLK"],
]);

/** Inland Revenue, "IRD number validation". */
function isIrdNumber(value: string): boolean {
  const digits = digitsOf(value);
  if (Number(value) < 10_000_000 || Number(value) > 150_000_000) return false;
  const first = (11 - (weightedSum(digits, [3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
  if (first < 10) return first === digits[8];
  const second = (11 - (weightedSum(digits, [7, 4, 3, 2, 5, 2, 7, 6]) % 11)) % 11;
  return second === digits[8];
}
