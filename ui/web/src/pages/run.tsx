import { api } from "../api";
import { Endpoints } from "../endpoints";
import * as f from "../format";
import { Warn } from "../icons";
import { useLoad } from "../load";
import { Errors, Fact, FaithfulBadge, Likeness, Loading, Message, Replayers, RunFacts, Thresholds, Tiles, UnresolvedBanner, ValidityBadge } from "../parts";
import { toCompare } from "../router";
import { TimeCharts } from "../timecharts";

/** RunPage shows a finished run with the parts of the live page. */
export function RunPage({ name }: { name: string }) {
  const { data: run, error } = useLoad(name, (signal) => api.run(name, signal));
  if (error)
    return (
      <Message tone="bad" title={`${name} cannot be shown`}>
        <p>{error}</p>
        <p>
          Back to the <a href="#/runs">list of runs</a>.
        </p>
      </Message>
    );
  if (!run) return <Loading what={name} />;
  return (
    <>
      {run.problem && (
        <div class="banner" role="note">
          <Warn />
          <span>{run.problem}</span>
        </div>
      )}
      <UnresolvedBanner unresolved={run.summary.unresolved} />
      <section class="head">
        <a class="back" href="#/runs">Runs</a>
        <div class="head-row">
          <div class="head-title">
            <h1>{name}</h1>
            <span class="note">{run.run.target}</span>
          </div>
          <div class="head-actions">
            <ValidityBadge validity={run.summary.validity} />
            <FaithfulBadge faithful={run.summary.faithful} />
            <a class="button" href={toCompare(name, "")}>Compare with…</a>
          </div>
        </div>
        <RunFacts run={run.run}>
          <Fact name="Duration" value={f.span(run.summary.duration_s)} />
          {run.summary.drained.requests > 0 && <Fact name="Drained" value={f.plural(run.summary.drained.requests, "request")} />}
          <Fact name="Version" value={run.run.version} />
        </RunFacts>
      </section>
      <Tiles summary={run.summary} users={0} rps={run.summary.rps} live={false} />
      <TimeCharts points={run.points} step={run.step_s} live={false} />
      <Thresholds thresholds={run.summary.thresholds} />
      <Likeness faithful={run.summary.faithful} />
      <Endpoints summary={run.summary} />
      <div class="pair">
        <Errors errors={run.summary.errors} />
        <Replayers replayers={run.replayers} />
      </div>
    </>
  );
}
