import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { ErrorGroup, Faithful, FaithfulVerdict, LiveState, Pair, Replayer, RunInfo, Summary, Threshold, Unresolved, Validity, Verdict } from "./api";
import * as f from "./format";
import { Check, Chevron, Cross, Down, Equal, Question, Up, Warn } from "./icons";

/** Message fills the place of something that is not there: nothing yet, nothing found, or a problem. */
export function Message(p: { title: string; tone?: "plain" | "bad"; children?: ComponentChildren }) {
  return (
    <div class={`message ${p.tone ?? "plain"}`} role={p.tone === "bad" ? "alert" : undefined}>
      <strong>{p.title}</strong>
      {p.children && <div>{p.children}</div>}
    </div>
  );
}

/** Loading keeps quiet for a moment, then says what is awaited. */
export const Loading = ({ what }: { what: string }) => (
  <div class="message plain loading" role="status">
    Loading {what}…
  </div>
);

const validityWords = {
  valid: { text: "Valid run", icon: <Check />, tone: "good", say: "The load generator kept its schedule: the numbers are the target's." },
  degraded: { text: "Degraded", icon: <Warn />, tone: "warn", say: "The load generator was disturbed: read the numbers with care." },
  invalid: { text: "Invalid run", icon: <Cross />, tone: "bad", say: "The load generator was the bottleneck: these are not the target's numbers." },
} as const;

const faithfulWords = {
  faithful: { text: "Like the recording", icon: <Check />, tone: "good", say: "Users did in this run what they did in the recording." },
  partly: { text: "Partly like it", icon: <Warn />, tone: "warn", say: "Users did most of what they did in the recording, but not all of it." },
  not: { text: "Not like it", icon: <Cross />, tone: "bad", say: "Users did not do what they did in the recording: the other figures are those of something else." },
} as const;

/** ValidityBadge says whether the generator can be trusted; it opens to the reasons. */
export const ValidityBadge = ({ validity }: { validity: Validity }) => <VerdictButton of="validity" words={validityWords[validity.verdict]} reasons={validity.reasons} />;

/** FaithfulBadge says whether the run was like the recording; it opens to the reasons. */
export const FaithfulBadge = ({ faithful }: { faithful: Faithful | null }) =>
  faithful && <VerdictButton of="faithful" words={faithfulWords[faithful.verdict]} reasons={faithful.reasons} />;

interface VerdictWords {
  text: string;
  icon: ComponentChildren;
  tone: string;
  say: string;
}

function VerdictButton({ of, words: w, reasons }: { of: string; words: VerdictWords; reasons: string[] }) {
  const [open, setOpen] = useState(false);
  return (
    <div class={of} onKeyDown={(e) => e.key === "Escape" && setOpen(false)}>
      <button type="button" class={`badge ${w.tone}`} aria-expanded={open} onClick={() => setOpen(!open)}>
        {w.icon}
        {w.text}
        {reasons.length > 0 && <span class="badge-count num">{reasons.length}</span>}
      </button>
      {open && (
        <div class="popover" role="note">
          <p>{w.say}</p>
          {reasons.length > 0 && <Reasons reasons={reasons} />}
        </div>
      )}
    </div>
  );
}

export const Reasons = ({ reasons }: { reasons: string[] }) => (
  <ul class="reasons">
    {reasons.map((r) => (
      <li key={r}>{r}</li>
    ))}
  </ul>
);

/** ValidityText is the badge without its popover, for tables. */
export function ValidityText({ verdict }: { verdict: Validity["verdict"] }) {
  const w = validityWords[verdict];
  return (
    <span class={`badge small ${w.tone}`}>
      {w.icon}
      {verdict}
    </span>
  );
}

/** FaithfulText is the badge without its popover, for tables. */
export function FaithfulText({ verdict }: { verdict: FaithfulVerdict }) {
  const w = faithfulWords[verdict];
  return (
    <span class={`badge small ${w.tone}`} title={w.say}>
      {w.icon}
      {verdict === "not" ? "not faithful" : verdict}
    </span>
  );
}

