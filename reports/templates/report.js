// Everything works without this. With it: a box that narrows the findings to those that hold every word typed,
// and tables that sort by a column.
"use strict";
(() => {
  const main = document.querySelector("main");

  const cards = [...document.querySelectorAll(".card")];
  if (cards.length > 1) {
    const label = document.createElement("label");
    const box = document.createElement("input");
    const count = document.createElement("output");
    box.type = "search";
    box.id = "filter";
    label.htmlFor = "filter";
    label.textContent = main.dataset.filter;
    count.htmlFor = "filter";
    const tools = document.createElement("div");
    tools.className = "tools";
    tools.append(label, box, count);
    cards[0].before(tools);
    const show = () => {
      const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      let left = 0;
      for (const card of cards) {
        const text = card.textContent.toLowerCase();
        card.hidden = !words.every((word) => text.includes(word));
        left += card.hidden ? 0 : 1;
      }
      count.textContent = `${left} / ${cards.length}`;
    };
    box.addEventListener("input", show);
    show();
  }

  const letters = new Intl.Collator(document.documentElement.lang, { numeric: true });
  const amount = (text) => {
    const found = text.replace(/,/g, "").replace("\u2212", "-").match(/-?\d+(\.\d+)?/);
    return found ? Number(found[0]) : Number.NEGATIVE_INFINITY;
  };
  const compare = (one, other) => {
    if (one.dataset.rank && other.dataset.rank) return one.dataset.rank - other.dataset.rank;
    const [a, b] = [one.textContent.trim(), other.textContent.trim()];
    return one.classList.contains("right") ? amount(a) - amount(b) : letters.compare(a, b);
  };
  for (const table of document.querySelectorAll("table:not(.bars):not(.total)")) {
    const rows = [...table.tBodies[0].rows];
    const heads = [...table.tHead.rows[0].cells];
    if (rows.length < 3) continue;
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const turn = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", turn > 0 ? "ascending" : "descending");
        rows.sort((one, other) => turn * compare(one.cells[column], other.cells[column]));
        table.tBodies[0].append(...rows);
      });
    });
  }
})();
