// What /api/v1/wallboard/stream says, and whether it can be trusted: it is heard at least every 15 s, or it is stale.
// A lost connection is tried again for ever, at first soon and then less often, and not by all screens at once.

const SILENT_MS = 20_000;
const FIRST_MS = 500;
const LONGEST_MS = 8_000;

export class Stream {
  // `hear`: what is done with each wallboard; `lose`: when it may no longer be true, and why.
  constructor(address, hear, lose) {
    Object.assign(this, { address, hear, lose });
    this.heard = 0; // when the latest came, by performance.now()
    this.heardByWallClock = 0; // the same by a clock that goes on while the machine sleeps
    this.frozen = null; // the figures are no longer true since then, by performance.now(); null while they are
    this.told = null; // the latest wallboard
    this.source = null;
    this.retry = 0;
    this.wait = FIRST_MS;
  }

  connect() {
    clearTimeout(this.retry);
    this.source?.close();
    this.source = new EventSource(this.address);
    this.source.addEventListener("wallboard", (event) => this.#took(JSON.parse(event.data)));
    this.source.addEventListener("change", (event) => this.#took(changed(this.told, JSON.parse(event.data))));
    this.source.addEventListener("error", () => this.#lost("lost")); // EventSource itself gives up after some errors; we never do
  }

  // To be asked now and then: a connection may be open and silent.
  look() {
    const silence = Math.max(performance.now() - this.heard, Date.now() - this.heardByWallClock);
    if (this.heard > 0 && this.frozen === null && silence > SILENT_MS) this.#lost("silent");
  }

  // Milliseconds since the latest was told; they stand still while the figures are stale.
  elapsed() {
    return (this.frozen ?? performance.now()) - this.heard;
  }

  // How old the figures are, ms, be they stale or not; also after the machine slept.
  age() {
    return Math.max(performance.now() - this.heard, Date.now() - this.heardByWallClock);
  }

  #took(told) {
    this.told = told;
    this.heard = performance.now();
    this.heardByWallClock = Date.now();
    this.frozen = null;
    this.wait = FIRST_MS;
    this.hear(told);
  }

  #lost(why) {
    this.source.close();
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.connect(), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(2 * this.wait, LONGEST_MS);
    if (this.heard === 0) return; // the banner still says that we connect
    this.frozen ??= performance.now();
    this.lose(why);
  }
}

// The wallboard after a change: of queues and agents only those came that are other than before.
function changed(told, change) {
  const latest = (all, some, key) => {
    const news = new Map(some.map((each) => [each[key], each]));
    return news.size === 0 ? all : all.map((each) => news.get(each[key]) ?? each);
  };
  return { ...told, ...change, queues: latest(told.queues, change.queues, "name"), agents: latest(told.agents, change.agents, "id") };
}
