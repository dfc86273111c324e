// The charts of a board: what they draw, and when anew. What draws is built and large, and loaded only if there are any.
// The course of the day is asked for once a minute; if it can't be had, the last one stays and says of when it is.

import { element, write } from "./lists.js";
import { clockFace, filled, words } from "./times.js";

const COURSE_EVERY_MS = 60_000;
const AGENTS_EVERY_MS = 2_000;
const QUARTER_MS = 900_000;

export class Charts {
  constructor(place, screen) {
    this.screen = screen;
    this.drawn = { course: -Infinity, agents: -Infinity }; // when, by performance.now()
    this.course = null;
    this.draw = null;
    this.tally = null; // the latest
    this.places = new Map(screen.charts.map((name) => [name, this.#figure(place, name)]));
    if (screen.charts.length > 0) void this.#load();
  }

  // With each wallboard. `tally`: how many agents are in each state.
  show(tally) {
    this.tally = tally;
    if (this.draw === null) return;
    const now = performance.now();
    if (this.places.has("agents") && now - this.drawn.agents >= AGENTS_EVERY_MS) {
      this.drawn.agents = now;
      this.#drawAgents(tally);
    }
    if ((this.places.has("course") || this.places.has("service_level")) && now - this.drawn.course >= COURSE_EVERY_MS) {
      this.drawn.course = now - Math.random() * COURSE_EVERY_MS / 10; // not all screens at once
      void this.#ask();
    }
  }

  #figure(place, name) {
    const parts = { heading: element("figcaption", words.charts[name]), canvas: element("div") };
    parts.canvas.setAttribute("role", "img");
    parts.canvas.setAttribute("aria-label", words.charts[name]);
    const figure = element("figure", parts.heading, parts.canvas);
    figure.dataset.chart = name;
    place.append(figure);
    return parts;
  }

  async #load() {
    try {
      if (!this.screen.script) throw new Error("not built");
      this.draw = (await import(this.screen.script)).draw;
    } catch {
      for (const { canvas } of this.places.values()) write(canvas, words.no_charts);
    }
    if (this.tally !== null) this.show(this.tally); // the next wallboard may be a quarter of a minute away
  }

  async #ask() {
    try {
      const query = new URLSearchParams({ queues: this.screen.queues.join(",") });
      const answer = await fetch(`/api/v1/wallboard/course?${query}`);
      if (!answer.ok) throw new Error(answer.statusText);
      this.course = await answer.json();
      this.#age("");
      this.#drawCourse(this.course.quarters);
    } catch {
      this.#age(this.course ? filled(words.chart_old, { time: clockFace.format(Date.parse(this.course.at)) }) : words.nothing);
    }
  }

  // Behind the headings of what is not of now.
  #age(text) {
    for (const name of ["course", "service_level"]) {
      const place = this.places.get(name);
      if (place) write(place.heading, text === "" ? words.charts[name] : `${words.charts[name]} (${text})`);
    }
  }

  #drawCourse(told) {
    const quarters = whole(told);
    const names = quarters.map(({ at }) => clockFace.format(at).slice(0, 5));
    const label = (name) => this.screen.figures[name].label;
    const values = (name) => quarters.map((each) => each[name]);
    this.#drawn("course", quarters.length, {
      kind: "bar", names, share: false, line: null,
      series: [
        { name: label("answered"), colour: "--ready", values: values("answered") },
        { name: label("abandoned"), colour: "--unreachable", values: values("abandoned") },
      ],
    });
    const levels = quarters.map(({ answered, abandoned, answered_within }) =>
      answered + abandoned > 0 ? answered_within / (answered + abandoned) : null);
    this.#drawn("service_level", levels.filter((each) => each !== null).length, {
      kind: "line", names, share: true, line: this.screen.figures.service_level.warn,
      series: [{ name: label("service_level"), colour: "--talking", values: levels }],
    });
  }

  #drawAgents(tally) {
    this.#drawn("agents", tally.length, {
      kind: "row", names: tally.map(([state]) => words.states[state] ?? state), share: false, line: null,
      series: [{ name: words.agents, colour: "--talking", values: tally.map(([, count]) => count) }],
    });
  }

  #drawn(name, points, drawing) {
    const place = this.places.get(name);
    if (!place) return;
    this.draw(place.canvas, drawing);
    place.canvas.dataset.points = points; // what is drawn can't be read from a canvas
    place.canvas.dataset.values = JSON.stringify(drawing.series.map((each) => each.values));
  }
}

// From the first quarter of the day in which anything was to the last, those between without anything as nothing.
function whole(told) {
  const found = new Map(told.map((each) => [Date.parse(each.began_at), each]));
  const [first, last] = [Math.min(...found.keys()), Math.max(...found.keys())];
  const none = { offered: 0, answered: 0, abandoned: 0, answered_within: 0 };
  const length = found.size > 0 ? (last - first) / QUARTER_MS + 1 : 0;
  return Array.from({ length }, (_, n) => first + n * QUARTER_MS).map((at) => ({ ...(found.get(at) ?? none), at }));
}
