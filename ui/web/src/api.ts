/** The wire format of the API in ui/wire.go. Durations of exchanges are microseconds, all other times seconds. */

export interface Quantiles {
  p50: number;
  p90: number;
  p95: number;
  p99: number;
  p999: number;
  max: number;
  mean: number;
}

export type ValidityVerdict = "valid" | "degraded" | "invalid";

export interface Validity {
  verdict: ValidityVerdict;
  reasons: string[];
}

export type FaithfulVerdict = "faithful" | "partly" | "not";

/** A figure of the recording beside that of the run. */
export interface Pair {
  recorded: number;
  replayed: number;
}

/** Whether users did in the run what they did in the recording. */
export interface Faithful {
  verdict: FaithfulVerdict;
  /** The three worst. */
  reasons: string[];
  /** Requests of a session that had their recorded outcome, and those of them that change something. */
  steps_per_session: Pair;
  writes_per_session: Pair;
  /** Recorded endpoints to which nothing was sent. */
  unreached: string[];
  /** 0: the same shares of requests; 1: nothing in common. */
  mix_distance: number;
  /** Requests of a session under way together. */
  overlap: Pair;
}

/** A varying value that was sent as recorded because nothing explains it. */
export interface Unresolved {
  endpoint: string;
  place: string;
  example?: string;
  reason: string;
  edit?: string;
  requests: number;
  identifies?: boolean;
}

export interface Endpoint {
  name: string;
  /** A part of pages, such as a style or an image; tables fold these. */
  asset?: boolean;
  requests: number;
  failures: number;
  rps: number;
  /** Share 0–1 of the acts that were made and answered as recorded; without requests and skipped acts it means nothing. */
  outcome_match: number;
  /** Acts that could not be made because a value was missing. */
  skipped: number;
  response_time_us: Quantiles;
  service_time_us: Quantiles;
  status: Record<string, number>;
}

export interface ErrorGroup {
  endpoint: string;
  name: string;
  /** Status of the answers; 0 or absent: there was none. */
  status?: number;
  /** The missing value, of acts that were skipped. */
  value?: string;
  count: number;
  samples?: string[];
}

export interface Sessions {
  ended: number;
  matched: number;
  /** Ended by the run before their own end, and not judged. */
  cut: number;
}

export interface Drained {
  requests: number;
  failures: number;
  aborted: number;
  response_time_us: Quantiles;
}

export interface Summary {
  requests: number;
  failures: number;
  started: number;
  ok: number;
  failed: number;
  timed_out: number;
  aborted: number;
  in_flight: number;
  duration_s: number;
  rps: number;
  users_max: number;
  outcome_match: number;
  /** Share 0–1 of the sessions that ended in which every act was made and answered as recorded; null when none ended. */
  session_match: number | null;
  sessions: Sessions;
  skipped: number;
  /** What ended after the planned end; most figures leave it out. */
  drained: Drained;
  bytes_in: number;
  bytes_out: number;
  response_time_us: Quantiles;
  service_time_us: Quantiles;
  lateness_us: Quantiles;
  status: Record<string, number>;
  endpoints: Endpoint[];
  errors: ErrorGroup[];
  validity: Validity;
  /** null: what was played has no recording. */
  faithful: Faithful | null;
  /** Values that were sent. */
  unresolved: Unresolved[];
  lost: string[];
  replayers: string[];
  thresholds: Threshold[];
  /** The run did not come to its planned end. */
  partial: boolean;
}

/** One promise of the run, such as "p99 < 300ms". */
export interface Threshold {
  threshold: string;
  value: string;
  ok: boolean;
}

export interface Point {
  /** Seconds since the start of the run at which this point's span begins. */
  t_s: number;
  users: number;
  rps: number;
  failures_per_s: number;
  in_flight: number;
  p50_us: number | null;
  p95_us: number | null;
  p99_us: number | null;
}

export interface Replayer {
  name: string;
  state: "joining" | "ready" | "running" | "done" | "lost";
  note: string;
  /** Newest numbers; null for a replayer of a finished run. */
  now: {
    users: number;
    rps: number;
    /** Share of one core, 0 to cores; cores 0: not measured. */
    cpu: number;
    cores: number;
    lateness_p99_us: number;
  } | null;
}

export interface RunInfo {
  target: string;
  model: string;
  schedule: string;
  seed: string;
  version: string;
  started_at: string;
  /** 0: until the work is done. */
  planned_s: number;
}

