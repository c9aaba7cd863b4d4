import { useEffect, useRef, useState } from "preact/hooks";
import { api, type Live } from "../api";
import { Endpoints } from "../endpoints";
import * as f from "../format";
import { Cross, Stop, Warn } from "../icons";
import { type Connection, useLive } from "../live";
import { Errors, Fact, FaithfulBadge, Likeness, Loading, Message, Replayers, RunFacts, StatePill, Thresholds, Tiles, UnresolvedBanner, ValidityBadge } from "../parts";
import { TimeCharts } from "../timecharts";

/** LivePage follows the run that goes on now. */
export function LivePage() {
  const { live, connection, problem } = useLive();
  if (!live) {
    if (connection === "absent") return <NoRun />;
    if (connection === "lost") return <Message tone="bad" title="No connection to Starling">{problem || "Trying again every few seconds."}</Message>;
    return <Loading what="the live run" />;
  }
  return (
    <>
      <Lost connection={connection} />
      <UnresolvedBanner unresolved={live.summary.unresolved} />
      <Head live={live} />
      <Tiles summary={live.summary} users={live.users} rps={current(live)} live={live.state !== "done"} />
      <TimeCharts points={live.points} step={live.step_s} live={live.state !== "done"} />
      <Thresholds thresholds={live.summary.thresholds} />
      {judged(live) && <Likeness faithful={live.summary.faithful} />}
      <Endpoints summary={live.summary} />
      <div class="pair">
        <Errors errors={live.summary.errors} />
        <Replayers replayers={live.replayers} />
      </div>
    </>
  );
}

/** current is the rate of the newest whole point: zero when nothing came. */
const current = (live: Live): number => live.points.at(-1)?.rps ?? 0;

/** judged: before the first session has ended, nothing can be said of sessions. */
const judged = (live: Live): boolean => live.state === "done" || live.summary.sessions.ended > 0;

const NoRun = () => (
  <Message title="No run is going on here">
    <p>
      Start one and watch it on this page: <code>starling replay NAME.model --target URL --ui 127.0.0.1:7070</code>
    </p>
    <p>
      Finished runs are in the <a href="#/runs">list of runs</a>.
    </p>
  </Message>
);

function Lost({ connection }: { connection: Connection }) {
  if (connection === "ended")
    return (
      <div class="banner calm" role="status">
        <span>The run is over and Starling has ended. These are its last numbers.</span>
      </div>
    );
  if (connection !== "lost") return null;
  return (
    <div class="banner" role="alert">
      <Warn />
      <span>
        <strong>Connection lost.</strong> These are the last numbers that arrived; trying again.
      </span>
    </div>
  );
}

function Head({ live }: { live: Live }) {
  const planned = live.run.planned_s;
  const ratio = planned > 0 ? Math.min(1, live.elapsed_s / planned) : 0;
  const lost = live.replayers.filter((r) => r.state === "lost").length;
  return (
    <section class="head">
      <div class="head-row">
        <div class="head-title">
          <h1>{live.run.target || "Live run"}</h1>
          <StatePill state={live.state} />
          {lost > 0 && (
            <span class="badge small bad">
              <Cross />
              {f.plural(lost, "replayer")} lost
            </span>
          )}
        </div>
        <div class="head-actions">
          <ValidityBadge validity={live.summary.validity} />
          {judged(live) && <FaithfulBadge faithful={live.summary.faithful} />}
          <StopButton key={live.run.started_at} live={live} />
        </div>
      </div>
      <RunFacts run={live.run}>
        <Fact name="Version" value={live.run.version} />
      </RunFacts>
      <div class="progress-row">
        <div
          class={`progress ${live.state}${planned > 0 ? "" : " open-end"}`}
          role="progressbar"
          aria-label="Progress of the run"
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={planned > 0 ? Math.round(ratio * 100) : undefined}
        >
          <i style={{ width: `${(planned > 0 ? ratio : 1) * 100}%` }} />
        </div>
        <span class="num progress-text">
          {f.span(live.elapsed_s)}
          {planned > 0 && <span class="dim"> of {f.span(planned)}</span>}
        </span>
      </div>
    </section>
  );
}

/** StopButton asks before it stops: a stopped run cannot go on. */
function StopButton({ live }: { live: Live }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [asked, setAsked] = useState(false);
  const [problem, setProblem] = useState("");
  const over = live.state === "done";

  useEffect(() => {
    if (over) dialog.current?.close();
  }, [over]);

  const stop = async (): Promise<void> => {
    setAsked(true);
    setProblem("");
    try {
      await api.stop();
      dialog.current?.close();
    } catch (cause) {
      setAsked(false);
      setProblem(cause instanceof Error ? cause.message : String(cause));
    }
  };

  if (over) return null;
  const stopping = asked || live.state === "stopping";
  return (
    <>
      <button type="button" class="button danger" disabled={stopping} onClick={() => dialog.current?.showModal()}>
        <Stop />
        {stopping ? "Stopping…" : "Stop"}
      </button>
      <dialog ref={dialog} aria-labelledby="stop-title">
        <h2 id="stop-title">Stop this run?</h2>
        <p>No new sessions start, requests under way may finish, and the results so far are kept. A stopped run cannot be resumed.</p>
        {problem && <p class="bad-text" role="alert">{problem}</p>}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={() => dialog.current?.close()}>Keep running</button>
          <button type="button" class="button danger solid" disabled={stopping} onClick={stop}>Stop the run</button>
        </div>
      </dialog>
    </>
  );
}
