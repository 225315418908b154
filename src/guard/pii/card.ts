import { hasLuhnDigit } from "./checksums.ts";
import type { NumberFormat } from "./number-format.ts";

/** A range of issuer identification numbers, by their first digits, both ends included. */
interface Brand {
  readonly from: string;
  readonly to: string;
  /** Of the whole number, both included. */
  readonly lengths: readonly [least: number, most: number];
}

/** ISO/IEC 7812; as the networks publish their ranges. */
const BRANDS: readonly Brand[] = [
  { from: "4", to: "4", lengths: [13, 19] }, // Visa, Elo
  { from: "51", to: "55", lengths: [16, 16] }, // Mastercard
  { from: "2221", to: "2720", lengths: [16, 16] }, // Mastercard
  { from: "34", to: "34", lengths: [15, 15] }, // American Express
  { from: "37", to: "37", lengths: [15, 15] },
  { from: "300", to: "305", lengths: [14, 19] }, // Diners Club
  { from: "36", to: "36", lengths: [14, 19] },
  { from: "38", to: "39", lengths: [14, 19] },
  { from: "3528", to: "3589", lengths: [16, 19] }, // JCB
  { from: "2200", to: "2204", lengths: [16, 19] }, // Mir
  { from: "6011", to: "6011", lengths: [16, 19] }, // Discover
  { from: "644", to: "659", lengths: [16, 19] },
  { from: "62", to: "62", lengths: [16, 19] }, // UnionPay
  { from: "81", to: "82", lengths: [16, 19] }, // UnionPay, RuPay
  { from: "60", to: "60", lengths: [16, 16] }, // RuPay, Hipercard
  { from: "508", to: "508", lengths: [16, 16] },
  { from: "5019", to: "5019", lengths: [16, 16] }, // Dankort
  { from: "5061", to: "5061", lengths: [16, 19] }, // Verve
  { from: "9792", to: "9792", lengths: [16, 16] }, // Troy
  { from: "50", to: "50", lengths: [12, 19] }, // Maestro
  { from: "56", to: "58", lengths: [12, 19] },
  { from: "63", to: "63", lengths: [12, 19] },
  { from: "67", to: "67", lengths: [12, 19] },
];

/** Brands by the first digit of their numbers. */
const BRANDS_BY_DIGIT: ReadonlyMap<string, readonly Brand[]> = Map.groupBy(BRANDS, ({ from }) =>
  from.charAt(0),
);

/** Brand, length and Luhn digit fit, and it is no single digit over and over. */
export function isCardNumber(digits: string): boolean {
  if (!hasLuhnDigit(digits)) return false;
  const brands = BRANDS_BY_DIGIT.get(digits.charAt(0)) ?? [];
  return brands.some((brand) => isOf(brand, digits)) && !/^(.)\1*$/.test(digits);
}

function isOf({ from, to, lengths: [least, most] }: Brand, digits: string): boolean {
  if (digits.length < least || digits.length > most) return false;
  const prefix = digits.slice(0, from.length);
  return from <= prefix && prefix <= to;
}

/** In the groups printed on the card, a number tells enough; run together, only at usual lengths. */
export const CARD_FORMAT: NumberFormat = {
  kind: "card",
  id: "payment-card",
  title: "Payment card: issuer range, length, Luhn digit",
  anywhere: [
    "#### #### #### ####",
    "####-####-####-####",
    "####.####.####.####",
    "#### ###### #####",
    "####-######-#####",
    "#### ###### ####",
    "####-######-####",
    "################",
    "###############",
  ],
  named: [
    "############",
    "#############",
    "##############",
    "#################",
    "##################",
    "###################",
    "#### #### #### #### ###",
    "####-####-####-####-###",
  ],
  words: [
    "card",
    "credit card",
    "debit card",
    "card (?:number|no)",
    "cc(?: ?(?:number|num|no))?",
    "pan",
    "visa",
    "master ?card",
    "maestro",
    "amex",
    "diners",
    "union ?pay",
    "carte",
    "karte(?:nnummer)?",
    "kreditkarten?(?:nummer)?",
    "tarjeta",
    "carta",
    "cartão",
    "kaart(?:nummer)?",
    "карт[аы]",
    "卡号",
    "カード",
  ],
  isValid: isCardNumber,
  examples: {
    match: [
      "4242 4242 4242 4242",
      "pay with 4111-1111-1111-1111 now",
      "5555555555554444",
      "3782 822463 10005",
      "378282246310005",
      "6011111111111117",
      "2223003122003222",
      "3056 930902 5904",
      "card: 30569309025904",
      "cc=4222222222222",
      'a,"4111111111111111",b',
      "4111\u00a01111\u00a01111\u00a01111",
    ],
    noMatch: [
      "4111 1111 1111 1112",
      "1234 5678 9012 3456",
      "4222222222222",
      "0.4111111111111111",
      "id-4111111111111111",
      "4111111111111111.png",
      "a4111111111111111",
      "0000 0000 0000 0000",
      "9999 9999 9999 9999",
      "20240131123456",
      "1712345678901234",
      "550e8400-e29b-41d4-a716-446655440000",
    ],
  },
};
