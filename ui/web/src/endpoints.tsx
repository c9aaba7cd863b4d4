import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Endpoint, Summary } from "./api";
import * as f from "./format";
import { EndpointName, Message } from "./parts";

type Row = Endpoint;
interface Column {
  key: string;
  label: string;
  /** What the column is sorted by. */
  by: (r: Row) => number | string;
  cell: (r: Row) => ComponentChildren;
  text?: boolean;
}

const acts = (r: Row): number => r.requests + r.skipped;
const failed = (r: Row): number => (r.requests > 0 ? r.failures / r.requests : 0);

const columns: Column[] = [
  { key: "name", label: "Endpoint", by: (r) => f.endpointParts(r.name).path, cell: (r) => <EndpointName name={r.name} />, text: true },
  { key: "requests", label: "Requests", by: (r) => r.requests, cell: (r) => f.count(r.requests) },
  {
    key: "failures",
    label: "Failures",
    by: (r) => r.failures,
    cell: (r) => (r.failures > 0 ? <span class="bad-text">{f.count(r.failures)} <small>{f.percent(failed(r))}</small></span> : "0"),
  },
  { key: "rps", label: "Requests/s", by: (r) => r.rps, cell: (r) => f.rate(r.rps) },
  { key: "p50", label: "p50", by: (r) => r.response_time_us.p50, cell: (r) => f.time(r.requests ? r.response_time_us.p50 : null) },
  { key: "p95", label: "p95", by: (r) => r.response_time_us.p95, cell: (r) => f.time(r.requests ? r.response_time_us.p95 : null) },
  { key: "p99", label: "p99", by: (r) => r.response_time_us.p99, cell: (r) => f.time(r.requests ? r.response_time_us.p99 : null) },
  { key: "match", label: "Outcome match", by: (r) => (acts(r) ? r.outcome_match : 2), cell: (r) => <Match share={acts(r) ? r.outcome_match : null} /> },
];

function Match({ share }: { share: number | null }) {
  if (share === null) return <>–</>;
  return (
    <span class={share < 0.99 ? "match low" : "match"}>
      {f.percent(share)}
      <i class="bar" aria-hidden="true">
        <i style={{ width: `${share * 100}%` }} />
      </i>
    </span>
  );
}

/** Spread draws p50 to p99 on a scale that all rows share, so that slow and ragged endpoints stand out. */
function Spread({ row, low, high }: { row: Row; low: number; high: number }) {
  if (row.requests === 0) return null;
  const at = (us: number): number => (100 * Math.log(Math.max(us, low) / low)) / Math.log(high / low);
  const q = row.response_time_us;
  return (
    <i class="spread" title={`p50 ${f.time(q.p50)}, p95 ${f.time(q.p95)}, p99 ${f.time(q.p99)}`} aria-hidden="true">
      <i class="range" style={{ left: `${at(q.p50)}%`, width: `${Math.max(1, at(q.p99) - at(q.p50))}%` }} />
      <i class="tick p50" style={{ left: `${at(q.p50)}%` }} />
      <i class="tick p95" style={{ left: `${at(q.p95)}%` }} />
      <i class="tick p99" style={{ left: `${at(q.p99)}%` }} />
    </i>
  );
}

/** Endpoints is the sortable table of a run, its total in the last row. */
export function Endpoints({ summary }: { summary: Summary }) {
  const [sort, setSort] = useState<{ key: string; down: boolean }>({ key: "requests", down: true });
  const [unfolded, setUnfolded] = useState(false);
  const parts = summary.endpoints.filter((e) => e.asset);
  const folded = parts.length > 1 && !unfolded;
  const rows = useMemo(() => order(summary.endpoints.filter((e) => !(folded && e.asset)), sort), [summary.endpoints, sort, folded]);
  const busy = summary.endpoints.filter((e) => e.requests > 0);
  const low = Math.max(1, Math.min(...busy.map((e) => e.response_time_us.p50)) / 1.2);
  const high = Math.max(low * 2, Math.max(...busy.map((e) => e.response_time_us.p99)) * 1.05);
  const click = (c: Column): void => setSort(sort.key === c.key ? { key: c.key, down: !sort.down } : { key: c.key, down: !c.text });

  return (
    <section class="card" data-part="endpoints">
      <header class="card-head">
        <h2>Endpoints</h2>
        <span class="note">{f.count(summary.endpoints.length)}</span>
        {parts.length > 1 && (
          <button type="button" class="button quiet" data-part="assets" aria-pressed={unfolded} onClick={() => setUnfolded(!unfolded)}>
            {`${unfolded ? "Hide" : "Show"} ${f.count(parts.length)} parts of pages (${f.count(parts.reduce((n, e) => n + e.requests, 0))} requests, ${f.count(parts.reduce((n, e) => n + e.failures, 0))} failed)`}
          </button>
        )}
        <label class="sort-select">
          Sort by
          <select value={sort.key} onChange={(e) => setSort({ key: e.currentTarget.value, down: e.currentTarget.value !== "name" })}>
            {columns.map((c) => (
              <option key={c.key} value={c.key}>{c.label}</option>
            ))}
          </select>
        </label>
      </header>
      {rows.length === 0 ? (
        <Message title="No requests yet">Endpoints appear with their first answer.</Message>
      ) : (
        <table class="table endpoints">
          <thead>
            <tr>
              {columns.map((c) => (
                <th key={c.key} scope="col" class={c.text ? "" : "r"} aria-sort={sort.key === c.key ? (sort.down ? "descending" : "ascending") : "none"}>
                  <button type="button" onClick={() => click(c)}>
                    {c.label}
                    <span class="arrow" aria-hidden="true">{sort.key === c.key ? (sort.down ? "↓" : "↑") : ""}</span>
                  </button>
                </th>
              ))}
              <th scope="col" class="spread-col">p50 – p99</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((r) => (
              <EndpointRow key={r.name} row={r}>
                <Spread row={r} low={low} high={high} />
              </EndpointRow>
            ))}
          </tbody>
          {rows.length > 1 && (
            <tfoot>
              <EndpointRow row={{ ...summary, name: "All endpoints" }} />
            </tfoot>
          )}
        </table>
      )}
    </section>
  );
}

function EndpointRow({ row, children }: { row: Row; children?: ComponentChildren }) {
  return (
    <tr>
      {columns.map((c) =>
        c.text ? (
          <th key={c.key} scope="row">{c.cell(row)}</th>
        ) : (
          <td key={c.key} class="r num" data-label={c.label}>{c.cell(row)}</td>
        ),
      )}
      <td class="spread-col">{children}</td>
    </tr>
  );
}

function order(rows: Endpoint[], sort: { key: string; down: boolean }): Endpoint[] {
  const c = columns.find((c) => c.key === sort.key) ?? columns[0]!;
  const sign = sort.down ? -1 : 1;
  return [...rows].sort((a, b) => {
    const x = c.by(a);
    const y = c.by(b);
    const order = typeof x === "string" || typeof y === "string" ? String(x).localeCompare(String(y)) : x - y;
    return sign * order || a.name.localeCompare(b.name);
  });
}
