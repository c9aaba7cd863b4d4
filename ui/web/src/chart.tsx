import { LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";
import type { EChartsCoreOption, EChartsType } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef, useState } from "preact/hooks";
import { cssColor, cssFont, useTheme } from "./theme";

echarts.use([LineChart, GridComponent, TooltipComponent, AriaComponent, CanvasRenderer]);

/** One line of a chart. Points are [x, y]; a null y is a gap. */
export interface Series {
  key: string;
  label: string;
  /** Custom property that holds the color, such as "--c-p99". */
  color: string;
  points: [number, number | null][];
  dash?: boolean;
  /** Fills the area below. */
  area?: boolean;
  /** Draws steps: the value holds until the next point. */
  step?: boolean;
}

interface ChartProps {
  title: string;
  note?: string;
  series: Series[];
  height: number;
  formatX: (x: number) => string;
  formatY: (y: number) => string;
  axisY?: (y: number) => string;
  xMin?: number;
  xMax?: number;
  xLog?: boolean;
  /** The legend shows the newest value of each line. */
  newest?: boolean;
  /** Charts of one group move their crosshair together. */
  group?: string;
  /** Smallest top of the y axis, so that a quiet line does not fill the chart with noise. */
  yFloor?: number;
}

/**
 * Chart draws lines on one canvas that lives as long as the component: new
 * data is merged in, never a new chart. The buttons of its legend hide and show
 * lines.
 */
export function Chart(p: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const theme = useTheme();

  useEffect(() => {
    if (!box.current) return;
    const c = echarts.init(box.current, null, { renderer: "canvas" });
    chart.current = c;
    if (p.group) {
      c.group = p.group;
      echarts.connect(p.group);
    }
    const observer = new ResizeObserver(() => c.resize());
    observer.observe(box.current);
    return () => {
      observer.disconnect();
      c.dispose();
      chart.current = null;
    };
  }, []);

  useEffect(() => {
    chart.current?.setOption(option(p, hidden), { lazyUpdate: true });
  }, [p.series, p.xMin, p.xMax, p.yFloor, hidden, theme]);

  const toggle = (key: string): void => {
    const next = new Set(hidden);
    if (!next.delete(key)) next.add(key);
    if (next.size < p.series.length) setHidden(next);
  };

  const newest = (s: Series): string => {
    const last = s.points.findLast(([, y]) => y !== null);
    return last?.[1] === null || last?.[1] === undefined ? "–" : p.formatY(last[1]);
  };
  const label = `${p.title}. Last values: ${p.series.map((s) => `${s.label} ${newest(s)}`).join(", ")}.`;

  return (
    <section class="card chart">
      <header class="card-head">
        <h2>{p.title}</h2>
        {p.note && <span class="note">{p.note}</span>}
        <div class="legend" role="group" aria-label={`Lines of ${p.title}`}>
          {p.series.map((s) => (
            <button
              key={s.key}
              type="button"
              class="key"
              aria-pressed={!hidden.has(s.key)}
              title={`Show or hide ${s.label}`}
              onClick={() => toggle(s.key)}
            >
              <i class={s.dash ? "swatch dashed" : "swatch"} style={{ color: `var(${s.color})` }} />
              {s.label}
              {p.newest && <b class="num">{newest(s)}</b>}
            </button>
          ))}
        </div>
      </header>
      <div class="canvas" role="img" aria-label={label} ref={box} style={{ height: `${p.height}px` }} />
    </section>
  );
}

function option(p: ChartProps, hidden: ReadonlySet<string>): EChartsCoreOption {
  const grid = cssColor("--grid");
  const faint = cssColor("--ink-3");
  const font = { color: faint, fontSize: 11, fontFamily: cssFont() };
  return {
    animation: false,
    grid: { left: 4, right: 14, top: 12, bottom: 2, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    textStyle: { fontFamily: cssFont() },
    xAxis: {
      type: p.xLog ? "log" : "value",
      min: p.xMin ?? "dataMin",
      max: p.xMax ?? "dataMax",
      splitNumber: 6,
      axisLine: { lineStyle: { color: grid } },
      axisTick: { show: false },
      splitLine: { show: Boolean(p.xLog), lineStyle: { color: grid } },
      axisLabel: { ...font, hideOverlap: true, showMaxLabel: p.xLog ? undefined : false, formatter: p.formatX },
      axisPointer: { show: true, type: "line", snap: true, label: { show: false }, lineStyle: { color: faint, type: "solid", width: 1 } },
    },
    yAxis: {
      type: "value",
      min: 0,
      max: p.yFloor === undefined ? undefined : (v: { max: number }) => (v.max > p.yFloor! ? undefined : p.yFloor),
      splitNumber: p.height < 200 ? 2 : 4,
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { ...font, formatter: p.axisY ?? p.formatY },
      splitLine: { lineStyle: { color: grid } },
    },
    tooltip: {
      trigger: "axis",
      confine: true,
      transitionDuration: 0,
      className: "chart-tip",
      backgroundColor: cssColor("--raised"),
      borderColor: cssColor("--line"),
      borderWidth: 1,
      padding: 0,
      textStyle: { color: cssColor("--ink"), fontSize: 12 },
      extraCssText: "border-radius:8px;box-shadow:var(--shadow-2)",
      formatter: (items: TipItem | TipItem[]) => tip(p, Array.isArray(items) ? items : [items]),
    },
    series: p.series.map((s) => line(s, hidden.has(s.key))),
  };
}

function line(s: Series, hide: boolean): Record<string, unknown> {
  const color = cssColor(s.color);
  return {
    id: s.key,
    name: s.label,
    type: "line",
    data: hide ? [] : s.points,
    showSymbol: s.points.length === 1,
    symbolSize: 5,
    step: s.step ? "end" : false,
    connectNulls: false,
    silent: true,
    lineStyle: { color, width: 1.75, type: s.dash ? [5, 4] : "solid", join: "round" },
    itemStyle: { color },
    areaStyle: s.area ? { color, opacity: 0.09 } : undefined,
    emphasis: { disabled: true },
  };
}

interface TipItem {
  seriesId?: string;
  value: [number, number | null];
}

/** tip is built from elements with classes: the page's policy allows no style in markup. */
function tip(p: ChartProps, items: TipItem[]): HTMLElement {
  const root = document.createElement("div");
  root.className = "tip";
  const x = items[0]?.value[0];
  const head = root.appendChild(document.createElement("div"));
  head.className = "tip-head num";
  head.textContent = x === undefined ? "" : p.formatX(x);
  for (const s of p.series) {
    const item = items.find((i) => i.seriesId === s.key);
    const y = item?.value[1];
    if (y === undefined || y === null) continue;
    const row = root.appendChild(document.createElement("div"));
    row.className = "tip-row";
    const swatch = row.appendChild(document.createElement("i"));
    swatch.className = s.dash ? "swatch dashed" : "swatch";
    swatch.style.color = cssColor(s.color);
    row.appendChild(document.createElement("span")).textContent = s.label;
    const value = row.appendChild(document.createElement("b"));
    value.className = "num";
    value.textContent = p.formatY(y);
  }
  return root;
}