/** Likeness lists how the run compares with the recording. */
export function Likeness({ faithful: v }: { faithful: Faithful | null }) {
  if (!v) return null;
  const rows: [string, Pair][] = [
    ["Steps per session", v.steps_per_session],
    ["Writes per session", v.writes_per_session],
    ["Requests under way together", v.overlap],
  ];
  return (
    <section class="card" data-part="faithful">
      <header class="card-head">
        <h2>Beside the recording</h2>
        <span class="note">distance of the mix {v.mix_distance.toFixed(2)}</span>
      </header>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Figure</th>
            <th scope="col" class="r">Recorded</th>
            <th scope="col" class="r">Replayed</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, pair]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="r num" data-label="Recorded">{pair.recorded.toFixed(2)}</td>
              <td class="r num" data-label="Replayed">{pair.replayed.toFixed(2)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {v.reasons.length > 0 && <Reasons reasons={v.reasons} />}
      {v.unreached.length > 0 && (
        <details class="unreached">
          <summary>
            <Chevron />
            {f.plural(v.unreached.length, "endpoint")} never reached
          </summary>
          <ul class="reasons">
            {v.unreached.map((name) => (
              <li key={name}>
                <EndpointName name={name} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

/** UnresolvedBanner names the values that were sent although nothing explains them. */
export function UnresolvedBanner({ unresolved }: { unresolved: Unresolved[] }) {
  if (unresolved.length === 0) return null;
  return (
    <div class="banner" role="note" data-part="unresolved">
      <Warn />
      <details>
        <summary>
          <strong>{f.plural(unresolved.length, "varying value")} sent as recorded:</strong> the target may expect others.
        </summary>
        <ul class="reasons">
          {unresolved.map((u) => (
            <li key={`${u.endpoint} ${u.place}`}>
              {u.endpoint}, {u.place}
              {u.example && ` (${u.example})`}: {u.reason}
              {u.edit && `; ${u.edit}`}
            </li>
          ))}
        </ul>
      </details>
    </div>
  );
}

const verdictWords: Record<Verdict, { icon: ComponentChildren; tone: string }> = {
  regression: { icon: <Up />, tone: "bad" },
  improvement: { icon: <Down />, tone: "good" },
  equivalent: { icon: <Equal />, tone: "calm" },
  inconclusive: { icon: <Question />, tone: "warn" },
};

export function VerdictBadge({ verdict, large }: { verdict: Verdict; large?: boolean }) {
  const w = verdictWords[verdict];
  return (
    <span class={`badge ${w.tone} ${large ? "large" : "small"}`}>
      {w.icon}
      {verdict}
    </span>
  );
}

const stateWords: Record<LiveState, string> = { waiting: "Waiting", running: "Running", stopping: "Stopping", done: "Done" };

export const StatePill = ({ state }: { state: LiveState }) => (
  <span class={`pill ${state}`} role="status">
    <i class="dot" />
    {stateWords[state]}
  </span>
);

/** RunFacts is the line of small print below a run's title. */
export function RunFacts({ run, children }: { run: RunInfo; children?: ComponentChildren }) {
  return (
    <dl class="facts">
      <Fact name="Model" value={run.model} />
      <Fact name="Schedule" value={run.schedule} />
      <Fact name="Seed" value={run.seed} />
      <Fact name="Started" value={f.date(run.started_at)} />
      {children}
    </dl>
  );
}

export const Fact = ({ name, value }: { name: string; value: string }) =>
  value && value !== "–" ? (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  ) : null;

interface TileProps {
  id: string;
  label: string;
  value: string;
  unit?: string;
  sub: string;
  tone?: "bad" | "";
}

const Tile = (p: TileProps) => (
  <div class={`tile ${p.tone ?? ""}`} data-tile={p.id}>
    <div class="tile-label">{p.label}</div>
    <div class="tile-value num">
      {p.value}
      {p.unit && <span class="unit">{p.unit}</span>}
    </div>
    <div class="tile-sub num">{p.sub}</div>
  </div>
);

/** Tiles are the numbers that everybody looks at first. */
export function Tiles({ summary: s, users, rps, live }: { summary: Summary; users: number; rps: number; live: boolean }) {
  const q = (us: number): { value: string; unit: string } => f.micros(s.requests > 0 ? us : null);
  const acts = s.requests + s.skipped;
  const failures = s.requests > 0 ? s.failures / s.requests : 0;
  return (
    <div class="tiles">
      <Tile id="users" label={live ? "Users" : "Users at peak"} value={f.count(live ? users : s.users_max)} sub={live ? `peak ${f.count(s.users_max)}` : `${f.count(s.started)} started`} />
      <Tile id="rps" label={live ? "Requests/s now" : "Requests/s"} value={f.rate(live ? rps : s.rps)} sub={`${f.count(s.requests)} requests`} />
      <Tile id="failures" label="Failures" value={f.percent(failures)} tone={s.failures > 0 ? "bad" : ""} sub={`${f.count(s.failures)} failed`} />
      <Tile id="p50" label="Response p50" {...q(s.response_time_us.p50)} sub={`service ${f.time(s.requests ? s.service_time_us.p50 : null)}`} />
      <Tile id="p95" label="Response p95" {...q(s.response_time_us.p95)} sub={`service ${f.time(s.requests ? s.service_time_us.p95 : null)}`} />
      <Tile id="p99" label="Response p99" {...q(s.response_time_us.p99)} sub={`service ${f.time(s.requests ? s.service_time_us.p99 : null)}`} />
      <Tile id="match" label="Outcome match" value={f.percent(acts > 0 ? s.outcome_match : null)} tone={acts > 0 && s.outcome_match < 0.99 ? "bad" : ""} sub={s.skipped > 0 ? `${f.plural(s.skipped, "act")} skipped` : "as recorded"} />
      <Tile id="session-match" label="Session match" value={f.percent(s.session_match)} tone={s.session_match !== null && s.session_match < 0.99 ? "bad" : ""} sub={f.plural(s.sessions.ended, "session")} />
      <Tile id="lateness" label="Lateness p99" {...q(s.lateness_us.p99)} sub={`max ${f.time(s.requests ? s.lateness_us.max : null)}`} />
    </div>
  );
}

/** Thresholds lists the promises of the run and whether they are kept. */
export function Thresholds({ thresholds }: { thresholds: Threshold[] }) {
  if (thresholds.length === 0) return null;
  return (
    <ul class="thresholds" aria-label="Thresholds">
      {thresholds.map((t) => (
        <li key={t.threshold} class={`badge ${t.ok ? "good" : "bad"}`}>
          {t.ok ? <Check /> : <Cross />}
          <span>{t.threshold}</span>
          <b class="num">{t.value}</b>
        </li>
      ))}
    </ul>
  );
}

/** Errors lists the groups of failed exchanges, the most frequent first, each with samples. */
export function Errors({ errors }: { errors: ErrorGroup[] }) {
  const sorted = [...errors].sort((a, b) => b.count - a.count);
  return (
    <section class="card">
      <header class="card-head">
        <h2>Errors</h2>
        {errors.length > 0 && <span class="note">{f.plural(errors.length, "kind")}</span>}
      </header>
      {errors.length === 0 ? (
        <Message title="No errors">Every answer so far passed its check.</Message>
      ) : (
        <ul class="errors">
          {sorted.map((e) => (
            <li key={`${e.endpoint} ${e.name} ${e.status ?? 0} ${e.value ?? ""}`}>
              <details>
                <summary>
                  <Chevron />
                  <span class="error-name">{e.name}</span>
                  {e.status ? <span class="error-status num">{e.status}</span> : null}
                  {e.value ? <span class="error-status">{e.value}</span> : null}
                  <EndpointName name={e.endpoint} />
                  <span class="num error-count">{f.count(e.count)}</span>
                </summary>
                {!e.samples?.length ? <p class="sample none">{e.value ? `${e.value} was missing.` : "No sample was kept."}</p> : e.samples.map((s) => <pre class="sample" key={s}>{s}</pre>)}
              </details>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

export function EndpointName({ name }: { name: string }) {
  const { method, path } = f.endpointParts(name);
  return (
    <span class="endpoint">
      {method && <span class="method">{method}</span>}
      <span class="path">{path || "all"}</span>
    </span>
  );
}

/** Replayers lists who sends the load; lost ones come first and say so. */
export function Replayers({ replayers }: { replayers: Replayer[] }) {
  if (replayers.length === 0) return null;
  const rank = (r: Replayer): number => (r.state === "lost" ? 0 : 1);
  const sorted = [...replayers].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  const measured = replayers.some((r) => r.now !== null);
  return (
    <section class="card" data-part="replayers">
      <header class="card-head">
        <h2>Replayers</h2>
        <span class="note">{f.plural(replayers.length, "process", "processes")}</span>
      </header>
      <table class="table replayers">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">State</th>
            {measured && replayerColumns.map(([label]) => <th key={label} scope="col" class="r">{label}</th>)}
          </tr>
        </thead>
        <tbody>
          {sorted.map((r) => (
            <tr key={r.name} class={r.state === "lost" ? "lost" : ""}>
              <th scope="row">{r.name}</th>
              <td data-label="State">
                <span class={`pill ${r.state}`}>
                  <i class="dot" />
                  {r.state}
                </span>
                {r.note && <span class="cell-note">{r.note}</span>}
              </td>
              {measured &&
                replayerColumns.map(([label, text]) => (
                  <td key={label} class="r num" data-label={label}>{r.now ? text(r.now) : "–"}</td>
                ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

type Now = NonNullable<Replayer["now"]>;

const replayerColumns: [string, (n: Now) => string][] = [
  ["Users", (n) => f.count(n.users)],
  ["Requests/s", (n) => f.rate(n.rps)],
  ["CPU", (n) => (n.cores > 0 ? `${Math.round((100 * n.cpu) / n.cores)}% of ${f.plural(n.cores, "core")}` : "–")],
  ["Lateness p99", (n) => f.time(n.lateness_p99_us)],
];
