// Puts a chart in the place of each picture as it comes near the screen, and follows the theme, the width, the pointer and
// the legend. Whatever fails, the picture stays.

const packed = JSON.parse(document.getElementById("data").textContent);

/** Undoes what made the data small (`page/charts.rs`). */
function unpack(value) {
  if (Array.isArray(value)) return value.map(unpack);
  if (value === null || typeof value !== "object") return value;
  if ("^" in value) return packed.columns[value["^"]];
  if ("|" in value) {
    const columns = value["|"].map(unpack);
    return columns[0].map((_, i) => columns.map((column) => column[i]));
  }
  if ("@" in value) return Array.isArray(value["@"]) ? value["@"].map((place) => packed.runs[place]) : packed.runs[value["@"]];
  if ("#" in value) {
    const n = value["#"];
    const columns = Object.entries(value).filter(([key]) => key !== "#").map(([key, column]) => {
      if (column !== null && typeof column === "object" && "=" in column) {
        const same = unpack(column["="]);
        return [key, () => same];
      }
      const items = unpack(column);
      return [key, (i) => items[i]];
    });
    return Array.from({ length: n }, (_, i) => Object.fromEntries(columns.map(([key, at]) => [key, at(i)])));
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unpack(item)]));
}

const darkness = matchMedia("(prefers-color-scheme: dark)");
const SVG = "http://www.w3.org/2000/svg";

function sampleOf(entry) {
  const element = (name, attributes) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const svg = element("svg", { width: 24, height: 14, viewBox: "0 0 24 14", class: `hue-${entry.hue}`, "aria-hidden": "true" });
  const add = (name, attributes) => svg.append(element(name, attributes));
  const stroke = { stroke: "currentColor", fill: "none" };
  const { sample } = entry;
  if (sample.line) add("path", { d: "M0 7H24", ...stroke, "stroke-width": Math.max(sample.width, 1.5), "stroke-dasharray": (DASHES[sample.line] ?? []).join(" ") || "none" });
  if (sample.marker) {
    const points = [];
    const path = { moveTo: (x, y) => points.push(`M${x} ${y}`), lineTo: (x, y) => points.push(`L${x} ${y}`), closePath: () => points.push("Z"), arc: (x, y, r) => points.push(`A${r} ${r} 0 1 1 ${x - r} ${y}A${r} ${r} 0 1 1 ${x + r} ${y}`) };
    trace(path, sample.marker, 12, 7, 4);
    add("path", { d: points.join(""), ...(sample.marker === "Cross" ? { ...stroke, "stroke-width": 1.75 } : { fill: "currentColor" }) });
  }
  if (sample.patch) add("rect", { x: 1, y: 1, width: 22, height: 12, fill: "currentColor", "fill-opacity": sample.patch });
  if (sample.mean) add("path", { d: "M2 7H22M12 1V13", ...stroke, "stroke-width": 1.75 });
  if (sample.floor) add("path", { d: "M12 0V14", ...stroke, "stroke-width": 2, "stroke-dasharray": "2 3" });
  if (sample.interval) add("path", { d: "M3 7H21M3 3V11M21 3V11", ...stroke, "stroke-width": 1.25 });
  if (sample.hatch) add("path", { d: "M2 9L8 1M4 13L14 1M11 13L20 1M17 13L22 6", ...stroke });
  if (sample.ramp) sample.ramp.forEach((colour, i) => add("rect", { x: 8 * i, y: 1, width: 8, height: 12, fill: colour }));
  return svg;
}

class Chart {
  constructor(figure) {
    this.figure = figure;
    const body = Object.entries(unpack(packed.figures[figure.dataset.figure]))[0];
    [this.kind, this.body] = body;
    this.hidden = new Set();
    this.make();
    this.build();
    new ResizeObserver(() => {
      const width = this.holder.clientWidth;
      if (width && width !== this.drawnAt) this.again();
    }).observe(this.holder);
    darkness.addEventListener("change", () => this.again());
  }

