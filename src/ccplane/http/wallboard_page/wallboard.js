// The wallboard's page: it shows what /api/v1/wallboard/stream says, and says so when that can't be trusted any more.
// Time is the server's: `at` of the latest event, and what has passed since by a clock that nobody sets.

import { Charts } from "./charts.js";
import { figureOf, worry } from "./figures.js";
import { byId, element, mark, newLine, newRow, turned, update, write } from "./lists.js";
import { Sound } from "./sound.js";
import { Stream } from "./stream.js";
import { line, news } from "./ticker.js";
import { Wall } from "./wall.js";
import { Who } from "./who.js";
import { clockFace, delay, duration, estimate, filled, gapText, language, moment, percent, times, whole, words } from "./times.js";

const TICK_MS = 200; // a second is shown soon after it has passed, not up to one later
const COLUMNS = ["waiting", "longest_wait", "estimated_wait", "offered", "answered", "abandoned", "service_level", "three_rings", "messages"];
const WRITTEN = { count: (value) => whole.format(value), time: duration, share: (value) => percent.format(value), ratio: times, delay };

const screen = JSON.parse(byId("board").textContent);
let board = null; // the latest wallboard
let queues = []; // those of it that this screen shows
let agents = []; // as well
let lines = []; // the ticker's
let why = ""; // the figures are stale
let pages = ""; // which are shown

const wall = screen.wall ? new Wall(["charts", "part-queues", "brought", "part-agents"].map(byId), screen.turn) : null;
const stream = new Stream("/api/v1/wallboard/stream?changes=true", hear, lose);
const charts = new Charts(byId("charts"), screen);
const who = new Who(screen, () => board && hear(board));
const sound = new Sound(screen.figures, (muted) => (byId("muted").hidden = !muted));

function hear(told) {
  if (isOfAnother(told)) return location.reload();
  board = told;
  const shown = new Set(screen.queues);
  queues = shown.size === 0 ? told.queues : told.queues.filter((queue) => shown.has(queue.name));
  agents = who.among(told.agents);
  who.look(told.people);
  document.body.className = "live";
  write(byId("banner"), "");
  show();
}

// The server was upgraded, or its site edited: this page may be another by now. Once for each, whatever comes back.
function isOfAnother({ site, page }) {
  if (page === screen.page && site === screen.site) return false;
  const told = `${page} ${site}`;
  if (sessionStorage.getItem("read-anew-for") === told) return false;
  sessionStorage.setItem("read-anew-for", told);
  return true;
}

function lose(reason) {
  why = reason;
  document.body.className = "stale";
  showAge();
}

function tick() {
  stream.look();
  if (board === null) return;
  who.look(board.people);
  if (document.body.className === "stale") showAge();
  else if (turn() !== pages) show();
  wall?.look(performance.now());
  showTimes();
}

const serverNow = () => Date.parse(board.at) + stream.elapsed();

// ── the page ──

const queuesNow = () => turned(queues, screen.rows, screen.turn, performance.now());
const agentsNow = () => turned(agents, screen.agents, screen.turn, performance.now());
const turn = () => `${queuesNow().page} ${agentsNow().page}`;

function show() {
  pages = turn();
  update(byId("emergencies"), board.emergencies, (each) => each.name, newLine, (item, each) => {
    write(item, `${each.name}: ${each.says[language] ?? Object.values(each.says)[0]}`);
  });
  const [some, few] = [queuesNow(), agentsNow()];
  showPage("queues-page", some);
  showPage("agents-page", few);
  update(byId("queues"), some.items, (queue) => queue.name, () => newRow(COLUMNS.length), showQueue);
  update(byId("agents"), few.items, (agent) => agent.id, newAgent, (item, agent) => {
    mark(item, "data-state", agent.state);
    write(item.children[0], agent.id);
    write(item.children[1], words.states[agent.state] ?? agent.state);
  });
  update(byId("tally"), tallyOf(agents), ([state]) => state, newLine, (item, [state, count]) => {
    mark(item, "data-state", state);
    write(item, `${whole.format(count)} ${words.states[state] ?? state}`);
  });
  byId("brought").hidden = board.attributions.length === 0 || !screen.show.includes("advertisements");
  update(byId("attributions"), board.attributions, (each) => each.attribution, () => newRow(5), (row, each) => {
    write(row.children[0], each.attribution || words.nothing);
    const counts = [each.arrived, each.queued, each.answered, each.abandoned, each.self_served];
    counts.forEach((count, n) => write(row.children[n + 1], whole.format(count)));
  });
  write(byId("counted-from"), words.counted_from.replace("{time}", moment.format(Date.parse(board.counted_from))));
  write(byId("provisional"), board.provisional ? words.provisional.replace("{gaps}", board.gaps.map(gapText).join(", ")) : "");
  lines = news(board, queues, screen.ticker);
  charts.show(tallyOf(agents));
  showTimes();
}

