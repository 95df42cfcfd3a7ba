// Tables: sorting, filtering, and jumps to a run. Without scripts the page is complete; only this is missing.
"use strict";
(() => {
  const live = document.getElementById("live");
  const say = (text) => { live.textContent = text; };
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  const count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

  // ---- Sorting ----

  const keyOf = (cell) => cell.dataset.key ?? cell.textContent.trim();
  const missing = (key) => key === "–" || key === "";

  const sort = (table, column, up) => {
    const rows = [...table.tBodies[0].rows].map((row) => {
      const key = keyOf(row.cells[column]);
      return { row, key, number: missing(key) ? NaN : Number(key.replaceAll(",", "")) };
    });
    const numbers = rows.every(({ key, number }) => missing(key) || !Number.isNaN(number));
    rows.sort((a, b) => {
      if (missing(a.key) !== missing(b.key)) return missing(a.key) ? 1 : -1;
      const order = numbers ? a.number - b.number : a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
      return (up ? order : -order) || 0;
    });
    table.tBodies[0].append(...rows.map(({ row }) => row));
  };

  const sortable = (table) => {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const name = head.textContent;
      const button = make("button", { type: "button" }, name);
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        sort(table, column, up);
        say(`Sorted by ${name}, ${up ? "ascending" : "descending"}.`);
      });
    });
  };
  // Tables in closed parts are made sortable when they are opened.
  for (const table of document.querySelectorAll("table.sortable")) {
    const closed = table.closest("details:not([open])");
    if (closed) closed.addEventListener("toggle", () => sortable(table), { once: true });
    else sortable(table);
  }

  // ---- Filtering the table of runs ----

  const table = document.getElementById("table-runs");
  const all = [...table.tBodies[0].rows];
  const heads = [...table.tHead.rows[0].cells];
  // Every row with the texts of its cells, read once.
  const entries = all.map((row) => ({
    row,
    run: row.id.slice("run-".length),
    texts: [...row.cells].map((cell) => cell.textContent.trim()),
    keys: [...row.cells].map(keyOf),
    text: row.textContent.toLowerCase(),
  }));
  const tests = [];
  let picked = null;

  const shownCount = make("p", { className: "count" });
  const clear = make("button", { type: "button", textContent: "Show all runs", hidden: true });
  const why = make("p", { className: "picked", hidden: true });

  const filter = (announce = true) => {
    const active = tests.map((test) => test()).filter(Boolean);
    let n = 0;
    for (const entry of entries) {
      const kept = (!picked || picked.runs.has(entry.run)) && active.every((test) => test(entry));
      entry.row.hidden = !kept;
      if (kept) n += 1;
    }
    const whole = active.length === 0 && !picked;
    clear.hidden = whole;
    why.hidden = !picked;
    if (picked) why.textContent = picked.why;
    const text = whole ? `${count(entries.length)} runs` : `${count(n)} of ${count(entries.length)} runs`;
    shownCount.textContent = text;
    if (announce) say(`The table shows ${text}.`);
  };

  // First what every table has, then the parameters, folded away where there is little room.
  const [first, parameters] = [make("div", { className: "fields" }), make("div", { className: "fields" })];
  let fields = first;
  const field = (name, ...inputs) => {
    if (inputs.length === 1) fields.append(make("label", {}, make("span", { textContent: name }), inputs[0]));
    else {
      inputs.forEach((input, place) => input.setAttribute("aria-label", `${name}, ${place ? "at most" : "at least"}`));
      const range = make("span", { className: "range" }, ...inputs);
      fields.append(make("div", { className: "label" }, make("span", { textContent: name }), range));
    }
  };
  const reset = [];
  const input = (properties) => {
    const element = make("input", { autocomplete: "off", ...properties });
    element.addEventListener("input", () => filter());
    reset.push(() => { element.value = ""; });
    return element;
  };
  const range = (name, column) => {
    const [low, high] = [input({ type: "number", step: "any", placeholder: "from" }), input({ type: "number", step: "any", placeholder: "to" })];
    field(name, low, high);
    tests.push(() => {
      if (low.value === "" && high.value === "") return null;
      const [from, to] = [low.value === "" ? -Infinity : Number(low.value), high.value === "" ? Infinity : Number(high.value)];
      return ({ keys }) => !missing(keys[column]) && Number(keys[column]) >= from && Number(keys[column]) <= to;
    });
  };
  const choice = (name, column, values) => {
    const select = make("select", {}, make("option", { value: "", textContent: "any" }));
    // The place of a value, since a value may be empty.
    values.forEach((value, place) => select.append(make("option", { value: String(place), textContent: value })));
    select.addEventListener("change", () => filter());
    reset.push(() => { select.value = ""; });
    field(name, select);
    tests.push(() => (select.value === "" ? null : ({ texts }) => texts[column] === values[Number(select.value)]));
  };

  // Values beyond this are chosen by a range or by the text.
  const MOST_CHOICES = 40;
  if (entries.length > 1) {
    const text = input({ type: "search", placeholder: "id, value, reason …" });
    field("Text", text);
    tests.push(() => {
      const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
      return words.length ? (entry) => words.every((word) => entry.text.includes(word)) : null;
    });
    heads.forEach((head, column) => {
      if (!head.dataset.filter) return;
      const name = head.textContent;
      fields = head.dataset.filter === "words" && name !== "status" ? parameters : first;
      const values = [...new Set(entries.map(({ texts }) => texts[column]))];
      const numeric = values.every((value) => missing(value) || !Number.isNaN(Number(value)));
      if (head.dataset.filter === "numbers" || (numeric && values.length > MOST_CHOICES)) range(name, column);
      else if (values.length > 1 && values.length <= MOST_CHOICES) {
        const order = numeric ? (a, b) => missing(a) - missing(b) || Number(a) - Number(b) : undefined;
        choice(name, column, values.sort(order));
      }
    });
    const more = make("details", { open: !matchMedia("(max-width: 40rem)").matches }, make("summary", { textContent: "By parameter" }), parameters);
    const form = make("form", { className: "filter" }, first, ...(parameters.children.length ? [more] : []), make("div", { className: "state" }, shownCount, why, clear));
    form.setAttribute("aria-label", "Filter the table of runs");
    form.addEventListener("submit", (event) => event.preventDefault());
    table.closest(".scroll").before(form);
    const showAll = () => {
      picked = null;
      reset.forEach((one) => one());
      filter();
      document.dispatchEvent(new CustomEvent("runs-cleared"));
    };
    clear.addEventListener("click", showAll);
    filter(false);

    // Only these runs: from a claim's list, or from a brush in a figure.
    window.ablate = {
      pick: (runs, reason) => {
        picked = runs && { runs: new Set(runs), why: reason };
        filter();
      },
    };
    for (const set of document.querySelectorAll("details.set")) {
      const links = [...set.querySelectorAll("a[href^='#run-']")];
      if (!links.length) continue;
      const name = set.querySelector("summary").textContent;
      const claim = set.closest("li.claim").querySelector("h3 bdi").textContent;
      const button = make("button", { type: "button", textContent: "Show these in the table of runs" });
      button.addEventListener("click", () => {
        const runs = links.map((link) => link.getAttribute("href").slice("#run-".length));
        window.ablate.pick(runs, `${runs.length} of ${name}: ${claim}`);
        document.getElementById("runs").scrollIntoView();
        clear.focus({ preventScroll: true });
      });
      set.append(button);
    }
    // A link to a run that the filter hides shows it again.
    const arrive = () => {
      const row = location.hash.startsWith("#run-") && document.getElementById(location.hash.slice(1));
      if (row && row.hidden) {
        showAll();
        row.scrollIntoView({ block: "center" });
      }
    };
    window.addEventListener("hashchange", arrive);
    arrive();
  }

  // ---- Which section is being read ----

  const links = new Map();
  for (const link of document.querySelectorAll("nav a")) {
    const target = document.getElementById(link.getAttribute("href").slice(1));
    if (target) links.set(target, link);
  }
  const reading = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) {
      if (!isIntersecting) continue;
      for (const link of links.values()) link.removeAttribute("aria-current");
      links.get(target).setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-20% 0px -75% 0px" });
  for (const target of links.keys()) reading.observe(target);
})();
