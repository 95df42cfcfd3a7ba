// Sorts a table by a click on a heading. Without scripts the page is complete; only this is missing.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = (row) => row.cells[column].dataset.key ?? row.cells[column].textContent.trim();
      const rows = [...body.rows].map((row) => ({ row, key: key(row), number: Number.parseFloat(key(row)) }));
      rows.sort((a, b) => {
        const missing = (x) => x.key === "–" || x.key === "";
        if (missing(a) !== missing(b)) return missing(a) ? 1 : -1;
        const numbers = !Number.isNaN(a.number) && !Number.isNaN(b.number);
        const order = numbers ? a.number - b.number : a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
        return up ? order : -order;
      });
      body.append(...rows.map(({ row }) => row));
    });
  });
}
