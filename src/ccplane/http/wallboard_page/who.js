// Whom this board shows, where it shows not all: asked for at first, and again when the stream says that they may be others.

const APART_MS = 1_000;

export class Who {
  // `changed`: what is done when others are to be shown.
  constructor({ teams, skills, serving }, changed) {
    this.query = new URLSearchParams({ teams: teams.join(","), skills: skills.join(","), serving: serving.join(",") });
    this.all = teams.length + skills.length + serving.length === 0;
    this.changed = changed;
    this.people = ""; // of which word of the stream these are
    this.ids = new Set();
    this.asked = -Infinity; // when, by performance.now()
  }

  // Those of `agents` that are shown.
  among(agents) {
    return this.all ? agents : agents.filter((agent) => this.ids.has(agent.id));
  }

  // To be asked now and then. `people`: the stream's word for who they are.
  look(people) {
    if (!this.all && people !== this.people && performance.now() - this.asked > APART_MS) void this.#ask();
  }

  async #ask() {
    this.asked = performance.now();
    try {
      const answer = await fetch(`/api/v1/wallboard/agents?${this.query}`);
      if (!answer.ok) throw new Error(answer.statusText);
      const told = await answer.json();
      [this.people, this.ids] = [told.people, new Set(told.agents)];
      this.changed();
    } catch {
      // those that were known stay, and it is tried again
    }
  }
}
