import { useState } from "preact/hooks";
import type { Comparison, Effect, EndpointChange, FieldChange, StatusChange } from "./api";
import * as f from "./format";
import { EndpointName, Message, VerdictBadge } from "./parts";

const rank = { regression: 0, improvement: 1, inconclusive: 2, equivalent: 3 } as const;

/** Changes lists the endpoints, the changed ones first, each effect with its interval on one common scale. */
export function Changes({ comparison: c }: { comparison: Comparison }) {
  const [all, setAll] = useState(false);
  const sorted = [...c.endpoints].sort((a, b) => rank[a.verdict] - rank[b.verdict] || a.name.localeCompare(b.name));
  const changed = sorted.filter((e) => e.verdict === "regression" || e.verdict === "improvement");
  const shown = all || changed.length === 0 ? sorted : changed;
  const scale = reach(c);
  return (
    <section class="card" data-part="changes">
      <header class="card-head">
        <h2>Endpoints</h2>
        <span class="note">
          {changed.length > 0 ? `${f.count(changed.length)} of ${f.count(sorted.length)} changed` : "none changed"}
        </span>
        {changed.length > 0 && changed.length < sorted.length && (
          <button type="button" class="button quiet" aria-pressed={all} onClick={() => setAll(!all)}>
            {all ? "Only changed" : "Show all"}
          </button>
        )}
      </header>
      {sorted.length === 0 ? (
        <Message title="Nothing to compare">The two runs have no endpoint in common.</Message>
      ) : (
        <div class="forest" role="list">
          <Axis scale={scale} />
          {shown.map((e) => (
            <Change key={e.name} change={e} c={c} scale={scale} />
          ))}
          <p class="forest-note">
            Candidate ÷ baseline with its {Math.round(c.confidence * 100)}% interval. Inside the shaded band ({f.change(c.margin.low)} to {f.change(c.margin.high)}) counts as the same.
          </p>
        </div>
      )}
    </section>
  );
}

function Change({ change: e, c, scale }: { change: EndpointChange; c: Comparison; scale: number }) {
  return (
    <div class="forest-item" role="listitem">
      <div class="forest-name">
        <EndpointName name={e.name} />
        <VerdictBadge verdict={e.verdict} />
        {e.reasons.map((r) => (
          <span class="cell-note" key={r}>{r}</span>
        ))}
      </div>
      <div class="forest-rows">
        {e.effects.map((x) => (
          <div class={`forest-row ${x.verdict}`} key={x.measure}>
            <span class="measure">{x.measure}</span>
            <Interval effect={x} c={c} scale={scale} />
            <span class="num effect">{f.change(x.ratio)}</span>
            <span class="num from-to">
              {f.time(x.base_us)} → {f.time(x.cand_us)}
            </span>
          </div>
        ))}
      </div>
    </div>
  );
}

/** place maps a ratio to 0–100 on a symmetric log scale that ends at ÷scale and ×scale. */
const place = (ratio: number, scale: number): number =>
  Math.min(100, Math.max(0, 50 + (50 * Math.log(ratio)) / Math.log(scale)));

/** reach is the end of the common scale: the farthest interval, at least ×1.25 and at most ×8. */
function reach(c: Comparison): number {
  let far = Math.max(1.25, c.margin.high, 1 / c.margin.low);
  for (const e of c.endpoints)
    for (const x of e.effects) if (x.low > 0) far = Math.max(far, x.high, 1 / x.low);
  return Math.min(8, far * 1.08);
}

function Interval({ effect: x, c, scale }: { effect: Effect; c: Comparison; scale: number }) {
  const low = place(x.low, scale);
  const high = place(x.high, scale);
  const text = `${f.change(x.ratio)}, interval ${f.change(x.low)} to ${f.change(x.high)}`;
  return (
    <span class="interval" role="img" aria-label={text} title={text}>
      <i class="band" style={{ left: `${place(c.margin.low, scale)}%`, right: `${100 - place(c.margin.high, scale)}%` }} />
      <i class="zero" />
      <i class="bar" style={{ left: `${low}%`, width: `${Math.max(0.4, high - low)}%` }} />
      <i class="point" style={{ left: `${place(x.ratio, scale)}%` }} />
    </span>
  );
}

function Axis({ scale }: { scale: number }) {
  const steps = [1 / 8, 1 / 4, 1 / 2, 1 / 1.5, 1 / 1.2, 1, 1.2, 1.5, 2, 4, 8].filter((r) => r <= scale * 1.001 && r >= 1 / scale / 1.001);
  const thin = scale > 2.5 ? steps.filter((r) => [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8].includes(r)) : steps;
  return (
    <div class="forest-axis" aria-hidden="true">
      <span />
      <div class="forest-row">
        <span />
        <span class="interval-axis">
          {thin.map((r) => (
            <span key={r} class="num" style={{ left: `${place(r, scale)}%` }}>{r === 1 ? "same" : f.change(r)}</span>
          ))}
        </span>
        <span />
        <span />
      </div>
    </div>
  );
}

const Shares = ({ base, cand }: { base: number; cand: number }) => (
  <span class="shares num">
    {f.percent(base)} → <b>{f.percent(cand)}</b>
  </span>
);

/** FieldChanges lists features of bodies that came, went or became rarer. */
export function FieldChanges({ fields }: { fields: FieldChange[] }) {
  return (
    <section class="card" data-part="fields">
      <header class="card-head">
        <h2>Body fields</h2>
        <span class="note">share of answers that have them</span>
      </header>
      {fields.length === 0 ? (
        <Message title="No field changed">Both releases answer with bodies of the same shape.</Message>
      ) : (
        <ul class="diffs">
          {fields.map((d) => (
            <li key={`${d.endpoint} ${d.field}`}>
              <span class={`sign ${d.cand_share < d.base_share ? "gone" : "new"}`}>{d.cand_share === 0 ? "gone" : d.base_share === 0 ? "new" : d.cand_share < d.base_share ? "rarer" : "more"}</span>
              <span class="diff-what">
                <code>{d.field}</code>
                <EndpointName name={d.endpoint} />
              </span>
              <Shares base={d.base_share} cand={d.cand_share} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** StatusChanges lists status codes whose share differs. */
export function StatusChanges({ statuses }: { statuses: StatusChange[] }) {
  return (
    <section class="card" data-part="statuses">
      <header class="card-head">
        <h2>Status codes</h2>
        <span class="note">share of answers</span>
      </header>
      {statuses.length === 0 ? (
        <Message title="No status changed">Both releases answer with the same status codes.</Message>
      ) : (
        <ul class="diffs">
          {statuses.map((d) => (
            <li key={`${d.endpoint} ${d.status}`}>
              <span class={`sign ${d.cand_share < d.base_share ? "gone" : "new"}`}>{d.status}</span>
              <span class="diff-what">
                <EndpointName name={d.endpoint} />
              </span>
              <Shares base={d.base_share} cand={d.cand_share} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
