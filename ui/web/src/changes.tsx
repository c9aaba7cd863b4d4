import { useState } from "preact/hooks";
import type { ContentChange, EndpointChange, LatencyChange, Report } from "./api";
import * as f from "./format";
import { EndpointName, Message, VerdictBadge } from "./parts";

const rank = { regression: 0, improvement: 1, inconclusive: 2, equivalent: 3 } as const;

/** Changes lists the endpoints, the changed ones first, each figure with its interval on one common scale. */
export function Changes({ report }: { report: Report }) {
  const [all, setAll] = useState(false);
  const sorted = [...report.endpoints].sort((a, b) => rank[a.verdict] - rank[b.verdict] || a.name.localeCompare(b.name));
  const changed = sorted.filter((e) => e.verdict === "regression" || e.verdict === "improvement");
  const shown = all || changed.length === 0 ? sorted : changed;
  const scale = reach(report);
  return (
    <section class="card" data-part="changes">
      <header class="card-head">
        <h2>Response time by endpoint</h2>
        <span class="note">{changed.length > 0 ? `${f.count(changed.length)} of ${f.count(sorted.length)} endpoints changed` : "no endpoint changed"}</span>
        {changed.length > 0 && changed.length < sorted.length && (
          <button type="button" class="button quiet" aria-pressed={all} onClick={() => setAll(!all)}>
            {all ? "Only changed" : "Show all"}
          </button>
        )}
      </header>
      {sorted.length === 0 ? (
        <Message title="Nothing to compare">No stretch of either run can be set against the other; the notes below say why.</Message>
      ) : (
        <div class="forest" role="list">
          <Axis scale={scale} />
          {report.global.length > 0 && <Item name="" rows={report.global} scale={scale} />}
          {shown.map((e) => (
            <Item key={e.name} name={e.name} change={e} rows={e.latency} scale={scale} />
          ))}
          <p class="forest-note">Each mark is the change of the candidate, its bar the 95% interval. A change within the shaded band does not matter.</p>
        </div>
      )}
    </section>
  );
}

function Item(p: { name: string; change?: EndpointChange; rows: LatencyChange[]; scale: number }) {
  return (
    <div class="forest-item" role="listitem">
      <div class="forest-name">
        {p.name ? <EndpointName name={p.name} /> : <span>Shared by all endpoints</span>}
        {p.change && <VerdictBadge verdict={p.change.verdict} />}
        {p.change && others(p.change).map((text) => <span class="cell-note" key={text}>{text}</span>)}
        {p.change && (
          <span class="cell-note num">
            {f.count(p.change.baseline.requests)} → {f.count(p.change.candidate.requests)} requests
          </span>
        )}
      </div>
      <div class="forest-rows">
        {p.rows.length === 0 && <span class="note">Too few requests to judge its response time.</span>}
        {p.rows.map((x) => (
          <div class={`forest-row ${x.verdict}`} key={x.figure}>
            <span class="measure">{x.figure}</span>
            <Interval change={x} scale={p.scale} />
            <span class="num effect">{f.change(1 + x.change_ratio)}</span>
            <span class="num from-to">{x.baseline_us > 0 && `${f.time(x.baseline_us)} → ${f.time(x.candidate_us)}`}</span>
          </div>
        ))}
      </div>
    </div>
  );
}

/** others says what besides the response time decided the verdict; the parts below tell it in full. */
function others(e: EndpointChange): string[] {
  const body = e.content.filter((c) => c.breaking).length;
  const errors = e.errors.filter((x) => x.verdict === "regression" || x.verdict === "improvement").length;
  return [body > 0 ? `${f.plural(body, "body field")} changed` : "", errors > 0 ? `${f.plural(errors, "kind")} of error changed` : ""].filter(Boolean);
}

/** place maps a relative change to 0–100 on a symmetric log scale that ends at ÷scale and ×scale. */
const place = (change: number, scale: number): number =>
  Math.min(100, Math.max(0, 50 + (50 * Math.log(Math.max(1e-6, 1 + change))) / Math.log(scale)));

/** reach is the end of the common scale: the farthest interval, at least ×1.25 and at most ×8. */
function reach(report: Report): number {
  let far = 1.25;
  for (const x of [...report.global, ...report.endpoints.flatMap((e) => e.latency)])
    far = Math.max(far, 1 + x.high_ratio, 1 / Math.max(0.1, 1 + x.low_ratio));
  return Math.min(8, far * 1.08);
}

