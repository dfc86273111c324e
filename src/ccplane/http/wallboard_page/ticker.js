// What everybody should know, one line at a time: what is wrong now, and the text of the board.

import { filled, gapText, language, whole, words } from "./times.js";

const STAYS_MS = 6_000;

// `told`: a wallboard; `queues`: those of this board.
export function news(told, queues, text) {
  return [
    ...told.emergencies.map((each) => `${each.name}: ${each.says[language] ?? Object.values(each.says)[0]}`),
    ...told.surges.map((each) => filled(words.surge, each)),
    ...told.gaps.slice(-3).map((each) => filled(words.gap, { gap: gapText(each) })),
    ...queues.filter((each) => each.messages_overdue > 0).slice(0, 20).map((each) =>
      filled(words.messages_late, { queue: each.name, count: whole.format(each.messages_overdue) }),
    ),
    ...queues.filter((each) => each.unserved).slice(0, 20).map((each) => filled(words.nobody, { queue: each.name })),
    ...(text ? [text] : []),
  ];
}

// The line whose turn it is, and its place among them.
export function line(lines, now) {
  if (lines.length === 0) return "";
  const n = Math.floor(now / STAYS_MS) % lines.length;
  return lines.length === 1 ? lines[0] : `${lines[n]} (${n + 1}/${lines.length})`;
}
