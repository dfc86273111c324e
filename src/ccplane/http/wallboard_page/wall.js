// A screen that nobody scrolls: as many parts as fit are there together, the others when it is their turn.

export class Wall {
  // `turn`: ms.
  constructor(parts, turn) {
    Object.assign(this, { parts, turn, next: 0, until: -Infinity });
    document.documentElement.classList.add("wall");
    addEventListener("resize", () => (this.until = -Infinity));
  }

  look(now) {
    if (now < this.until) return;
    this.until = now + this.turn;
    const there = this.parts.filter((part) => !part.hidden && part.childElementCount > 0);
    for (const part of this.parts) part.classList.add("its-turn-later");
    if (this.next >= there.length) this.next = 0;
    const first = this.next;
    for (const part of there.slice(first)) {
      part.classList.remove("its-turn-later");
      if (this.next > first && !this.#fits()) return part.classList.add("its-turn-later");
      this.next += 1;
    }
  }

  // The line of news lies over the page.
  #fits() {
    const news = document.getElementById("ticker").getBoundingClientRect();
    const bottom = document.querySelector("main").getBoundingClientRect().bottom;
    return bottom <= (news.height > 0 ? news.top : innerHeight);
  }
}
