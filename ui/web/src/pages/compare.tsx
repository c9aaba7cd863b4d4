import { useMemo, useState } from "preact/hooks";
import { api, type Comparison, type Curve, type RunRow, type Verdict } from "../api";
import { Chart, type Series } from "../chart";
import { Changes, ContentChanges, ErrorChanges } from "../changes";
import * as f from "../format";
import { Swap, Warn } from "../icons";
import { useLoad } from "../load";
import { Loading, Message, Reasons, VerdictBadge } from "../parts";
import { toCompare, toRun } from "../router";

/** ComparePage chooses two runs and shows what the candidate changed. */
export function ComparePage({ base, cand }: { base: string; cand: string }) {
  const { data, error } = useLoad("runs", api.runs);
  if (error) return <Message tone="bad" title="The runs cannot be listed">{error}</Message>;
  if (!data) return <Loading what="runs" />;
  const usable = data.runs.filter((r) => r.summary !== null);
  return (
    <>
      <div class="page-head">
        <div>
          <h1>Compare</h1>
          <p class="sub">Is the candidate slower, faster or just different?</p>
        </div>
      </div>
      {usable.length < 2 ? (
        <Message title="Two runs are needed">Replay the same model against the old and the new release, each with its own run file.</Message>
      ) : (
        <>
          <Picker runs={usable} base={base} cand={cand} />
          <Chosen base={base} cand={cand} />
        </>
      )}
    </>
  );
}

function Picker({ runs, base, cand }: { runs: RunRow[]; base: string; cand: string }) {
  const go = (b: string, c: string): void => {
    location.hash = toCompare(b, c);
  };
  const choice = (id: string, label: string, value: string, set: (name: string) => void) => (
    <label class={`picker-run ${id}`}>
      <span>
        <i class={id === "base" ? "swatch dashed" : "swatch"} />
        {label}
      </span>
      <select name={id} value={value} onChange={(e) => set(e.currentTarget.value)}>
        <option value="">Choose a run…</option>
        {runs.map((r) => (
          <option key={r.name} value={r.name}>{r.name}</option>
        ))}
      </select>
    </label>
  );
  return (
    <section class="card picker">
      {choice("base", "Baseline", base, (n) => go(n, cand))}
      <button type="button" class="icon-button" aria-label="Swap baseline and candidate" title="Swap baseline and candidate" onClick={() => go(cand, base)}>
        <Swap />
      </button>
      {choice("cand", "Candidate", cand, (n) => go(base, n))}
    </section>
  );
}

function Chosen({ base, cand }: { base: string; cand: string }) {
  if (!base || !cand) return <Message title="Choose two runs">The baseline is the old release, the candidate the new one.</Message>;
  if (base === cand) return <Message title="These are the same run">Choose another one as the candidate.</Message>;
  return <Result key={`${base}\n${cand}`} base={base} cand={cand} />;
}

function Result({ base, cand }: { base: string; cand: string }) {
  const { data, error } = useLoad(`${base}\n${cand}`, (signal) => api.compare(base, cand, signal));
  if (error) return <Message tone="bad" title="These runs cannot be compared">{error}</Message>;
  if (!data) return <Loading what="the comparison" />;
  return (
    <>
      <VerdictCard c={data} />
      <Changes report={data.report} />
      <Overlay curves={data.curves} />
      <div class="pair">
        <ContentChanges endpoints={data.report.endpoints} />
        <ErrorChanges endpoints={data.report.endpoints} />
      </div>
      <Notes notes={data.report.notes} />
    </>
  );
}

const sentences: Record<Verdict, string> = {
  regression: "The candidate got worse.",
  improvement: "The candidate got better.",
  equivalent: "The candidate behaves like the baseline.",
  inconclusive: "The evidence does not decide.",
};

/** The evidence lists no more changes than one reads; the rest is in the parts below. */
const toldChanges = 6;

