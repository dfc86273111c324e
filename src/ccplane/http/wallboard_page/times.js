// How numbers and times are written, in the page's language.

export const words = JSON.parse(document.getElementById("words").textContent);
export const language = document.documentElement.lang;
export const clockFace = new Intl.DateTimeFormat(language, { timeStyle: "medium", hourCycle: "h23" });
export const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });
export const percent = new Intl.NumberFormat(language, { style: "percent" });
export const whole = new Intl.NumberFormat(language);
const tenths = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });

// 65 s is 1:05, an hour 1:00:00.
export function duration(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

// 12 ms, 1.5 s: where each millisecond matters.
export const delay = (ms) => (ms < 1000 ? `${tenths.format(ms)} ms` : `${tenths.format(ms / 1000)} s`);

// ×2.4: how many times as much.
export const times = (ratio) => `×${tenths.format(ratio)}`;

// To the next five seconds, from a minute on to the next half: it is no more exact than that.
export function estimate(ms) {
  const step = ms < 60_000 ? 5_000 : 30_000;
  return duration(Math.ceil(ms / step) * step);
}

// 10:02:11–10:02:15; one that lasts has no end yet.
export const gapText = ({ from, to }) => `${clockFace.format(Date.parse(from))}–${to === null ? "" : clockFace.format(Date.parse(to))}`;

// A sentence with {blanks} and what stands in them.
export const filled = (text, values) => text.replace(/\{(\w+)\}/g, (blank, name) => values[name] ?? blank);
