import { digitsOf, hasMod1110Digit, remainder, weightedSum } from "../checksums.ts";
import { isDayMonth } from "./dates.ts";
import { nationalId } from "./format.ts";

/** Central, eastern and south-eastern Europe, the Baltic states, Russia and Turkey. */
export const EASTERN_EUROPE = [
  nationalId({
    id: "pl-pesel",
    title: "Poland: PESEL",
    anywhere: [],
    named: ["###########"],
    words: ["pesel"],
    isValid: (value) => weightedSum(digitsOf(value), [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0,
    match: ["PESEL 44051401359", "pesel: 02070803628"],
    noMatch: ["44051401359", "PESEL 44051401358"],
  }),
  nationalId({
    id: "cz-sk-rodne-cislo",
    title: "Czechia and Slovakia: rodné číslo",
    anywhere: ["######/####"],
    named: ["##########"],
    words: ["rodné číslo", "rodne cislo", "rč", "rodné c"],
    isValid: (value) => {
      const month = Number(value.slice(2, 4)) % 50;
      const isMonth = (month >= 1 && month <= 12) || (month >= 21 && month <= 32);
      const day = Number(value.slice(4, 6));
      return isMonth && day >= 1 && day <= 31 && remainder(value, 11) === 0;
    },
    match: ["736028/5163", "rodné číslo 7360285163"],
    noMatch: ["736028/5164", "731328/5163", "7360285163"],
  }),
  nationalId({
    id: "ro-cnp",
    title: "Romania: CNP",
    anywhere: [],
    named: ["#############"],
    words: ["cnp", "cod numeric personal"],
    isValid: (value) => {
      const sum = weightedSum(digitsOf(value), [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
      return (sum === 10 ? 1 : sum) === last(value);
    },
    match: ["CNP 1800101221144"],
    noMatch: ["1800101221144", "CNP 1800101221145"],
  }),
  nationalId({
    id: "bg-egn",
    title: "Bulgaria: EGN",
    anywhere: [],
    named: ["##########"],
    words: ["egn", "егн"],
    isValid: (value) =>
      (weightedSum(digitsOf(value), [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11) % 10 === last(value),
    match: ["ЕГН: 7523169263", "EGN 7523169263"],
    noMatch: ["7523169263", "EGN 7523169264"],
  }),
  nationalId({
    id: "hr-oib",
    title: "Croatia: OIB",
    anywhere: [],
    named: ["###########"],
    words: ["oib"],
    isValid: hasMod1110Digit,
    match: ["OIB 33392005961"],
    noMatch: ["33392005961", "OIB 33392005962"],
  }),
  nationalId({
    id: "jmbg",
    title: "Bosnia, Montenegro, North Macedonia, Serbia, Slovenia: JMBG, EMŠO",
    anywhere: [],
    named: ["#############"],
    words: ["jmbg", "emšo", "emso", "ембг", "јмбг"],
    isValid: (value) => {
      const rest = weightedSum(digitsOf(value), [7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
      return isDayMonth(value, 0) && (rest === 0 ? 0 : 11 - rest) === last(value);
    },
    match: ["JMBG 0101006500006", "EMŠO: 0101006500006"],
    noMatch: ["0101006500006", "JMBG 0101006500007"],
  }),
  nationalId({
    id: "gr-amka",
    title: "Greece: AMKA",
    anywhere: [],
    named: ["###########"],
    words: ["amka", "αμκα"],
    isValid: (value) => {
      const doubled = digitsOf(value).map((digit, place) => (place % 2 === 1 ? digit * 2 : digit));
      const sum = doubled.reduce((total, digit) => total + (digit > 9 ? digit - 9 : digit), 0);
      return isDayMonth(value, 0) && sum % 10 === 0;
    },
    match: ["AMKA 01013099997"],
    noMatch: ["01013099997", "AMKA 01013099998"],
  }),
  nationalId({
    id: "ee-lt-personal-code",
    title: "Estonia and Lithuania: isikukood, asmens kodas",
    anywhere: [],
    named: ["###########"],
    words: ["isikukood", "asmens kod(?:as|o)", "personal code"],
    isValid: (value) => {
      const digits = digitsOf(value);
      const first = weightedSum(digits, [1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
      const second = weightedSum(digits, [3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11;
      return (first === 10 ? second % 10 : first) === last(value);
    },
    match: ["isikukood 37605030299", "asmens kodas: 33309240064"],
    noMatch: ["37605030299", "isikukood 37605030298"],
  }),
  nationalId({
    id: "lv-personas-kods",
    title: "Latvia: personas kods",
    anywhere: [],
    named: ["######-#####", "###########"],
    words: ["personas kod[sa]"],
    isValid: (value) => value.startsWith("32") || isDayMonth(value, 0),
    match: ["personas kods 161175-19997"],
    noMatch: ["161175-19997", "personas kods 161375-19997"],
  }),
  nationalId({
    id: "hu-taj",
    title: "Hungary: TAJ number",
    anywhere: [],
    named: ["### ### ###", "#########"],
    words: ["taj(?: ?sz(?:ám)?)?"],
    isValid: (value) => weightedSum(digitsOf(value), [3, 7, 3, 7, 3, 7, 3, 7]) % 10 === last(value),
    match: ["TAJ 111 111 110"],
    noMatch: ["111 111 110", "TAJ 111 111 111"],
  }),
  nationalId({
    id: "ua-rnokpp",
    title: "Ukraine: RNOKPP",
    anywhere: [],
    named: ["##########"],
    words: ["рнокпп", "rnokpp", "іпн", "ідентифікаційний код"],
    isValid: (value) => {
      const sum = weightedSum(digitsOf(value), [-1, 5, 7, 9, 4, 6, 10, 5, 7]);
      return (((sum % 11) + 11) % 11) % 10 === last(value);
    },
    match: ["РНОКПП 3175309859"],
    noMatch: ["3175309859", "РНОКПП 3175309858"],
  }),
  nationalId({
    id: "ru-snils",
    title: "Russia: СНИЛС",
    anywhere: ["###-###-### ##", "###-###-###-##"],
    named: ["###########"],
    words: ["снилс", "snils"],
    isValid: (value) => {
      const sum = weightedSum(digitsOf(value), [9, 8, 7, 6, 5, 4, 3, 2, 1]);
      return (sum % 101) % 100 === Number(value.slice(9));
    },
    match: ["112-233-445 95", "СНИЛС 11223344595"],
    noMatch: ["112-233-445 96", "11223344595"],
  }),
  nationalId({
    id: "ru-inn",
    title: "Russia: ИНН of a person",
    anywhere: [],
    named: ["############"],
    words: ["инн", "inn"],
    isValid: (value) => {
      const digits = digitsOf(value);
      const first = (weightedSum(digits, [7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11) % 10;
      const second = (weightedSum(digits, [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11) % 10;
      return first === digits[10] && second === digits[11];
    },
    match: ["ИНН 500100732259"],
    noMatch: ["500100732259", "ИНН 500100732258"],
  }),
  nationalId({
    id: "tr-kimlik",
    title: "Turkey: T.C. kimlik numarası",
    anywhere: [],
    named: ["###########"],
    words: ["kimlik(?: ?(?:no|numaras(?:ı|i)))?", "tckn", "tc ?no", "tc kimlik"],
    isValid: (value) => {
      const digits = digitsOf(value);
      const tenth = ((weightedSum(digits, [7, -1, 7, -1, 7, -1, 7, -1, 7]) % 10) + 10) % 10;
      const eleventh = weightedSum(digits, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]) % 10;
      return !value.startsWith("0") && tenth === digits[9] && eleventh === digits[10];
    },
    match: ["TCKN 10000000146", "kimlik no: 10000000146"],
    noMatch: ["10000000146", "TCKN 10000000147"],
  }),
];

function last(value: string): number {
  return Number(value.at(-1));
}