function VerdictCard({ c }: { c: Comparison }) {
  const { verdict, changes } = c.report;
  const b = c.base.summary;
  const n = c.cand.summary;
  const share = (s: NonNullable<typeof b>): number => (s.requests ? s.failures / s.requests : 0);
  return (
    <section class={`card verdict ${verdict}`} data-part="verdict">
      <div class="verdict-text">
        <VerdictBadge verdict={verdict} large />
        <h2>{sentences[verdict]}</h2>
        {changes.length > 0 && <Reasons reasons={changes.slice(0, toldChanges)} />}
        {changes.length > toldChanges && <p class="note">and {f.plural(changes.length - toldChanges, "more change")} below</p>}
      </div>
      {b && n && (
        <table class="table versus">
          <thead>
            <tr>
              <td />
              <th scope="col" class="r"><a href={toRun(c.base.name)}>Baseline</a></th>
              <th scope="col" class="r"><a href={toRun(c.cand.name)}>Candidate</a></th>
              <th scope="col" class="r">Change</th>
            </tr>
          </thead>
          <tbody>
            <Versus label="Requests" base={f.count(b.requests)} cand={f.count(n.requests)} />
            <Versus label="Failures" base={f.percent(share(b))} cand={f.percent(share(n))} />
            <Versus label="Response p50" base={f.time(b.p50_us)} cand={f.time(n.p50_us)} ratio={n.p50_us / b.p50_us} />
            <Versus label="Response p95" base={f.time(b.p95_us)} cand={f.time(n.p95_us)} ratio={n.p95_us / b.p95_us} />
            <Versus label="Response p99" base={f.time(b.p99_us)} cand={f.time(n.p99_us)} ratio={n.p99_us / b.p99_us} />
          </tbody>
        </table>
      )}
      {(b?.verdict !== "valid" || n?.verdict !== "valid") && (
        <p class="verdict-note warn-text">
          <Warn />
          Not both runs are valid: look at their validity before trusting the verdict.
        </p>
      )}
    </section>
  );
}

const Versus = (p: { label: string; base: string; cand: string; ratio?: number }) => (
  <tr>
    <th scope="row">{p.label}</th>
    <td class="r num" data-label="Baseline">{p.base}</td>
    <td class="r num" data-label="Candidate">{p.cand}</td>
    <td class="r num" data-label="Change">{p.ratio !== undefined && Number.isFinite(p.ratio) ? f.change(p.ratio) : ""}</td>
  </tr>
);

const Notes = ({ notes }: { notes: string[] }) =>
  notes.length === 0 ? null : (
    <section class="card notes">
      <header class="card-head">
        <h2>What limits this report</h2>
      </header>
      <Reasons reasons={notes} />
    </section>
  );

/** Overlay draws the response times of both runs by percentile; each step to the right is ten times rarer. */
function Overlay({ curves }: { curves: Curve[] }) {
  const [chosen, setChosen] = useState("");
  const curve = curves.find((c) => c.endpoint === chosen) ?? curves[0];
  const series = useMemo((): Series[] => {
    if (!curve) return [];
    const of = (us: number[]): [number, number][] => curve.percent.map((p, i) => [100 / (100 - p), us[i] ?? 0]);
    return [
      { key: "base", label: "baseline", color: "--c-base", points: of(curve.base_us), dash: true },
      { key: "cand", label: "candidate", color: "--c-cand", points: of(curve.cand_us) },
    ];
  }, [curve]);
  if (!curve) return null;
  return (
    <div class="overlay">
      <label class="overlay-select">
        <span class="hidden">Endpoint of the chart</span>
        <select value={curve.endpoint} onChange={(e) => setChosen(e.currentTarget.value)}>
          {curves.map((c) => (
            <option key={c.endpoint} value={c.endpoint}>{c.endpoint || "All endpoints"}</option>
          ))}
        </select>
      </label>
      <Chart
        title="Response time by percentile"
        series={series}
        height={280}
        xLog
        xMin={1}
        xMax={series[0]?.points.at(-1)?.[0] ?? 1000}
        formatX={(x) => `p${trimPercent(100 - 100 / x)}`}
        formatY={f.time}
        axisY={f.axisTime}
        yFloor={1000}
      />
    </div>
  );
}

const trimPercent = (p: number): string => String(Number(p.toFixed(p >= 99 ? 3 : 1)));
