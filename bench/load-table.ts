import type { Round } from "./load.ts";
import { type Machine, machineLine } from "./machine.ts";
import { type Spread, spreadOf } from "./statistics.ts";
import { LABELS } from "./ways.ts";

/** What `bench/load.ts` found; `raw` is every round. */
export interface LoadResult {
  readonly machine: Machine;
  readonly blocks: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly concurrency: number;
  readonly rate: number;
  /** Whether the cores were kept from sleeping. */
  readonly awake: boolean;
  readonly ways: readonly string[];
  readonly absent: { readonly [way: string]: string };
  readonly starts: readonly { readonly way: string; readonly ms: number }[];
  readonly raw: readonly Round[];
}

const NONE = "–";
/** What others are compared with. */
const FULL = "impedance";

export function printLoad(result: LoadResult): void {
  const { machine, blocks, rounds, seconds, concurrency, rate, awake, ways, absent, raw } = result;
  console.log(machineLine(machine));
  console.log(
    `${blocks} blocks of ${rounds} rounds of ${seconds} s, Envoy concurrency ${concurrency}; ` +
      `open loop ${rate} calls/s; ${awake ? "cores kept awake; " : ""}median (least–most)\n`,
  );
  console.log(
    "| bytes | connections | way | calls/s | p50 ms | p99 ms | CPU µs a call: service | Envoy | " +
      "server | memory of the service, MiB | most |",
  );
  console.log(`|--:|--:|---|${"--:|".repeat(8)}`);
  for (const [size, connections] of scenariosOf(raw)) {
    for (const way of ways) {
      const rows = raw.filter(
        (row) => row.size === size && row.connections === connections && row.way === way,
      );
      console.log(rowText([size, String(connections ?? "open"), LABELS[way] ?? way], rows));
    }
  }
  console.log("");
  for (const [way, why] of Object.entries(absent)) console.log(`${way}: not measured, ${why}`);
  printStarts(result);
  printRatios(result);
}

function rowText(names: readonly string[], rows: readonly Round[]): string {
  const of = (pick: (row: Round) => number | null, digits: number) => {
    const values = rows.map(pick).filter((value) => value !== null);
    return values.length === 0 ? NONE : shown(spreadOf(values), digits);
  };
  const cells = [
    of((row) => row.calls_per_second, 0),
    of((row) => row.p50_ms, 2),
    of((row) => row.p99_ms, 2),
    of((row) => row.cpu_us.service, 0),
    of((row) => row.cpu_us.envoy, 0),
    of((row) => row.cpu_us.server, 0),
    of((row) => row.rss_mib, 0),
    of((row) => row.peak_mib, 0),
  ];
  return `| ${[...names, ...cells].join(" | ")} |`;
}

function printStarts({ starts }: LoadResult): void {
  const times = starts.filter(({ way }) => way === FULL).map(({ ms }) => ms);
  if (times.length > 0) console.log(`start to ready, ms: ${shown(spreadOf(times), 0)}`);
}

/** Each round beside the same round of the other way: the machine's mood cancels out. */
function printRatios({ ways, raw }: LoadResult): void {
  if (!ways.includes(FULL)) return;
  console.log("\n| bytes | connections | Impedance against | throughput × | added p50 × |");
  console.log("|--:|--:|---|--:|--:|");
  for (const [size, connections] of scenariosOf(raw)) {
    const rounds = (way: string) =>
      raw.filter((row) => row.size === size && row.connections === connections && row.way === way);
    const [full, direct] = [rounds(FULL), rounds("direct")];
    for (const way of ways.filter((name) => name !== FULL)) {
      const other = rounds(way);
      const throughput = full.map(
        (row, at) => row.calls_per_second / (other[at]?.calls_per_second ?? Number.NaN),
      );
      const added = full.map((row, at) => {
        const base = direct[at]?.p50_ms ?? Number.NaN;
        return (row.p50_ms - base) / ((other[at]?.p50_ms ?? Number.NaN) - base);
      });
      const cells = [throughput, way === "direct" ? [] : added].map(ratioText);
      const about = [size, String(connections ?? "open"), LABELS[way] ?? way];
      console.log(`| ${[...about, ...cells].join(" | ")} |`);
    }
  }
}

function ratioText(values: readonly number[]): string {
  const known = values.filter(Number.isFinite);
  return known.length === 0 ? NONE : shown(spreadOf(known), 2);
}

function scenariosOf(raw: readonly Round[]): readonly (readonly [string, number | null])[] {
  const seen = new Map(
    raw.map(({ size, connections }) => [`${size} ${connections}`, [size, connections] as const]),
  );
  return [...seen.values()];
}

function shown({ median, min, max }: Spread, digits: number): string {
  const text = (value: number) => value.toFixed(digits);
  return `${text(median)} (${text(min)}–${text(max)})`;
}
