/** Numbers for people: few digits, the unit always named, the same width from tick to tick. */

export interface Quantity {
  value: string;
  unit: string;
}

const locale = "en-US";
const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const compactFormat = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });

/** count writes a whole number with thousands separators. */
export const count = (n: number): string => whole.format(Math.round(n));

/** compact writes large numbers short: 12.3K. */
export const compact = (n: number): string => (Math.abs(n) < 10_000 ? count(n) : compactFormat.format(n));

/** rate writes a number per second with three significant digits at most. */
export function rate(n: number): string {
  if (n === 0) return "0";
  if (Math.abs(n) < 10) return n.toFixed(2);
  if (Math.abs(n) < 100) return n.toFixed(1);
  return compact(n);
}

/** micros splits microseconds into a value of three digits and its unit. */
export function micros(us: number | null | undefined): Quantity {
  if (us === null || us === undefined || !Number.isFinite(us)) return { value: "–", unit: "" };
  if (us < 1_000) return { value: whole.format(us), unit: "µs" };
  if (us < 1_000_000) return { value: three(us / 1_000), unit: "ms" };
  return { value: three(us / 1_000_000), unit: "s" };
}

function three(n: number): string {
  if (n < 10) return n.toFixed(2);
  if (n < 100) return n.toFixed(1);
  return whole.format(n);
}

/** time writes microseconds with their unit. */
export function time(us: number | null | undefined): string {
  const q = micros(us);
  return q.unit ? `${q.value} ${q.unit}` : q.value;
}

/** axisTime writes microseconds for an axis: no needless decimals. */
export function axisTime(us: number): string {
  if (us === 0) return "0";
  if (us < 1_000) return `${trim(us)} µs`;
  if (us < 1_000_000) return `${trim(us / 1_000)} ms`;
  return `${trim(us / 1_000_000)} s`;
}

const trim = (n: number): string => String(Number(n.toPrecision(3)));

/** percent writes a ratio 0–1; a share that is not whole never rounds to 0 % or 100 %. */
export function percent(ratio: number | null | undefined): string {
  if (ratio === null || ratio === undefined || !Number.isFinite(ratio)) return "–";
  const p = ratio * 100;
  if (p === 0) return "0%";
  if (p === 100) return "100%";
  if (p < 0.01) return "<0.01%";
  if (p > 99.99) return ">99.99%";
  if (p < 1 || p > 99) return `${p.toFixed(2)}%`;
  return `${p.toFixed(1)}%`;
}

/** span writes seconds as a clock reading people can follow: 8 s, 2:05, 1:02:03. */
export function span(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  const two = (n: number): string => String(n).padStart(2, "0");
  if (s < 3600) return `${Math.floor(s / 60)}:${two(s % 60)}`;
  return `${Math.floor(s / 3600)}:${two(Math.floor((s % 3600) / 60))}:${two(s % 60)}`;
}

/** bytes writes a size in binary units. */
export function bytes(n: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let i = 0;
  while (n >= 1024 && i < units.length - 1) {
    n /= 1024;
    i++;
  }
  return `${i === 0 ? whole.format(n) : three(n)} ${units[i]}`;
}

/** ratio writes candidate ÷ baseline as a signed percentage: +30%. */
export function change(ratio: number): string {
  const p = (ratio - 1) * 100;
  const digits = Math.abs(p) < 10 ? 1 : 0;
  const text = Math.abs(p).toFixed(digits);
  if (Number(text) === 0) return "±0%";
  return `${p > 0 ? "+" : "−"}${text}%`;
}

const dateFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** date writes an RFC 3339 instant in the reader's own zone; an empty one as a dash. */
export function date(rfc3339: string): string {
  const d = new Date(rfc3339);
  if (!rfc3339 || Number.isNaN(d.getTime()) || d.getTime() <= 0) return "–";
  return dateFormat.format(d);
}

/** endpointParts splits "GET /items/{id}" into method and path. */
export function endpointParts(name: string): { method: string; path: string } {
  const m = /^([A-Z]+) (.*)$/.exec(name);
  return m ? { method: m[1] ?? "", path: m[2] ?? "" } : { method: "", path: name };
}

/** plural chooses the word that fits the number. */
export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;