export type LiveState = "waiting" | "running" | "stopping" | "done";

export interface Live {
  state: LiveState;
  run: RunInfo;
  users: number;
  elapsed_s: number;
  /** Width of a point in seconds; a step above one keeps the worst percentile of its span. */
  step_s: number;
  /** Points from from_s on; a full snapshot has from_s 0. */
  from_s: number;
  points: Point[];
  summary: Summary;
  replayers: Replayer[];
}

export interface RunRow {
  name: string;
  size_bytes: number;
  modified: string;
  complete: boolean;
  problem: string;
  run: RunInfo | null;
  summary: {
    requests: number;
    failures: number;
    duration_s: number;
    rps: number;
    users_max: number;
    outcome_match: number;
    session_match: number | null;
    p50_us: number;
    p95_us: number;
    p99_us: number;
    verdict: ValidityVerdict;
    /** "": what was played has no recording. */
    faithful: FaithfulVerdict | "";
  } | null;
}

export interface Run {
  name: string;
  complete: boolean;
  problem: string;
  run: RunInfo;
  step_s: number;
  points: Point[];
  summary: Summary;
  replayers: Replayer[];
}

export type Verdict = "regression" | "improvement" | "equivalent" | "inconclusive";

/** One side of an endpoint. */
export interface Side {
  requests: number;
  failures: number;
  p50_us: number;
  p95_us: number;
  p99_us: number;
}

/** Change of one quantile of the response time; ratios are relative changes: 0.3 is 30 % more. */
export interface LatencyChange {
  figure: string;
  verdict: Verdict;
  baseline_us: number;
  candidate_us: number;
  change_ratio: number;
  low_ratio: number;
  high_ratio: number;
  /** The least change that matters. */
  limit_ratio: number;
  pairs: number;
  more_pairs: number;
  shared: boolean;
}

export interface ErrorChange {
  class: string;
  verdict: Verdict;
  baseline: number;
  candidate: number;
  baseline_of: number;
  candidate_of: number;
  new: boolean;
}

export interface ContentChange {
  kind: "type changed" | "disappeared" | "appeared" | "share changed";
  feature: string;
  was?: string;
  now?: string;
  baseline: number;
  candidate: number;
  baseline_of: number;
  candidate_of: number;
  failed: number;
  breaking: boolean;
}

export interface EndpointChange {
  name: string;
  verdict: Verdict;
  baseline: Side;
  candidate: Side;
  latency: LatencyChange[];
  errors: ErrorChange[];
  content: ContentChange[];
}

/** The report of replay/compare, as `starling compare --json` prints it. */
export interface Report {
  verdict: Verdict;
  pairs: number;
  changes: string[];
  notes: string[];
  global: LatencyChange[];
  endpoints: EndpointChange[];
}

export interface Curve {
  endpoint: string;
  /** Percentages 0–100 and the response time at each, for both runs. */
  percent: number[];
  base_us: number[];
  cand_us: number[];
}

export interface Comparison {
  base: RunRow;
  cand: RunRow;
  report: Report;
  curves: Curve[];
}

/** ApiError carries the server's own sentence, which ends with what to do next. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

async function request<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: "same-origin", cache: "no-store", ...init });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError("Starling does not answer. It may have ended; start it again and reload this page.", 0);
  }
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) {
    const message = (body as { error?: string } | null)?.error;
    throw new ApiError(message ?? `The server answered ${response.status}.`, response.status);
  }
  return body as T;
}

const get = <T>(path: string, signal?: AbortSignal): Promise<T> => request<T>(path, signal ? { signal } : {});

export const api = {
  status: (signal?: AbortSignal) => get<{ live: boolean; runs: boolean; version: string }>("./api/status", signal),
  live: (signal?: AbortSignal) => get<Live>("./api/live", signal),
  stop: () => request<{ state: LiveState }>("./api/live/stop", { method: "POST" }),
  runs: (signal?: AbortSignal) => get<{ dir: string; runs: RunRow[] }>("./api/runs", signal),
  run: (name: string, signal?: AbortSignal) => get<Run>(`./api/runs/${encodeURIComponent(name)}`, signal),
  compare: (base: string, cand: string, signal?: AbortSignal) =>
    get<Comparison>(`./api/compare?base=${encodeURIComponent(base)}&cand=${encodeURIComponent(cand)}`, signal),
};
