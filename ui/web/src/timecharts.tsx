import { useMemo } from "preact/hooks";
import type { Point } from "./api";
import { Chart, type Series } from "./chart";
import * as f from "./format";

/**
 * TimeCharts shows response time, rate and users of a run over its time, with
 * one crosshair. Of a live run the legends give the newest values.
 */
export function TimeCharts({ points, step, live }: { points: Point[]; step: number; live: boolean }) {
  const lines = useMemo(() => {
    const of = (pick: (p: Point) => number | null): [number, number | null][] => points.map((p) => [p.t_s, pick(p)]);
    const response: Series[] = [
      { key: "p99", label: "p99", color: "--c-p99", points: of((p) => p.p99_us) },
      { key: "p95", label: "p95", color: "--c-p95", points: of((p) => p.p95_us) },
      { key: "p50", label: "p50", color: "--c-p50", points: of((p) => p.p50_us), area: true },
    ];
    const rate: Series[] = [
      { key: "rps", label: "requests", color: "--c-rps", points: of((p) => p.rps), area: true },
      { key: "failures", label: "failures", color: "--c-fail", points: of((p) => p.failures_per_s), dash: true },
    ];
    const users: Series[] = [
      { key: "users", label: "users", color: "--c-users", points: of((p) => p.users), area: true, step: true },
      { key: "in_flight", label: "in flight", color: "--c-flight", points: of((p) => p.in_flight), dash: true },
    ];
    return { response, rate, users };
  }, [points]);

  const last = points.at(-1)?.t_s ?? 0;
  const xMax = Math.max(last, 10 * step);
  const note = step > 1 ? `worst of each ${f.span(step)}` : "";
  const shared = { formatX: f.span, xMin: 0, xMax, group: "run", newest: live } as const;
  return (
    <div class="charts">
      <Chart {...shared} title="Response time" note={note} series={lines.response} height={316} formatY={f.time} axisY={f.axisTime} yFloor={1000} />
      <div class="charts-side">
        <Chart {...shared} title="Requests per second" series={lines.rate} height={124} formatY={f.rate} axisY={f.compact} yFloor={1} />
        <Chart {...shared} title="Users" series={lines.users} height={124} formatY={f.count} axisY={f.compact} yFloor={1} />
      </div>
    </div>
  );
}
