import { useState } from "preact/hooks";
import { api, type RunRow } from "../api";
import * as f from "../format";
import { Warn } from "../icons";
import { useLoad } from "../load";
import { FaithfulText, Loading, Message, ValidityText } from "../parts";
import { toCompare, toRun } from "../router";

/** RunsPage lists the run files of the folder, newest first, and picks two to compare. */
export function RunsPage() {
  const { data, error } = useLoad("runs", api.runs);
  const [picked, setPicked] = useState<string[]>([]);
  const pick = (name: string): void =>
    setPicked(picked.includes(name) ? picked.filter((n) => n !== name) : [...picked, name].slice(-2));

  if (error) return <Message tone="bad" title="The runs cannot be listed">{error}</Message>;
  if (!data) return <Loading what="runs" />;
  const order = data.runs.filter((r) => picked.includes(r.name)).map((r) => r.name);
  const [cand = "", base = ""] = order;
  return (
    <>
      <div class="page-head">
        <div>
          <h1>Runs</h1>
          <p class="sub">
            {f.plural(data.runs.length, "run file")} in <code>{data.dir}</code>
          </p>
        </div>
        {data.runs.length > 1 && (
          <div class="page-actions">
            <span class="note" role="status">{picked.length === 2 ? "The older of the two is the baseline." : "Pick two runs to compare."}</span>
            {picked.length === 2 ? (
              <a class="button solid" href={toCompare(base, cand)}>Compare</a>
            ) : (
              <button type="button" class="button solid" disabled>Compare</button>
            )}
          </div>
        )}
      </div>
      {data.runs.length === 0 ? (
        <Message title="No runs yet">
          <p>
            A replay writes its results to a run file: <code>starling replay NAME.model --target URL -o NAME.run.zst</code>
          </p>
        </Message>
      ) : (
        <section class="card">
          <table class="table runs">
            <thead>
              <tr>
                <th scope="col"><span class="hidden">Compare</span></th>
                <th scope="col">Run</th>
                <th scope="col">Started</th>
                <th scope="col" class="r">Duration</th>
                <th scope="col" class="r">Users</th>
                <th scope="col" class="r">Requests</th>
                <th scope="col" class="r">Requests/s</th>
                <th scope="col" class="r">Failures</th>
                <th scope="col" class="r">p50</th>
                <th scope="col" class="r">p99</th>
                <th scope="col">Validity</th>
              </tr>
            </thead>
            <tbody>
              {data.runs.map((r) => (
                <Row key={r.name} row={r} picked={picked.includes(r.name)} pick={() => pick(r.name)} />
              ))}
            </tbody>
          </table>
        </section>
      )}
    </>
  );
}

function Row({ row, picked, pick }: { row: RunRow; picked: boolean; pick: () => void }) {
  const s = row.summary;
  const cells: [string, string][] = s
    ? [
        ["Duration", f.span(s.duration_s)],
        ["Users", f.count(s.users_max)],
        ["Requests", f.count(s.requests)],
        ["Requests/s", f.rate(s.rps)],
        ["Failures", f.percent(s.requests ? s.failures / s.requests : 0)],
        ["p50", f.time(s.requests ? s.p50_us : null)],
        ["p99", f.time(s.requests ? s.p99_us : null)],
      ]
    : [];
  return (
    <tr class={picked ? "picked" : ""}>
      <td class="pick">
        {s && <input type="checkbox" checked={picked} onChange={pick} aria-label={`Pick ${row.name} to compare`} />}
      </td>
      <th scope="row">
        <a href={toRun(row.name)}>{row.name}</a>
        <span class="cell-note">{row.run ? [row.run.target, row.run.model].filter(Boolean).join(" · ") : f.bytes(row.size_bytes)}</span>
        {row.problem && (
          <span class="cell-note warn-text">
            <Warn />
            {row.problem}
          </span>
        )}
      </th>
      <td class="nowrap" data-label="Started">{row.run ? f.date(row.run.started_at) : f.date(row.modified)}</td>
      {s ? cells.map(([label, text]) => <td key={label} class="r num" data-label={label}>{text}</td>) : <td colSpan={7} class="dim">no results</td>}
      <td data-label="Validity">
        {s && <ValidityText verdict={s.verdict} />} {s?.faithful && <FaithfulText verdict={s.faithful} />}
      </td>
    </tr>
  );
}
