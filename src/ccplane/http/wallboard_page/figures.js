// What a tile shows, of all its board's queues together, and whether that is a worry. Rates are made of summed counters,
// never of rates; no data is null, never 0.

const sum = (items, name) => items.reduce((all, item) => all + item[name], 0);
const rate = (part, all) => (all > 0 ? part / all : null);
const most = (values) => (values.length > 0 ? Math.max(...values) : null);
const ofService = (name) => (_queues, _agents, _elapsed, service) => service?.[name] ?? null;
const inState = (state) => (_, agents) => agents.filter((agent) => agent.state === state).length;

// In counts, ms, or fractions. `elapsed`: ms since the figures were told.
const FIGURES = {
  waiting: (queues) => sum(queues, "waiting"),
  longest_wait: (queues, _, elapsed) =>
    most(queues.filter((queue) => queue.waiting > 0).map((queue) => queue.longest_wait_s * 1000 + elapsed)),
  estimated_wait: (queues) =>
    most(queues.filter((queue) => queue.estimated_wait_s !== null).map((queue) => queue.estimated_wait_s * 1000)),
  offered: (queues) => sum(queues, "offered"),
  answered: (queues) => sum(queues, "answered"),
  abandoned: (queues) => sum(queues, "abandoned"),
  abandonment: (queues) => rate(sum(queues, "abandoned"), sum(queues, "answered") + sum(queues, "abandoned")),
  service_level: (queues) =>
    rate(sum(queues, "answered_within"), sum(queues, "answered") + sum(queues, "abandoned") + sum(queues, "overdue")),
  three_rings: (queues) => rate(sum(queues, "rang_in_time"), sum(queues, "rang")),
  callbacks: (queues) => sum(queues, "callbacks"),
  messages: (queues) => sum(queues, "messages"),
  messages_overdue: (queues) => sum(queues, "messages_overdue"),
  satisfaction: (queues) => rate(sum(queues, "satisfaction_top"), sum(queues, "satisfaction_rated")),
  agents_ready: inState("ready"),
  agents_talking: inState("talking"),
  agents_wrap_up: inState("wrap-up"),
  agents_paused: inState("paused"),
  agents_unreachable: inState("unreachable"),
  agents_signed_in: (_, agents) => agents.filter((agent) => agent.state !== "offline").length,
  surge_index: ofService("surge_index"),
  offer_latency: ofService("offer_latency_ms"),
  fact_lag: ofService("fact_lag_ms"),
  ari_lag: ofService("ari_lag_ms"),
  loop_delay: ofService("loop_delay_ms"),
};

export const figureOf = (name, queues, agents, elapsed, service) => FIGURES[name](queues, agents, elapsed, service);

// "" while all is well, else "warn" or "alarm". `figure`: what the board says of it.
export function worry(figure, value) {
  if (value === null) return "";
  const reached = (limit) => limit !== null && (figure.moreIsWorse ? value >= limit : value <= limit);
  return reached(figure.alarm) ? "alarm" : reached(figure.warn) ? "warn" : "";
}
