// Elements for items. Every text comes into the page by textContent: a queue's name is never HTML.

export const byId = (id) => document.getElementById(id);

export function element(name, ...children) {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}

export const newLine = () => element("li");

// A name, and so many figures.
export function newRow(length) {
  const name = element("th");
  name.scope = "row";
  return element("tr", name, ...Array.from({ length }, () => element("td")));
}

// One child of `parent` for each item, in their order; a child stays the same element as long as its key is there.
export function update(parent, items, keyOf, make, fill) {
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
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function mark(element, name, value) {
  if (element.getAttribute(name) === value) return;
  if (value) element.setAttribute(name, value);
  else element.removeAttribute(name);
}

// The page of `items` whose turn it is: the screen holds `most`, each page stays for `turn` ms.
export function turned(items, most, turn, now) {
  const pages = Math.max(1, Math.ceil(items.length / most));
  const page = Math.floor(now / turn) % pages;
  return { page: page + 1, pages, items: pages === 1 ? items : items.slice(page * most, (page + 1) * most) };
}
