// Everything works without this. With it: a box that narrows the findings to those that hold every word typed.
"use strict";
(() => {
  const main = document.querySelector("main");
  const cards = [...document.querySelectorAll(".card")];
  if (cards.length < 2) return;
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
})();
