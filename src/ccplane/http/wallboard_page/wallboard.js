// The wallboard's page: it shows what /api/v1/wallboard/stream says, and says so when that can't be trusted any more.
// Time is the server's: `at` of the latest event, and what has passed since by a clock that nobody sets.
// Every text comes into the page by textContent: a queue's name is never HTML.

const SILENT_MS = 20_000; // the stream speaks every 15 s at the least
const AGAIN_MS = 1_000;
const TICK_MS = 200; // a second is shown soon after it has passed, not up to one later

const words = JSON.parse(document.getElementById("words").textContent);
const language = document.documentElement.lang;
const clockFace = new Intl.DateTimeFormat(language, { timeStyle: "medium", hourCycle: "h23" });
const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });
const percent = new Intl.NumberFormat(language, { style: "percent" });
const whole = new Intl.NumberFormat(language);

// ── what is known, and since when ──

let board = null; // the latest event
let heard = 0; // when it came, by performance.now()
let heardByWallClock = 0; // the same by a clock that goes on while the machine sleeps
let frozen = null; // the figures are no longer true since then, by performance.now(); null while they are
let source = null;
let retry = 0;

function connect() {
  clearTimeout(retry);
  source?.close();
  source = new EventSource("/api/v1/wallboard/stream");
  source.addEventListener("wallboard", (event) => hear(JSON.parse(event.data)));
  source.addEventListener("error", () => lose("lost")); // EventSource itself gives up after some errors; we never do
}

function hear(told) {
  board = told;
  heard = performance.now();
  heardByWallClock = Date.now();
  frozen = null;
  document.body.className = "live";
  write(byId("banner"), "");
  show();
}

function lose(why) {
  source.close();
  clearTimeout(retry);
  retry = setTimeout(connect, AGAIN_MS);
  if (board === null) return; // the banner still says that we connect
  frozen ??= performance.now();
  document.body.className = "stale";
  if (why === "lost" || byId("banner").textContent === "") {
    write(byId("banner"), words[why].replace("{time}", clockFace.format(Date.parse(board.at))));
  }
}

function tick() {
  const silence = Math.max(performance.now() - heard, Date.now() - heardByWallClock);
  if (board !== null && frozen === null && silence > SILENT_MS) lose("silent");
  if (board !== null) showTimes();
}

// Milliseconds since the latest event; they stand still while the figures are stale.
const elapsed = () => (frozen ?? performance.now()) - heard;
const serverNow = () => Date.parse(board.at) + elapsed();

// ── the page ──

function show() {
  update(byId("emergencies"), board.emergencies, (each) => each.name, newLine, (item, each) => {
    write(item, `${each.name}: ${each.says[language] ?? Object.values(each.says)[0]}`);
  });
  update(byId("queues"), board.queues, (queue) => queue.name, () => newRow(9), (row, queue) => {
    const cells = [queue.name, whole.format(queue.waiting), null, estimateOf(queue), ...countsOf(queue), ...ratesOf(queue), messagesOf(queue)];
    cells.forEach((text, n) => text === null || write(row.children[n], text));
    row.classList.toggle("waited-for", queue.waiting > 0);
  });
  byId("brought").hidden = !board.attributions.some(({ attribution }) => attribution !== "");
  update(byId("attributions"), board.attributions, ({ attribution }) => attribution, () => newRow(5), (row, each) => {
    write(row.children[0], each.attribution || words.nothing);
    const counts = [each.arrived, each.queued, each.answered, each.abandoned, each.self_served];
    counts.forEach((count, n) => write(row.children[n + 1], whole.format(count)));
  });
  update(byId("agents"), board.agents, (agent) => agent.id, newAgent, (item, agent) => {
    item.dataset.state = agent.state;
    write(item.children[0], agent.id);
    write(item.children[1], words.states[agent.state] ?? agent.state);
  });
  update(byId("tally"), tallyOf(board.agents), ([state]) => state, newLine, (item, [state, count]) => {
    item.dataset.state = state;
    write(item, `${whole.format(count)} ${words.states[state] ?? state}`);
  });
  write(byId("counted-from"), words.counted_from.replace("{time}", moment.format(Date.parse(board.counted_from))));
  write(byId("provisional"), board.provisional ? words.provisional.replace("{gaps}", board.gaps.map(gapText).join(", ")) : "");
  showTimes();
}

// 10:02:11–10:02:15; one that lasts has no end yet.
const gapText = ({ from, to }) => `${clockFace.format(Date.parse(from))}–${to === null ? "" : clockFace.format(Date.parse(to))}`;

function showTimes() {
  const now = serverNow();
  write(byId("clock"), clockFace.format(now));
  board.queues.forEach((queue, n) => {
    const waits = queue.waiting > 0 ? duration(queue.longest_wait_s * 1000 + elapsed()) : words.nothing;
    write(byId("queues").children[n].children[2], waits);
  });
  board.agents.forEach((agent, n) => {
    const since = agent.since === null ? words.nothing : duration(now - Date.parse(agent.since));
    const left = agent.until === null ? "" : ` (−${duration(Date.parse(agent.until) - now + 999)})`;
    write(byId("agents").children[n].children[2], since + left);
  });
}

// To the next five seconds, from a minute on to the next half: it is no more exact than that.
function estimateOf({ estimated_wait_s: seconds }) {
  if (seconds === null) return words.nothing;
  const step = seconds < 60 ? 5 : 30;
  return duration(Math.ceil(seconds / step) * step * 1000);
}

const countsOf = (queue) => [queue.offered, queue.answered, queue.abandoned].map((count) => whole.format(count));
const ratesOf = (queue) => [queue.service_level, queue.three_rings].map((rate) => (rate === null ? words.nothing : percent.format(rate)));

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

// 65 s is 1:05, an hour 1:00:00.
function duration(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

// ── elements ──

// A name, and so many figures.
function newRow(length) {
  const row = document.createElement("tr");
  const name = document.createElement("th");
  name.scope = "row";
  row.append(name, ...Array.from({ length }, () => document.createElement("td")));
  return row;
}

function newAgent() {
  const item = document.createElement("li");
  item.append(...["b", "span", "time"].map((name) => document.createElement(name)));
  return item;
}

const newLine = () => document.createElement("li");
const byId = (id) => document.getElementById(id);

// One child of `parent` for each item, in their order; a child stays the same element as long as its key is there.
function update(parent, items, keyOf, make, fill) {
  const present = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  items.forEach((item, n) => {
    const key = String(keyOf(item));
    const child = present.get(key) ?? make();
    present.delete(key);
    child.dataset.key = key;
    if (parent.children[n] !== child) parent.insertBefore(child, parent.children[n] ?? null);
    fill(child, item);
  });
  for (const gone of present.values()) gone.remove();
}

// Touches the page only where something has changed.
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

connect();
setInterval(tick, TICK_MS);
