/** Each octet of RFC 7541, Appendix B, by the length of its code; those of one length in order. */
const BY_LENGTH: readonly (readonly [bits: number, octets: readonly number[]])[] = [
  [5, text("012aceiost")],
  [6, text(" %-./3456789=A_bdfghlmnpru")],
  [7, text(":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz")],
  [8, text("&*,;XZ")],
  [10, text('!"()?')],
  [11, text("'+|")],
  [12, text("#>")],
  [13, text("\0$@[]~")],
  [14, text("^}")],
  [15, text("<`{")],
  [19, [0x5c, 195, 208]],
  [20, [128, 130, 131, 162, 184, 194, 224, 226]],
  [21, [153, 161, 167, 172, 176, 177, 179, 209, 216, 217, 227, 229, 230]],
  [22, [129, 132, 133, 134, 136, 146, 154, 156, 160, 163, 164, 169, 170, 173, 178, 181]],
  [22, [185, 186, 187, 189, 190, 196, 198, 228, 232, 233]],
  [23, [1, 135, 137, 138, 139, 140, 141, 143, 147, 149, 150, 151, 152, 155, 157, 158, 165]],
  [23, [166, 168, 174, 175, 180, 182, 183, 188, 191, 197, 231, 239]],
  [24, [9, 142, 144, 145, 148, 159, 171, 206, 215, 225, 236, 237]],
  [25, [199, 207, 234, 235]],
  [26, [192, 193, 200, 201, 202, 205, 210, 213, 218, 219, 238, 240, 242, 243, 255]],
  [27, [203, 204, 211, 212, 214, 221, 222, 223, 241, 244, 245, 246, 247, 248, 250, 251]],
  [27, [252, 253, 254]],
  [28, [2, 3, 4, 5, 6, 7, 8, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 23, 24, 25, 26, 27]],
  [28, [28, 29, 30, 31, 127, 220, 249]],
  [30, [10, 13, 22]],
];

function text(characters: string): readonly number[] {
  return [...Buffer.from(characters, "latin1")];
}

const CODES = assign();

/** As bits in text: slow, and plain to see. */
function assign(): ReadonlyMap<number, string> {
  const codes = new Map<number, string>();
  let next = 0;
  let before = 0;
  for (const [bits, octets] of BY_LENGTH) {
    next *= 2 ** (bits - before);
    before = bits;
    for (const octet of octets) {
      codes.set(octet, next.toString(2).padStart(bits, "0"));
      next += 1;
    }
  }
  return codes;
}

/** The bits of an octet's code. */
export function huffmanCode(octet: number): string {
  return CODES.get(octet) ?? "";
}

export function huffman(value: string): Buffer {
  const bits = [...Buffer.from(value, "latin1")].map(huffmanCode).join("");
  return fromBits(bits.padEnd(Math.ceil(bits.length / 8) * 8, "1"));
}

export function fromBits(bits: string): Buffer {
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((octet) => Number.parseInt(octet, 2)));
}

/** RFC 7541, section 5.1: behind the bits that `first` has set already. */
export function integer(value: number, prefixBits: number, first: number): Buffer {
  const most = 2 ** prefixBits - 1;
  if (value < most) return Buffer.of(first | value);
  const bytes = [first | most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

/** RFC 7541, section 5.2 */
export function octets(value: string, isCoded: boolean): Buffer {
  const bytes = isCoded ? huffman(value) : Buffer.from(value, "latin1");
  return Buffer.concat([integer(bytes.length, 7, isCoded ? 0x80 : 0), bytes]);
}

type Field = readonly [name: string, value: string];

/** RFC 7541, section 6 */
export type Step =
  | { readonly kind: "field"; readonly field: Field; readonly isCoded: boolean; readonly as: As }
  | { readonly kind: "size"; readonly bytes: number };
export type As = "added" | "plain" | "never" | "indexed";

const FIRST_OWN = 62;
const OVERHEAD = 32;
const FORMS = { added: [6, 0x40], plain: [4, 0x00], never: [4, 0x10] } as const;

/** An encoder with a table of its own, which does as it is told; what the table lacks is literal. */
export class HpackEncoder {
  #table: Field[] = [];
  #maxBytes = 4096;

  encode(steps: readonly Step[]): Buffer {
    return Buffer.concat(steps.map((step) => this.#step(step)));
  }

  #step(step: Step): Buffer {
    if (step.kind === "size") {
      this.#maxBytes = step.bytes;
      this.#evict();
      return integer(step.bytes, 5, 0x20);
    }
    const { field, isCoded } = step;
    const whole = this.#table.findIndex(([name, value]) => name === field[0] && value === field[1]);
    if (step.as === "indexed" && whole >= 0) return integer(whole + FIRST_OWN, 7, 0x80);
    const as = step.as === "indexed" ? "added" : step.as;
    const [bits, first] = FORMS[as];
    const named = this.#table.findIndex(([name]) => name === field[0]);
    const name = named < 0 ? octets(field[0], isCoded) : Buffer.alloc(0);
    const index = integer(named < 0 ? 0 : named + FIRST_OWN, bits, first);
    if (as === "added") {
      this.#table.unshift(field);
      this.#evict();
    }
    return Buffer.concat([index, name, octets(field[1], isCoded)]);
  }

  #evict(): void {
    const size = () =>
      this.#table.reduce((sum, [name, value]) => sum + name.length + value.length + OVERHEAD, 0);
    while (size() > this.#maxBytes) this.#table.pop();
  }
}
