"use strict";
[...document.querySelectorAll("table")].filter((table) => table.tHead).forEach((table) => {
  const body = table.tBodies[0];
  const text = (row, i) => row.cells[i].dataset.v ?? row.cells[i].textContent.trim();
  const order = (i) => (a, b) => {
    const [x, y] = [text(a, i), text(b, i)];
    const [p, q] = [parseFloat(x), parseFloat(y)];
    if (Number.isNaN(p) && Number.isNaN(q)) return x.localeCompare(y);
    return Number.isNaN(p) ? 1 : Number.isNaN(q) ? -1 : p - q;
  };
  [...table.tHead.rows[0].cells].forEach((head, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      [...table.tHead.rows[0].cells].forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = [...body.rows].sort(order(i));
      body.append(...(up ? rows : rows.reverse()));
    });
  });
  if (body.rows.length > 20) {
    const find = document.createElement("input");
    find.type = "search";
    find.className = "find";
    find.placeholder = "show only rows that hold …";
    find.setAttribute("aria-label", "show only rows that hold these words");
    find.addEventListener("input", () => {
      const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of body.rows) {
        const told = [...row.cells].map((cell) => cell.textContent).join(" ").toLowerCase();
        row.hidden = !words.every((word) => told.includes(word));
      }
    });
    table.parentElement.before(find);
  }
});
