import { digitsOf, hasLuhnDigit, weightedSum } from "../checksums.ts";
import { isMonthDay } from "./dates.ts";
import { nationalId } from "./format.ts";

/** North, Central and South America. */
export const AMERICAS = [
  nationalId({
    id: "us-ssn",
    title: "United States: Social Security number",
    anywhere: ["###-##-####"],
    named: ["#########", "### ## ####", "###.##.####"],
    words: ["ssn", "social ?security(?: ?(?:number|no))?", "soc ?sec"],
    // SSA, POMS RM 10201.035: no group is all zeros, no area is 666 or from 900.
    isValid: (value) => /^(?!000|666|9)[0-9]{3}(?!00)[0-9]{2}(?!0000)[0-9]{4}$/.test(value),
    match: ["123-45-6789", "ssn=536221234", "Social Security number: 536 22 1234"],
    noMatch: [
      "000-45-6789",
      "666-45-6789",
      "123-00-6789",
      "123-45-0000",
      "123456789",
      "1123-45-6789",
    ],
  }),
  nationalId({
    id: "us-itin",
    title: "United States: individual taxpayer identification number",
    anywhere: ["###-##-####"],
    named: ["#########"],
    words: ["itin", "taxpayer id"],
    isValid: (value) =>
      /^9[0-9]{2}(?:5[0-9]|6[0-5]|7[0-9]|8[0-8]|9[0-24-9])(?!0000)[0-9]{4}$/.test(value),
    match: ["912-72-1234", "ITIN 912721234"],
    noMatch: ["912-66-1234", "912721234"],
  }),
  nationalId({
    id: "ca-sin",
    title: "Canada: Social Insurance Number",
    anywhere: [],
    named: ["#########", "### ### ###", "###-###-###"],
    words: ["sin", "social insurance(?: ?(?:number|no))?", "nas"],
    isValid: (value) => !/^[08]|^(.)\1*$/.test(value) && hasLuhnDigit(value),
    match: ["SIN 130692544", "social insurance no. 130-692-544"],
    noMatch: ["130692544", "SIN 130692545"],
  }),
  nationalId({
    id: "mx-curp",
    title: "Mexico: CURP",
    anywhere: ["AAAA######AAAAAA*#"],
    named: ["AAAA######AAAAAA*#"],
    words: ["curp"],
    isValid: (value) =>
      /^[A-Z]{4}[0-9]{6}[HMX][A-Z]{5}[0-9A-Z][0-9]$/.test(value) &&
      isMonthDay(value, 6) &&
      curpDigit(value) === Number(value.at(-1)),
    match: ["BOXW310820HNERXN09", "curp: hegg560427mvzrrl04"],
    noMatch: ["BOXW310820HNERXN08", "BOXW311320HNERXN09"],
  }),
  nationalId({
    id: "br-cpf",
    title: "Brazil: CPF",
    anywhere: ["###.###.###-##"],
    named: ["###########", "### ### ### ##"],
    words: ["cpf"],
    isValid: (value) =>
      !/^(.)\1*$/.test(value) &&
      mod11Digit(value, [10, 9, 8, 7, 6, 5, 4, 3, 2]) === Number(value.charAt(9)) &&
      mod11Digit(value, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) === Number(value.charAt(10)),
    match: ["111.444.777-35", "CPF: 11144477735"],
    noMatch: ["111.444.777-36", "111.111.111-11", "11144477735"],
  }),
  nationalId({
    id: "br-cnpj",
    title: "Brazil: CNPJ (also of people in business)",
    anywhere: ["##.###.###/####-##"],
    named: ["##############"],
    words: ["cnpj"],
    isValid: (value) =>
      !/^(.)\1*$/.test(value) &&
      mod11Digit(value, [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) === Number(value.charAt(12)) &&
      mod11Digit(value, [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) === Number(value.charAt(13)),
    match: ["11.222.333/0001-81", "CNPJ 11222333000181"],
    noMatch: ["11.222.333/0001-82", "11222333000181"],
  }),
  nationalId({
    id: "ar-cuil",
    title: "Argentina: CUIL, CUIT",
    anywhere: ["##-########-#"],
    named: ["###########"],
    words: ["cui[lt]"],
    isValid: (value) => {
      const sum = weightedSum(digitsOf(value), [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
      return /^(?:2[03457]|3[034])/.test(value) && (11 - (sum % 11)) % 11 === Number(value.at(-1));
    },
    match: ["20-12345678-6", "CUIT 20123456786"],
    noMatch: ["20-12345678-7", "10-12345678-6", "20123456786"],
  }),
  nationalId({
    id: "cl-rut",
    title: "Chile: RUT, RUN",
    anywhere: ["##.###.###-*", "#.###.###-*"],
    named: ["########-*", "#######-*"],
    words: ["ru[tn]"],
    isValid: (value) => {
      const digits = digitsOf(value.slice(0, -1)).toReversed();
      const sum = weightedSum(digits, [2, 3, 4, 5, 6, 7, 2, 3].slice(0, digits.length));
      return "0123456789K0".charAt(11 - (sum % 11)) === value.at(-1);
    },
    match: ["12.345.678-5", "RUT: 12345678-5", "9.876.543-3"],
    noMatch: ["12.345.678-4", "12345678-5"],
  }),
];

/** The check digit that the tax numbers of Brazil share. */
function mod11Digit(value: string, weights: readonly number[]): number {
  const rest = weightedSum(digitsOf(value), weights) % 11;
  return rest < 2 ? 0 : 11 - rest;
}

const CURP_VALUES = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ";

function curpDigit(value: string): number {
  let sum = 0;
  for (let place = 0; place < 17; place++) {
    sum += CURP_VALUES.indexOf(value.charAt(place)) * (18 - place);
  }
  return (10 - (sum % 10)) % 10;
}