  /** The elements around the canvas. */
  make() {
    const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
    this.chart = make("div", { className: "chart" });
    this.legend = make("ul", { className: "legend" });
    this.area = make("div", { className: "area" });
    this.bar = make("div", { className: "bar" });
    this.holder = make("div", { className: "canvas" });
    this.canvas = make("div", {});
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", this.figure.querySelector("img")?.alt ?? this.figure.querySelector(".picture [role=img]").getAttribute("aria-label"));
    this.holder.append(this.canvas);
    this.tip = make("div", { className: "tip", hidden: true });
    this.ring = make("div", { className: "ring", hidden: true });
    this.tools = make("div", { className: "tools" });
    this.area.append(this.holder, this.ring, this.tip);
    this.bar.append(this.legend, this.tools);
    this.chart.append(this.bar, this.area);
    this.figure.querySelector(".picture").before(this.chart);
    this.figure.classList.add("live");
  }

  /** Draws, and where that fails gives the picture back. */
  again() {
    try {
      this.build();
    } catch (error) {
      giveUp(this.figure, error);
    }
  }

  build() {
    const dark = darkness.matches;
    const colours = packed.themes[dark ? "dark" : "light"];
    const width = this.holder.clientWidth;
    this.drawnAt = width;
    const plan = PLANS[this.kind](this.body, { width, colours, dark, hidden: this.hidden });
    this.plan = plan;
    this.windows = plan.frames.map((frame) => [...frame.x.ends]);
    const [w, h] = [plan.width ?? width, plan.height];
    this.canvas.style.width = `${w}px`;
    this.canvas.style.height = `${h}px`;
    if (this.drawn) this.drawn.resize({ width: w, height: h });
    else {
      this.drawn = echarts.init(this.canvas, null, { renderer: "canvas", width: w, height: h });
      this.listen();
    }
    // A canvas that scrolls sideways can be scrolled by the keyboard.
    if (w > width) this.holder.tabIndex = 0;
    this.drawn.setOption({ animation: false, backgroundColor: "transparent", ...(plan.option ?? this.option(colours, w, h)) }, { notMerge: true });
    this.place();
    this.fillLegend();
    this.fillTools();
  }

  /** Grids and painters; the first grid is the whole canvas, in pixels. */
  option(colours, width, height) {
    const { plan } = this;
    const hiddenAxis = (index, min, max, inverse = false) => ({ type: "value", gridIndex: index, min, max, inverse, show: false });
    const painter = (grid, z, paint, clip) => ({
      type: "custom",
      xAxisIndex: grid,
      yAxisIndex: grid,
      z,
      clip,
      silent: true,
      animation: false,
      data: [[0, 0]],
      // Made anew each time: a reused element would keep what it had.
      renderItem: (params, api) => ({ type: "group", $mergeChildren: false, children: paint((x, y) => api.coord([x, y]), params.coordSys) }),
    });
    const tickStyle = { color: colours.Muted, fontSize: TICK, fontFamily: FONT };
    const xAxes = [hiddenAxis(0, 0, width)];
    const yAxes = [hiddenAxis(0, 0, height, true)];
    plan.frames.forEach((frame, i) => {
      xAxes.push({
        type: "value",
        gridIndex: i + 1,
        min: frame.x.ends[0],
        max: frame.x.ends[1],
        position: "bottom",
        axisLine: { onZero: false, lineStyle: { color: colours.Muted, width: 1 } },
        splitLine: { lineStyle: { color: colours.grid } },
        ...this.ticks(frame, i, tickStyle),
      });
      const flat = frame.y.flat;
      const texts = new Map(flat ? [] : frame.y.ticks());
      yAxes.push({
        type: "value",
        gridIndex: i + 1,
        min: Math.min(...frame.y.ends),
        max: Math.max(...frame.y.ends),
        inverse: Boolean(flat),
        axisLine: { show: false },
        axisTick: { show: false, customValues: [...texts.keys()] },
        splitLine: { show: !flat, lineStyle: { color: colours.grid } },
        axisLabel: { show: !flat && frame.labelled, customValues: [...texts.keys()], formatter: (at) => fitted(plain(near(texts, at)), frame.left - 8, TICK), ...tickStyle, hideOverlap: true, margin: 7 },
      });
    });
    const overlay = () => {
      const painted = plan.overlay();
      return Array.isArray(painted) ? { behind: [], front: painted } : painted;
    };
    return {
      grid: [{ left: 0, top: 0, width, height }, ...plan.frames.map(({ left, top, width: w, height: h }) => ({ left, top, width: w, height: h }))],
      xAxis: xAxes,
      yAxis: yAxes,
      dataZoom: plan.zoom
        ? [{ type: "inside", xAxisIndex: plan.frames.map((_, i) => i + 1), filterMode: "none", zoomOnMouseWheel: "ctrl", moveOnMouseWheel: false, moveOnMouseMove: true, disabled: matchMedia("(pointer: coarse)").matches }]
        : [],
      series: [
        painter(0, -2, () => overlay().behind, false),
        ...plan.paints.map(({ frame, paint, clip = true }) => painter(frame + 1, 3, paint, clip)),
        painter(0, 2, () => overlay().front, false),
      ],
    };
  }