function Interval({ change: x, scale }: { change: LatencyChange; scale: number }) {
  const low = place(x.low_ratio, scale);
  const high = place(x.high_ratio, scale);
  const text = `${f.change(1 + x.change_ratio)}, interval ${f.change(1 + x.low_ratio)} to ${f.change(1 + x.high_ratio)}`;
  return (
    <span class="interval" role="img" aria-label={text} title={text}>
      <i class="band" style={{ left: `${place(1 / (1 + x.limit_ratio) - 1, scale)}%`, right: `${100 - place(x.limit_ratio, scale)}%` }} />
      <i class="zero" />
      <i class="bar" style={{ left: `${low}%`, width: `${Math.max(0.4, high - low)}%` }} />
      <i class="point" style={{ left: `${place(x.change_ratio, scale)}%` }} />
    </span>
  );
}

const fine = [1 / 2, 1 / 1.5, 1 / 1.2, 1, 1.2, 1.5, 2];
const coarse = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8];

function Axis({ scale }: { scale: number }) {
  const steps = (scale > 2.5 ? coarse : fine).filter((r) => r < scale && r > 1 / scale);
  return (
    <div class="forest-axis" aria-hidden="true">
      <span />
      <div class="forest-row">
        <span />
        <span class="interval-axis">
          {steps.map((r) => (
            <span key={r} class="num" style={{ left: `${place(r - 1, scale)}%` }}>{r === 1 ? "same" : f.change(r)}</span>
          ))}
        </span>
        <span />
        <span />
      </div>
    </div>
  );
}

const share = (x: number, of: number): number => (of > 0 ? x / of : 0);

const Shares = ({ base, cand }: { base: number; cand: number }) => (
  <span class="shares num">
    {f.percent(base)} → <b>{f.percent(cand)}</b>
  </span>
);

const signs: Record<ContentChange["kind"], string> = { "type changed": "type", disappeared: "gone", appeared: "new", "share changed": "share" };

/** ContentChanges lists features of bodies that came, went, or changed. */
export function ContentChanges({ endpoints }: { endpoints: EndpointChange[] }) {
  const list = endpoints.flatMap((e) => e.content.map((c) => ({ ...c, endpoint: e.name }))).sort((a, b) => Number(b.breaking) - Number(a.breaking));
  return (
    <section class="card" data-part="content">
      <header class="card-head">
        <h2>Body fields</h2>
        <span class="note">share of answers that have them</span>
      </header>
      {list.length === 0 ? (
        <Message title="No field changed">Both releases answer with bodies of the same shape.</Message>
      ) : (
        <ul class="diffs">
          {list.map((c) => (
            <li key={`${c.endpoint} ${c.feature} ${c.kind}`}>
              <span class={`sign ${c.breaking ? "gone" : "new"}`} title={c.breaking ? "A client may depend on what is gone" : undefined}>{signs[c.kind]}</span>
              <span class="diff-what">
                <code>{c.feature}</code>
                {c.was && c.now ? <span class="note">{c.was} → {c.now}</span> : null}
                <EndpointName name={c.endpoint} />
              </span>
              <Shares base={share(c.baseline, c.baseline_of)} cand={share(c.candidate, c.candidate_of)} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** ErrorChanges lists the kinds of error that became more or less frequent. */
export function ErrorChanges({ endpoints }: { endpoints: EndpointChange[] }) {
  const list = endpoints
    .flatMap((e) => e.errors.map((x) => ({ ...x, endpoint: e.name })))
    .filter((x) => x.verdict === "regression" || x.verdict === "improvement");
  return (
    <section class="card" data-part="errors">
      <header class="card-head">
        <h2>Errors</h2>
        <span class="note">share of exchanges</span>
      </header>
      {list.length === 0 ? (
        <Message title="No error changed">Both releases fail as often, in the same ways.</Message>
      ) : (
        <ul class="diffs">
          {list.map((x) => (
            <li key={`${x.endpoint} ${x.class}`}>
              <span class={`sign ${x.verdict === "regression" ? "gone" : "new"}`}>{x.verdict === "regression" ? (x.new ? "new" : "more") : "fewer"}</span>
              <span class="diff-what">
                <span>{x.class}</span>
                <EndpointName name={x.endpoint} />
              </span>
              <Shares base={share(x.baseline, x.baseline_of)} cand={share(x.candidate, x.candidate_of)} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
