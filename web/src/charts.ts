// What draws the wallboard's charts. Its page asks for this script only where its board has charts.
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkLineComponent } from "echarts/components";
import { type EChartsType, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([BarChart, LineChart, GridComponent, LegendComponent, MarkLineComponent, CanvasRenderer]);

/** Bars on each other, or lines; `share`: values are fractions. `line`: where a threshold lies. */
export interface Drawing {
  kind: "bar" | "line" | "row";
  names: string[];
  series: { name: string; colour: string; values: (number | null)[] }[];
  share: boolean;
  line: number | null;
}

const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const written = (share: boolean) => (value: number) => (share ? `${Math.round(value * 100)}%` : String(value));

/** Draws into `element`; called again it draws anew, into the same canvas. */
export function draw(element: HTMLElement, drawing: Drawing): void {
  const chart: EChartsType = charts.get(element) ?? begin(element);
  const [ink, faint, rule] = [colour("--ink"), colour("--faint"), colour("--line")];
  const fontSize = parseFloat(getComputedStyle(element).fontSize);
  const text = { color: faint, fontSize };
  const sideways = drawing.kind === "row";
  const names = { type: "category", data: drawing.names, axisLabel: { ...text, hideOverlap: true }, axisLine: { lineStyle: { color: rule } } };
  const values = {
    type: "value",
    minInterval: drawing.share ? 0 : 1,
    ...(drawing.share ? { min: 0, max: 1 } : {}),
    axisLabel: { ...text, formatter: written(drawing.share) },
    splitLine: { lineStyle: { color: rule } },
  };
  chart.setOption(
    {
      animation: false,
      textStyle: { fontFamily: getComputedStyle(element).fontFamily },
      legend: drawing.series.length > 1 ? { textStyle: { color: ink, fontSize }, top: 0 } : { show: false },
      grid: { left: 8, right: sideways ? fontSize * 3 : 24, top: drawing.series.length > 1 ? fontSize * 2.4 : 12, bottom: 4, containLabel: true },
      xAxis: sideways ? values : names,
      yAxis: sideways ? { ...names, inverse: true } : values,
      series: drawing.series.map((each) => ({
        name: each.name,
        type: drawing.kind === "line" ? "line" : "bar",
        stack: drawing.kind === "bar" ? "all" : undefined,
        data: each.values,
        color: colour(each.colour),
        lineStyle: { width: 4 },
        symbolSize: 8,
        label: { show: sideways, position: "right", color: ink, fontSize, fontWeight: "bold" },
        markLine: drawing.line === null ? undefined : threshold(drawing.line, ink),
      })),
    },
    { notMerge: true },
  );
}

const charts = new Map<HTMLElement, EChartsType>(); // as many as the page has places for them

function begin(element: HTMLElement): EChartsType {
  const chart = init(element);
  charts.set(element, chart);
  new ResizeObserver(() => chart.resize()).observe(element);
  return chart;
}

const threshold = (at: number, ink: string) => ({
  silent: true,
  symbol: "none",
  label: { show: false },
  lineStyle: { color: ink, type: "dashed", width: 2 },
  data: [{ yAxis: at }],
});