  ticks(frame, i, style) {
    const ticks = frame.x.ticks(this.windows[i]);
    const texts = new Map(ticks);
    const values = [...texts.keys()];
    // A long name at the edge moves in.
    const [from, to] = this.windows[i];
    const over = ([at, text]) => {
      const along = frame.left + ((at - from) / (to - from)) * frame.width;
      return along - widthOf(text, TICK) / 2 < 0 || along + widthOf(text, TICK) / 2 > this.drawnAt;
    };
    return {
      axisTick: { show: false, customValues: values },
      axisLabel: {
        customValues: values,
        formatter: (at) => plain(near(texts, at)),
        hideOverlap: true,
        margin: 9,
        alignMinLabel: ticks.length && over(ticks[0]) ? "left" : "center",
        alignMaxLabel: ticks.length && over(ticks.at(-1)) ? "right" : "center",
        ...style,
      },
    };
  }

  /** What lies where, in pixels of the canvas. */
  place() {
    const { frames } = this.plan;
    const to = (target, [x, y]) => {
      if (target.frame < 0) return [x, y];
      const frame = frames[target.frame];
      const [from, until] = this.windows[target.frame];
      const [bottom, top] = frame.y.ends;
      return [frame.left + ((x - from) / (until - from)) * frame.width, frame.top + (1 - (y - bottom) / (top - bottom)) * frame.height];
    };
    const outside = (target, [x]) => target.frame >= 0 && (x < frames[target.frame].left - 4 || x > frames[target.frame].left + frames[target.frame].width + 4);
    this.points = [];
    this.boxes = [];
    this.lines = [];
    for (const target of this.plan.targets) {
      if (target.at) {
        const pixel = target.at.includes(null) ? null : to(target, target.at);
        if (pixel && !outside(target, pixel)) this.points.push({ target, pixel });
      } else if (target.box) {
        if (target.box.includes(null)) continue;
        const [a, b] = [to(target, target.box.slice(0, 2)), to(target, target.box.slice(2))];
        this.boxes.push({ target, pixel: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], box: [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[0], b[0]), Math.max(a[1], b[1])] });
      } else this.lines.push({ target, frame: frames[target.frame], pixels: target.line.map((at) => (at.includes(null) ? null : to(target, at))) });
    }
  }

  /** The dot, line or cell at a pixel. */
  at(x, y) {
    let best = null;
    let least = 10;
    for (const { target, pixel } of this.points) {
      const far = Math.hypot(pixel[0] - x, pixel[1] - y);
      if (far < Math.min(least, target.reach ?? 10)) [best, least] = [{ target, pixel, text: target.say() }, far];
    }
    if (best) return best;
    least = 8;
    for (const { target, frame, pixels } of this.lines) {
      if (x < frame.left - 4 || x > frame.left + frame.width + 4 || y < frame.top - 4 || y > frame.top + frame.height + 4) continue;
      for (let i = 1; i < pixels.length; i += 1) {
        const [a, b] = [pixels[i - 1], pixels[i]];
        if (!a || !b || (a[0] < x - 8 && b[0] < x - 8) || (a[0] > x + 8 && b[0] > x + 8)) continue;
        const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
        const along = Math.min(Math.max(((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy || 1), 0), 1);
        const far = Math.hypot(a[0] + along * dx - x, a[1] + along * dy - y);
        if (far >= least) continue;
        least = far;
        // The nearer end of the stretch is what was measured.
        const end = along < 0.5 ? i - 1 : i;
        best = { target, pixel: pixels[end], text: target.say(end) };
      }
    }
    if (best) return best;
    const inside = this.boxes.find(({ box }) => x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3]);
    return inside ? { ...inside, text: inside.target.say() } : null;
  }

  show(found) {
    this.found = found;
    this.tip.hidden = !found;
    this.ring.hidden = !found || Boolean(found.target.box);
    const run = found?.target.run;
    this.canvas.style.cursor = run ? "pointer" : "";
    if (!found) return;
    const [title, ...rest] = plain(found.text).split("\n");
    const here = run && document.getElementById(`run-${run}`);
    const leads = run ? `run ${run}${here ? "" : " (only in tables/runs.csv)"}` : "";
    this.tip.replaceChildren(Object.assign(document.createElement("strong"), { textContent: title }), [...rest, leads].filter(Boolean).join("\n"));
    const x = found.pixel[0] - this.holder.scrollLeft;
    const [w, h, room] = [this.tip.offsetWidth, this.tip.offsetHeight, this.area.clientWidth];
    const left = x + 14 + w > room ? Math.max(x - 14 - w, 0) : x + 14;
    const top = found.pixel[1] - h - 10 < -20 ? found.pixel[1] + 12 : found.pixel[1] - h - 10;
    this.tip.style.transform = `translate(${Math.min(left, Math.max(room - w, 0))}px, ${top}px)`;
    this.ring.style.transform = `translate(${x}px, ${found.pixel[1]}px)`;
  }

  listen() {
    const where = (event) => {
      const box = this.canvas.getBoundingClientRect();
      return this.at(event.clientX - box.left, event.clientY - box.top);
    };
    this.canvas.addEventListener("pointermove", (event) => { if (event.pointerType !== "touch") this.show(where(event)); });
    this.canvas.addEventListener("pointerleave", (event) => { if (event.pointerType !== "touch") this.show(null); });
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") this.show(null); });
    this.canvas.addEventListener("click", (event) => {
      const before = this.found;
      // A click follows what is shown. A finger has no hover: its first touch shows, its second follows.
      const found = event.pointerType === "touch" ? where(event) : before ?? where(event);
      if (event.pointerType === "touch" && before?.target !== found?.target) return this.show(found);
      const run = found?.target.run;
      if (run && document.getElementById(`run-${run}`)) location.hash = `#run-${run}`;
      return undefined;
    });
    this.drawn.on("datazoom", () => {
      const colours = packed.themes[darkness.matches ? "dark" : "light"];
      const { start, end } = this.drawn.getOption().dataZoom[0];
      const style = { color: colours.Muted, fontSize: TICK, fontFamily: FONT };
      this.windows = this.plan.frames.map(({ x: { ends: [from, to] } }) => [from + ((to - from) * start) / 100, from + ((to - from) * end) / 100]);
      this.drawn.setOption({ xAxis: [{}, ...this.plan.frames.map((frame, i) => this.ticks(frame, i, style))] });
      this.place();
      this.show(null);
      this.whole.disabled = start <= 0 && end >= 100;
    });
    this.drawn.on("axisareaselected", () => {
      const series = this.drawn.getModel().getSeriesByIndex(0);
      const chosen = series.getRawIndicesByActiveState("active").map((i) => this.plan.runs[i]);
      const bounds = this.plan.option.parallelAxis.some((_, i) => this.drawn.getModel().getComponent("parallelAxis", i).activeIntervals.length);
      const title = this.figure.querySelector("h3").textContent;
      window.ablate?.pick(bounds ? chosen : null, `${chosen.length} of ${this.plan.runs.length} chosen in the figure “${title}”`);
    });
    document.addEventListener("runs-cleared", () => { if (this.kind === "Parallel") this.again(); });
  }

  fillLegend() {
    const { activeElement } = document;
    const focused = activeElement?.closest?.(".legend") === this.legend ? activeElement.textContent : null;
    this.legend.replaceChildren(...this.plan.legend.map((entry) => {
      const item = document.createElement("li");
      const fixedOne = entry.fixed || (this.plan.legend.length < 2 && !this.hidden.size);
      const inner = document.createElement(fixedOne ? "span" : "button");
      inner.className = "key";
      if (Object.keys(entry.sample).length) inner.append(sampleOf(entry));
      inner.append(Object.assign(document.createElement("span"), { textContent: entry.name }));
      if (!fixedOne) {
        inner.type = "button";
        inner.setAttribute("aria-pressed", String(!this.hidden.has(entry.name)));
        inner.title = "show or hide";
        inner.addEventListener("click", () => {
          if (!this.hidden.delete(entry.name)) this.hidden.add(entry.name);
          this.again();
        });
      }
      item.append(inner);
      return item;
    }));
    this.legend.hidden = !this.plan.legend.length;
    if (focused !== null) [...this.legend.querySelectorAll("button")].find((button) => button.textContent === focused)?.focus();
  }

  fillTools() {
    if (this.tools.children.length) {
      if (this.whole) this.whole.disabled = true;
      return;
    }
    if (!this.plan.zoom) return;
    const zoom = (factor) => () => {
      const { start, end } = this.drawn.getOption().dataZoom[0];
      const [middle, half] = [(start + end) / 2, ((end - start) / 2) * factor];
      const [from, to] = [Math.max(middle - half, 0), Math.min(middle + half, 100)];
      this.drawn.dispatchAction({ type: "dataZoom", start: factor ? from : 0, end: factor ? to : 100 });
    };
    const button = (text, label, action) => {
      const made = Object.assign(document.createElement("button"), { type: "button", textContent: text, title: label });
      made.setAttribute("aria-label", label);
      made.addEventListener("click", action);
      this.tools.append(made);
      return made;
    };
    button("+", "Zoom in (or turn the wheel with Ctrl; drag to move)", zoom(0.5));
    button("−", "Zoom out", zoom(2));
    this.whole = button("↔", "Whole range", zoom(0));
    this.whole.disabled = true;
  }
}

/** The text of a tick: places come back from ECharts with rounding. */
function near(texts, at) {
  if (texts.has(at)) return texts.get(at);
  let [best, least] = ["", Infinity];
  for (const [place, text] of texts) if (Math.abs(place - at) < least) [best, least] = [text, Math.abs(place - at)];
  return best;
}

function giveUp(figure, error) {
  figure.querySelector(":scope > .chart")?.remove();
  figure.classList.remove("live");
  figure.dataset.failed = String(error);
}

const nearby = new IntersectionObserver((seen) => {
  for (const { target, isIntersecting } of seen) {
    if (!isIntersecting) continue;
    nearby.unobserve(target);
    try {
      target.charted = new Chart(target);
    } catch (error) {
      giveUp(target, error);
    }
  }
}, { rootMargin: "600px 0px" });
// The font first: places depend on the width of texts.
Promise.all(["400 12px Inter", "600 12px Inter"].map((font) => document.fonts.load(font))).finally(() => {
  for (const figure of document.querySelectorAll("figure[data-figure]")) {
    if (figure.dataset.figure in packed.figures) nearby.observe(figure);
  }
});
