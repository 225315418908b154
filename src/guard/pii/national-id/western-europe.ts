import { digitsOf, hasLuhnDigit, hasMod1110Digit, remainder, weightedSum } from "../checksums.ts";
import { isDayMonth, isMonthDay } from "./dates.ts";
import { nationalId } from "./format.ts";

const MOD_23_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE";
const MOD_23_LETTERS_IE = "WABCDEFGHIJKLMNOPQRSTUV";

/** British Isles, France, Benelux, the German-speaking countries, Iberia, Italy. */
export const WESTERN_EUROPE = [
  nationalId({
    id: "gb-nino",
    title: "United Kingdom: National Insurance number",
    anywhere: ["AA######A", "AA ## ## ## A", "AA-##-##-##-A", "AA ###### A"],
    words: ["nino", "national insurance(?: ?(?:number|no))?", "ni (?:number|no)"],
    named: ["AA######A", "AA ## ## ## A"],
    // HMRC manual NIM39110; QQ is the prefix of its examples.
    isValid: (value) =>
      /^(?!BG|GB|KN|NK|NT|TN|ZZ)(?:QQ|[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z])[0-9]{6}[A-D]$/.test(
        value,
      ),
    match: ["AB123456C", "QQ 12 34 56 C", "nino: ce123456d"],
    noMatch: ["DB123456C", "AB123456E", "AB 12 34 567 C", "XAB123456C", "ab123456c"],
  }),
  nationalId({
    id: "gb-nhs",
    title: "United Kingdom: NHS number",
    anywhere: [],
    named: ["### ### ####", "###-###-####", "##########"],
    words: ["nhs(?: ?(?:number|no))?"],
    isValid: (value) =>
      (11 - (weightedSum(digitsOf(value), TEN_DOWN_TO_TWO) % 11)) % 11 === last(value),
    match: ["NHS number 943 476 5919", "nhs_no=9434765919"],
    noMatch: ["943 476 5919", "NHS number 943 476 5918"],
  }),
  nationalId({
    id: "ie-pps",
    title: "Ireland: PPS number",
    anywhere: [],
    named: ["#######A", "#######AA"],
    words: ["pps(?:n| ?(?:number|no))?"],
    isValid: (value) => {
      const second = MOD_23_LETTERS_IE.indexOf(value.charAt(8) || "W");
      const sum = weightedSum(digitsOf(value), [8, 7, 6, 5, 4, 3, 2]) + 9 * Math.max(0, second);
      return MOD_23_LETTERS_IE.charAt(sum % 23) === value.charAt(7);
    },
    match: ["PPS no. 1234567T", "ppsn 1234567FA"],
    noMatch: ["1234567T", "PPS no. 1234567S"],
  }),
  nationalId({
    id: "fr-nir",
    title: "France: numéro de sécurité sociale (NIR)",
    anywhere: ["# ## ## ## ### ### ##", "# ## ## ** ### ### ##", "#############-##"],
    named: ["###############", "############# ##"],
    words: [
      "nir",
      "insee",
      "sécurité sociale",
      "securite sociale",
      "sécu",
      "num(?:é|e)ro de s(?:é|e)curit(?:é|e)",
    ],
    isValid: (value) => {
      const body = value.slice(0, 13).replace("2A", "19").replace("2B", "18");
      if (!/^[1-478][0-9]{2}(?:0[1-9]|1[0-2]|[2-9][0-9])[0-9]{8}$/.test(body.slice(0, 13)))
        return false;
      return 97 - remainder(body, 97) === Number(value.slice(13));
    },
    match: ["2 55 08 14 168 025 38", "NIR: 255081416802538"],
    noMatch: ["2 55 08 14 168 025 39", "255081416802538", "NIR: 955081416802538"],
  }),
  nationalId({
    id: "de-tax-id",
    title: "Germany: Steuer-Identifikationsnummer",
    anywhere: [],
    named: ["###########", "## ### ### ###"],
    words: [
      "steuer ?-?id(?:entifikationsnummer|entnummer|nr)?",
      "steuer id",
      "id ?nr",
      "idnr",
      "tin",
      "tax ?id(?:entification)?(?: ?(?:number|no))?",
    ],
    isValid: (value) => !value.startsWith("0") && repeatsOneDigit(value) && hasMod1110Digit(value),
    match: ["Steuer-ID: 86095742719", "IdNr. 47 036 892 816"],
    noMatch: ["86095742719", "Steuer-ID: 86095742718", "Steuer-ID: 06095742719"],
  }),
  nationalId({
    id: "at-svnr",
    title: "Austria: Sozialversicherungsnummer",
    anywhere: [],
    named: ["#### ######", "##########"],
    words: [
      "svnr",
      "sv ?nr",
      "sv ?nummer",
      "sozialversicherung(?:snummer)?",
      "versicherungsnummer",
    ],
    isValid: (value) =>
      weightedSum(digitsOf(value), [3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 === Number(value.charAt(3)),
    match: ["SVNR 1237 010180", "Sozialversicherungsnummer: 1237010180"],
    noMatch: ["1237 010180", "SVNR 1238 010180"],
  }),
  nationalId({
    id: "ch-ahv",
    title: "Switzerland: AHV number",
    anywhere: ["###.####.####.##", "### #### #### ##"],
    named: ["#############"],
    words: ["ahv(?: ?(?:nr|nummer))?", "avs", "navs(?:13)?", "social security"],
    isValid: (value) => value.startsWith("756") && hasEan13Digit(value),
    match: ["756.9217.0769.85", "AHV-Nr. 7569217076985"],
    noMatch: ["756.9217.0769.84", "757.9217.0769.85", "7569217076985"],
  }),
  nationalId({
    id: "nl-bsn",
    title: "Netherlands: burgerservicenummer",
    anywhere: [],
    named: ["#########", "####.##.###", "### ### ###"],
    words: ["bsn", "burgerservice(?:nummer)?", "sofi(?:nummer)?"],
    isValid: (value) => weightedSum(digitsOf(value), [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0,
    match: ["BSN 111222333", "bsn: 123456782"],
    noMatch: ["111222333", "BSN 111222334"],
  }),
  nationalId({
    id: "be-nrn",
    title: "Belgium: rijksregisternummer",
    anywhere: ["##.##.##-###.##", "##.##.## ###-##", "######-###-##"],
    named: ["###########", "###### ### ##"],
    words: [
      "rijksregister(?:nummer)?",
      "registre national",
      "nrn",
      "insz",
      "niss",
      "national number",
    ],
    isValid: (value) => {
      const body = value.slice(0, 9);
      const check = Number(value.slice(9));
      if (!/^[0-9]{2}(?:0[0-9]|1[0-2])(?:[0-2][0-9]|3[01])/.test(body)) return false;
      return [body, `2${body}`].some((digits) => 97 - remainder(digits, 97) === check);
    },
    match: ["85.07.30-033.28", "rijksregisternummer 85073003328"],
    noMatch: ["85.07.30-033.29", "85.17.30-033.28", "85073003328"],
  }),
  nationalId({
    id: "es-dni",
    title: "Spain: DNI",
    anywhere: ["########A", "########-A", "##.###.###-A"],
    named: ["########A", "########-A", "######## A"],
    words: ["dni", "nif", "documento nacional"],
    isValid: (value) => MOD_23_LETTERS.charAt(Number(value.slice(0, 8)) % 23) === value.charAt(8),
    match: ["12345678Z", "12.345.678-Z", "dni 12345678z"],
    noMatch: ["12345678A", "12345678z", "012345678Z"],
  }),
  nationalId({
    id: "es-nie",
    title: "Spain: NIE",
    anywhere: ["A#######A", "A-#######-A"],
    named: ["A#######A"],
    words: ["nie"],
    isValid: (value) => {
      const first = "XYZ".indexOf(value.charAt(0));
      const number = Number(`${first}${value.slice(1, 8)}`);
      return first !== -1 && MOD_23_LETTERS.charAt(number % 23) === value.charAt(8);
    },
    match: ["X1234567L", "Y-1234567-X"],
    noMatch: ["X1234567A", "W1234567L"],
  }),
  nationalId({
    id: "pt-nif",
    title: "Portugal: número de contribuinte",
    anywhere: [],
    named: ["#########", "### ### ###"],
    words: ["nif", "contribuinte", "niss"],
    isValid: (value) => {
      const rest = weightedSum(digitsOf(value), [9, 8, 7, 6, 5, 4, 3, 2]) % 11;
      return (rest < 2 ? 0 : 11 - rest) === last(value);
    },
    match: ["NIF 123456789", "contribuinte: 123 456 789"],
    noMatch: ["123456789", "NIF 123456780"],
  }),
  nationalId({
    id: "it-codice-fiscale",
    title: "Italy: codice fiscale",
    anywhere: ["AAAAAA##A##A###A"],
    named: ["AAAAAA##A##A###A", "AAA AAA ##A## A###A"],
    words: ["codice fiscale", "cod ?fisc", "cf", "tax ?code"],
    isValid: isCodiceFiscale,
    match: ["RSSMRA85T10A562S", "codice fiscale rssmra85t10a562s"],
    noMatch: ["RSSMRA85T10A562T", "RSSMRA85Z10A562S", "ARSSMRA85T10A562S"],
  }),
  nationalId({
    id: "dk-cpr",
    title: "Denmark: CPR number",
    anywhere: [],
    named: ["######-####", "##########"],
    words: ["cpr(?: ?(?:nr|nummer|number))?", "personnummer"],
    isValid: (value) => isDayMonth(value, 0),
    match: ["CPR-nr. 211062-5629", "cpr=2110625629"],
    noMatch: ["211062-5629", "CPR-nr. 211362-5629"],
  }),
  nationalId({
    id: "no-fnr",
    title: "Norway: fødselsnummer",
    anywhere: [],
    named: ["###########", "###### #####"],
    words: ["f(?:ø|o)dselsnummer", "fnr", "personnummer", "d nummer"],
    isValid: (value) => {
      const digits = digitsOf(value);
      const first = (11 - (weightedSum(digits, [3, 7, 6, 1, 8, 9, 4, 5, 2]) % 11)) % 11;
      const second = (11 - (weightedSum(digits, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
      return first === digits[9] && second === digits[10];
    },
    match: ["fødselsnummer 29029600013", "fnr: 290296 00013"],
    noMatch: ["29029600013", "fnr: 29029600014"],
  }),
  nationalId({
    id: "se-personnummer",
    title: "Sweden: personnummer",
    anywhere: ["######-####", "########-####"],
    named: ["##########", "############", "######+####"],
    words: ["person(?:al )?(?:nummer|number)", "personnr", "pnr", "samordningsnummer"],
    isValid: (value) => {
      const short = value.slice(-10);
      const day = Number(short.slice(4, 6));
      const civil = day > 60 ? short.slice(0, 4) + String(day - 60).padStart(2, "0") : short;
      if (value.length === 12 && !/^(?:18|19|20)/.test(value)) return false;
      return isMonthDay(civil, 2) && hasLuhnDigit(short);
    },
    match: ["811218-9876", "19811218-9876", "personnummer 8112189876"],
    noMatch: ["811218-9875", "811318-9876", "8112189876", "17811218-9876"],
  }),
  nationalId({
    id: "fi-hetu",
    title: "Finland: henkilötunnus",
    anywhere: ["######-###*", "######A###*"],
    named: [],
    words: [],
    isValid: (value) => {
      const digits = /^([0-9]{6})[A-FU-Y]?([0-9]{3})([0-9A-Y])$/.exec(value);
      if (digits === null || !isDayMonth(value, 0)) return false;
      const rest = Number(`${digits[1]}${digits[2]}`) % 31;
      return "0123456789ABCDEFHJKLMNPRSTUVWXY".charAt(rest) === digits[3];
    },
    match: ["131052-308T", "131052A308T"],
    noMatch: ["131052-308U", "131352-308T", "131052Z308T"],
  }),
];

const TEN_DOWN_TO_TWO = [10, 9, 8, 7, 6, 5, 4, 3, 2];

function last(value: string): number {
  return Number(value.at(-1));
}

/** Of the first ten digits one comes twice or three times, all others at most once. */
function repeatsOneDigit(value: string): boolean {
  return [8, 9].includes(new Set(value.slice(0, 10)).size);
}

function hasEan13Digit(value: string): boolean {
  const sum = weightedSum(digitsOf(value), [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]);
  return (10 - (sum % 10)) % 10 === last(value);
}

const CODICE_FISCALE =
  /^[A-Z]{6}[0-9]{2}[ABCDEHLMPRST](?:[04][1-9]|[1256][0-9]|[37][01])[A-Z][0-9]{3}[A-Z]$/;
/** Values of `0`–`9` and of `A`–`Z` in odd places (decree of 23 December 1976). */
const ODD_VALUES = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
const ODD_LETTER_VALUES = [
  1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
];

function isCodiceFiscale(value: string): boolean {
  if (!CODICE_FISCALE.test(value)) return false;
  let sum = 0;
  for (let place = 0; place < 15; place++) {
    const code = value.charCodeAt(place);
    const isNumber = code < 0x41;
    const rank = code - (isNumber ? 0x30 : 0x41);
    const odd = isNumber ? ODD_VALUES : ODD_LETTER_VALUES;
    sum += place % 2 === 0 ? (odd[rank] ?? 0) : rank;
  }
  return value.charCodeAt(15) - 0x41 === sum % 26;
}