function showQueue(row, queue) {
  write(row.children[0], queue.name);
  COLUMNS.forEach((name, n) => {
    if (name === "longest_wait") return; // it goes on by itself
    write(row.children[n + 1], name === "messages" ? messagesOf(queue) : written(name, figureOf(name, [queue], [], 0)));
  });
  row.classList.toggle("waited-for", queue.waiting > 0);
}

function showPage(id, { page, pages }) {
  write(byId(id), pages === 1 ? "" : filled(words.page_of, { page, pages }));
}

// What goes on without an event: times, and what they make of the figures.
function showTimes() {
  const [now, elapsed] = [serverNow(), stream.elapsed()];
  write(byId("clock"), clockFace.format(now));
  write(byId("ticker"), line(lines, performance.now()));
  const worries = screen.tiles.map((name, n) => showTile(byId("tiles").children[n], name, elapsed));
  queuesNow().items.forEach((queue) => {
    const row = [...byId("queues").children].find((each) => each.dataset.key === queue.name);
    if (row) showWorries(row, queue, elapsed);
  });
  if (document.body.className === "live") sound.hear([...worries, ...queues.flatMap((queue) => worriesOf(queue, elapsed))]);
  [...byId("agents").children].forEach((item, n) => {
    const agent = agentsNow().items[n];
    if (agent?.id !== item.dataset.key) return;
    const since = agent.since === null ? words.nothing : duration(now - Date.parse(agent.since));
    const left = agent.until === null ? "" : ` (−${duration(Date.parse(agent.until) - now + 999)})`;
    write(item.children[2], since + left);
  });
}

function showTile(tile, name, elapsed) {
  const figure = screen.figures[name];
  const value = figureOf(name, queues, agents, elapsed, board.service);
  const bad = worry(figure, value);
  write(tile.children[0], written(name, value));
  write(tile.children[2], bad === "" ? "" : bad === "warn" ? words.warning : words.alarm);
  mark(tile, "data-worry", bad);
  return { key: name, worry: bad, sound: figure.sound };
}

function showWorries(row, queue, elapsed) {
  write(row.children[2], written("longest_wait", figureOf("longest_wait", [queue], [], elapsed)));
  COLUMNS.forEach((name, n) => mark(row.children[n + 1], "data-worry", worry(screen.figures[name], figureOf(name, [queue], [], elapsed))));
}

// Those of a queue by itself, where the board has a table of queues.
function worriesOf(queue, elapsed) {
  if (!screen.show.includes("queues")) return [];
  return COLUMNS.filter((name) => screen.figures[name].sound !== "none").map((name) => ({
    key: `${name} ${queue.name}`,
    worry: worry(screen.figures[name], figureOf(name, [queue], [], elapsed)),
    sound: screen.figures[name].sound,
  }));
}

function showAge() {
  write(byId("banner"), filled(words[why], { time: clockFace.format(Date.parse(board.at)), age: duration(stream.age()) }));
}

function written(name, value) {
  if (value === null) return words.nothing;
  return name === "estimated_wait" ? estimate(value) : WRITTEN[screen.figures[name].unit](value);
}

// Those without an answer, and how many of them are late.
function messagesOf({ messages, messages_overdue: overdue }) {
  return overdue === 0 ? whole.format(messages) : `${whole.format(messages)} (${words.overdue.replace("{count}", whole.format(overdue))})`;
}

// How many agents are in each state, in the order of the words.
function tallyOf(agents) {
  const counts = new Map(Object.keys(words.states).map((state) => [state, 0]));
  for (const agent of agents) counts.set(agent.state, (counts.get(agent.state) ?? 0) + 1);
  return [...counts].filter(([, count]) => count > 0);
}

// ── what does not change ──

const newAgent = () => element("li", element("b"), element("span"), element("time"));

function furnish() {
  byId("complaints").append(...screen.complaints.map((each) => element("li", each)));
  for (const part of ["queues", "agents"]) byId(`part-${part}`).hidden = !screen.show.includes(part);
  for (const name of screen.tiles) {
    const tile = element("li", element("b", words.nothing), element("span", screen.figures[name].label), element("i"));
    tile.dataset.figure = name;
    byId("tiles").append(tile);
  }
  for (const named of document.querySelectorAll("[data-figure]")) named.title = screen.figures[named.dataset.figure].meaning;
  for (const link of document.querySelectorAll("nav a")) {
    const address = new URL(location.href);
    address.searchParams.set("lang", link.lang);
    link.href = address.search;
  }
}

furnish();
stream.connect();
setInterval(tick, TICK_MS);
