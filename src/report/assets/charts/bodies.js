// Each kind of figure as a plan: how high it is, its grids with their axes, what is painted where, its legend, and what
// lies under the pointer. Places are in the axes' own units, so that zooming moves everything alike.

const lines = (...parts) => parts.filter(Boolean).join("\n");
/** The middle of a text that is centred on a place as far as that leaves it on the canvas. */
const within = (text, at, width) => {
  const half = Math.min(widthOf(plain(text)), width) / 2;
  return Math.min(Math.max(at, half), width - half);
};
/** A value on an axis; on one of names the nearest one, since dots stand a little aside. */
const told = (axis, value) => {
  const [, name] = axis.names.reduce((best, [at, name]) => (Math.abs(at - value) < best[0] ? [Math.abs(at - value), name] : best), [0.5, null]);
  return [axis.label, name ?? number(value)].filter(Boolean).join(": ");
};

function legendOf(entries) {
  const known = new Map();
  for (const entry of entries) if (entry.name && !known.has(entry.name)) known.set(entry.name, entry);
  return [...known.values()];
}

// ---- Lines and points ----

function planPanels(body, { width, colours, hidden }) {
  const narrow = width < 560;
  const n = body.panels.length;
  const across = narrow ? 1 : n === 4 ? 2 : Math.min(Math.max(n, 1), 3);
  const down = Math.max(Math.ceil(n / across), 1);
  const plot = down === 1 ? (across === 1 ? 360 : 290) : narrow ? 240 : 230;
  const over = body.panels.some((panel) => panel.title) ? 30 : 12;
  const under = narrow ? 30 : 26;
  const every = (part) => body.panels.flatMap(part);
  const series = every((panel) => panel.series);
  const xs = [
    ...series.flatMap((one) => one.points.map((point) => point[0])),
    ...every((panel) => panel.bands.flatMap((band) => band.points.map((point) => point[0]))),
    ...every((panel) => panel.shades.flatMap((shade) => [shade.from, shade.to])),
    ...every((panel) => panel.verticals.map((line) => line.value)),
  ];
  const ys = [
    ...series.flatMap((one) => one.points.map((point) => point[1])),
    ...every((panel) => panel.bands.flatMap((band) => band.points.flatMap((point) => [point[1], point[2]]))),
    ...every((panel) => panel.references.map((line) => line.value)),
  ];
  const y = new Ruler(body.y, ys, plot, 46);
  const left = Math.min(200, Math.max(0, ...y.ticks().map(([, text]) => widthOf(text, TICK)))) + 12;
  const gap = 18;
  const wide = (width - left - 18 - gap * (across - 1)) / across;
  const x = new Ruler(body.x, xs, wide - 8, 76);
  const many = every((panel) => panel.series.filter((one) => one.mark.Points)).reduce((sum, one) => sum + one.points.length, 0) > 300;
  const top = 22;
  const frames = body.panels.map((panel, place) => ({
    left: left + (place % across) * (wide + gap),
    top: top + Math.floor(place / across) * (over + plot + under) + over,
    width: wide,
    height: plot,
    x,
    y,
    labelled: place % across === 0,
  }));
  const targets = [];
  const seen = (name) => !hidden.has(name);
  const paints = body.panels.map((panel, frame) => {
    const shown = panel.series.filter((one) => seen(one.name));
    const placed = (one) => one.points.map(([px, py]) => [x.at(px), y.at(py)]);
    for (const one of shown) {
      const places = placed(one);
      const say = (i) => lines(one.name, told(body.x, one.points[i][0]), told(body.y, one.points[i][1]));
      if (one.mark.Line) targets.push({ frame, run: one.run, line: places, say });
      else if (one.mark === "Bins") {
        one.points.slice(0, -1).forEach(([from, count], i) => {
          const to = one.points[i + 1][0];
          targets.push({ frame, box: [x.at(from), y.at(0), x.at(to), y.at(count)], say: () => lines(one.name, `${body.x.label}: ${number(from)} to ${number(to)}`, told(body.y, count)) });
        });
      } else places.forEach((at, i) => targets.push({ frame, run: one.runs[i] ?? one.run, at, say: () => say(i) }));
    }
    const paint = (at, box) => {
      const children = [];
      const to = (place) => at(place[0], place[1]);
      for (const shade of panel.shades.filter((one) => seen(one.name))) {
        const [from, until] = [x.at(shade.from), x.at(shade.to)];
        if (from !== null && until !== null) {
          children.push(draw.box(at(from, 0)[0], box.y, at(until, 0)[0], box.y + box.height, colours[shade.hue], 0.22));
        }
      }
      for (const band of panel.bands.filter((one) => seen(one.name))) {
        for (const piece of pieces(band.points.map(([px, low, high]) => [x.at(px), y.at(low), y.at(high)]))) {
          const [lower, upper] = [piece.map(([px, low]) => at(px, low)), piece.map(([px, , high]) => at(px, high))];
          children.push(draw.area([...lower, ...upper.reverse()], colours[band.hue], 0.22));
        }
      }
      // Runs of one look that follow one another are one shape: hundreds of lines draw as fast as one.
      for (let i = 0; i < shown.length;) {
        const look = JSON.stringify([shown[i].hue, shown[i].mark]);
        const alike = [];
        while (i < shown.length && JSON.stringify([shown[i].hue, shown[i].mark]) === look) alike.push(shown[i++]);
        const { hue, mark } = alike[0];
        const colour = colours[hue];
        if (mark.Line) {
          const [dash, thick] = mark.Line;
          const all = alike.flatMap((one) => pieces(placed(one)).map((piece) => piece.map(to)));
          children.push(draw.strokes(all.filter((piece) => piece.length > 1).map((piece) => piece.flat()), colour, thick, dash, thick < 1.2 ? 0.75 : 1));
          children.push(draw.dots(all.filter((piece) => piece.length === 1).flat(2), "Circle", 2, colour, colours.background));
        } else if (mark === "Bins") {
          for (const one of alike) {
            one.points.slice(0, -1).forEach(([from, count], bin) => {
              const [a, b] = [at(x.at(from), y.at(0)), at(x.at(one.points[bin + 1][0]), y.at(count))];
              if (count > 0) children.push(draw.box(a[0] + 0.5, a[1], Math.max(b[0] - 0.5, a[0] + 1), b[1], colour, 0.6));
            });
          }
        } else {
          const points = alike.flatMap(placed).filter(([px, py]) => px !== null && py !== null).flatMap(to);
          children.push(draw.dots(points, mark.Points, many ? 2.6 : 4, colour, colours.background));
        }
      }
      for (const line of panel.references.filter((one) => seen(one.label))) {
        const place = y.at(line.value);
        if (place === null) continue;
        const height = at(x.ends[0], place)[1];
        children.push(draw.strokes([[box.x, height, box.x + box.width, height]], colours[line.hue], 1.75, line.dash));
      }
      for (const line of panel.verticals.filter((one) => seen(one.label))) {
        const place = x.at(line.value);
        if (place === null) continue;
        const along = at(place, y.ends[0])[0];
        children.push(draw.strokes([[along, box.y, along, box.y + box.height]], colours[line.hue], 1.75, line.dash));
      }
      return children;
    };
    return { frame, paint };
  });
  const height = top + down * (over + plot + under) + 26;
  const overlay = () => [
    draw.text(body.y.label, 0, 8, colours.Muted, { room: width }),
    draw.text(body.x.label, within(body.x.label, (left + width) / 2, width), height - 12, colours.Muted, { align: "center", room: width }),
    ...body.panels.map((panel, place) => draw.text(panel.title, frames[place].left, frames[place].top - 13, colours.Ink, { weight: 600, room: wide })),
  ];
  const legend = legendOf([
    ...series.map((one) => ({
      name: one.name,
      hue: one.hue,
      sample: one.mark.Line ? { line: one.mark.Line[0], width: one.mark.Line[1] } : one.mark === "Bins" ? { patch: 0.6 } : { marker: one.mark.Points },
    })),
    ...every((panel) => [...panel.bands, ...panel.shades]).map(({ name, hue }) => ({ name, hue, sample: { patch: 0.25 } })),
    ...every((panel) => [...panel.references, ...panel.verticals]).map((line) => ({ name: line.label, hue: line.hue, sample: { line: line.dash, width: 1.75 } })),
  ]);
  return { height, frames, paints, overlay, targets, legend, zoom: !body.x.names.length };
}

/** Stretches of places without a missing one between. */
function pieces(places) {
  const all = [[]];
  for (const place of places) {
    if (place.includes(null)) all.push([]);
    else all.at(-1).push(place);
  }
  return all.filter((piece) => piece.length);
}

// ---- Rows: of dots, and of bars ----

const markOf = ({ hue, marker }) => `${hue} ${marker}`;

/** A row a line, with labels at the left, or above where it is narrow. `note` tells what stands at a row's end. */
function planRows(body, values, note, { width, colours }) {
  const narrow = width < 560;
  const [row, block, lead] = narrow ? [44, 28, 17] : [25, 27, 0];
  const notes = Math.min(170, Math.max(0, ...body.rows.map((one) => widthOf(note(one), TICK))));
  const names = narrow ? 0 : Math.min(350, width * 0.42, Math.max(40, ...body.rows.map((one) => widthOf(one.label))));
  const left = narrow ? 8 : names + 14;
  const right = width - (notes && !narrow ? notes + 10 : 8);
  const x = new Ruler(body.x, [...values, ...body.references.map((line) => line.value)], right - left, 76);
  // Labels of references stand in as many levels as they need.
  const flags = [];
  for (const line of body.references) {
    const at = left + ((x.at(line.value) ?? x.ends[0]) - x.ends[0]) / (x.ends[1] - x.ends[0]) * (right - left);
    const room = Math.min(widthOf(line.label), width - 4);
    const start = Math.max(Math.min(at - room / 2, right - room + 4), 0);
    const free = (level) => flags.every((flag) => (flag.level !== level || flag.end + 12 < start || start + room + 12 < flag.start) && (flag.level <= level || flag.at + 6 < start || start + room + 6 < flag.at));
    let level = 0;
    while (!free(level) && level < flags.length) level += 1;
    flags.push({ line, at, start, end: start + room, level });
  }
  const levels = Math.max(0, ...flags.map((flag) => flag.level + 1));
  const top = 6 + levels * 17;
  let next = 0;
  let last = "";
  const uppers = body.rows.map((one) => {
    if (one.block !== last && one.block) next += block;
    last = one.block;
    next += row;
    return next - row;
  });
  const plot = next + 4;
  const y = { axis: { names: [] }, ends: [plot, 0], ticks: () => [], flat: true };
  const frame = { left, top, width: right - left, height: plot, x, y };
  const middles = uppers.map((upper) => upper + lead + (row - lead) / 2);
  const overlay = () => {
    const behind = [];
    uppers.forEach((upper, i) => {
      if (i % 2 === 0) behind.push(draw.box(0, top + upper, width, top + upper + row, colours.band));
    });
    const front = [];
    body.rows.forEach((one, i) => {
      const upper = top + uppers[i];
      const end = note(one) ? Math.min(widthOf(note(one), TICK), 170) : 0;
      if (one.block && one.block !== body.rows[i - 1]?.block) front.push(draw.text(one.block, 0, upper - 11, colours.Ink, { weight: 600, room: width, patch: colours.background }));
      if (narrow) front.push(draw.text(one.label, 4, upper + 10, colours.Ink, { room: width - 16 - end }));
      else {
        // A long name is set smaller before it is cut.
        const size = Math.max(10, Math.min(12, (12 * (left - 13)) / widthOf(one.label)));
        front.push(draw.text(one.label, left - 10, top + middles[i], colours.Ink, { align: "right", room: left - 12, size }));
      }
      if (end) front.push(draw.text(note(one), width - 2, narrow ? upper + 10 : top + middles[i], colours.Muted, { align: "right", size: TICK, room: 170 }));
    });
    front.push(draw.text(body.x.label, within(body.x.label, (left + right) / 2, width), top + plot + 36, colours.Muted, { align: "center", wrap: width }));
    return { behind, front };
  };
  // Lines of references go through all rows; their labels stand above them, and go with them where the axis is zoomed.
  const through = (at, box) => flags.flatMap(({ line }) => {
    const place = x.at(line.value);
    if (place === null) return [];
    const along = at(place, 0)[0];
    return [draw.strokes([[along, box.y, along, box.y + box.height]], colours[line.hue], 1.75, line.dash)];
  });
  const labels = (at, box) => flags.flatMap(({ line, start, end, level }) => {
    const place = x.at(line.value) ?? x.ends[0];
    const along = at(place, 0)[0];
    if (along < box.x - 2 || along > box.x + box.width + 2) return [];
    const height = top - 10 - level * 17;
    const from = Math.max(Math.min(along - (end - start) / 2, right - (end - start) + 4), 0);
    const stroke = draw.strokes([[along, height + 6, along, top]], colours[line.hue], 1.75, line.dash);
    return [stroke, draw.text(line.label, from, height, colours[line.hue], { room: width, patch: colours.background })];
  });
  const paints = [{ frame: 0, paint: through }, { frame: 0, paint: labels, clip: false }];
  const height = top + plot + (widthOf(body.x.label) > width ? 62 : 46);
  return { height, frames: [frame], overlay, paints, middles, x, frame, zoom: !body.x.names.length };
}

/** How far off the middle a dot stands so that it covers no other, or as little as can be. */
function swarm(placed, at) {
  if (placed.length > 400) return (placed.length % 19) - 9;
  const near = placed.filter(([x]) => Math.abs(x - at) < 7.6);
  const gap = (step) => near.reduce((least, [x, y]) => Math.min(least, Math.hypot(x - at, y - step)), Infinity);
  const free = [0, -3.6, 3.6, -7.2, 7.2].find((step) => gap(step) >= 6.8);
  if (free !== undefined) return free;
  let best = 0;
  for (let i = -10; i <= 10; i += 1) if (gap(0.9 * i) > gap(best)) best = 0.9 * i;
  return best;
}

function planStrip(body, context) {
  const { colours, hidden } = context;
  const values = body.rows.flatMap((row) => [...row.dots.map((dot) => dot.value), row.floor]);
  const note = (row) => (row.without ? `${row.without} without` : "");
  const plan = planRows(body, values, note, context);
  const { x, middles, frame } = plan;
  const keys = new Map(body.keys.map((key) => [markOf(key), key.name]));
  const targets = [];
  const looks = new Map();
  body.rows.forEach((row, i) => {
    const placed = [];
    row.dots.forEach((dot) => {
      const place = x.at(dot.value);
      const name = keys.get(markOf(dot)) ?? "";
      if (place === null || hidden.has(name)) return;
      const pixel = (place - x.ends[0]) / (x.ends[1] - x.ends[0]) * frame.width;
      const step = swarm(placed, pixel);
      placed.push([pixel, step]);
      const at = [place, middles[i] + step];
      if (!looks.has(markOf(dot))) looks.set(markOf(dot), { dot, places: [] });
      looks.get(markOf(dot)).places.push(at);
      const title = [row.block, row.label].filter(Boolean).join(" · ");
      targets.push({ frame: 0, run: dot.run, at, say: () => lines(title, told(body.x, dot.value), name, dot.run ? "" : "quoted, not a run of this sweep") });
    });
  });
  const [MEANS, FLOORS] = ["mean and its 95 % interval", "affine floor of the row"];
  const paint = (at) => {
    const [thin, thick, floors] = [[], [], []];
    const edge = (value) => x.at(value) ?? x.inner[0];
    body.rows.forEach((row, i) => {
      const to = (value, step) => at(edge(value), middles[i] + step);
      if (row.floor !== null && x.at(row.floor) !== null && !hidden.has(FLOORS)) floors.push([...to(row.floor, -10), ...to(row.floor, 10)]);
      if (!body.means || !row.mean || hidden.has(MEANS)) return;
      const [mean, interval] = row.mean;
      if (interval) thin.push([...to(interval[0], 0), ...to(interval[1], 0)]);
      thick.push([...to(mean, -8), ...to(mean, 8)]);
    });
    const dots = [...looks.values()].map(({ dot, places }) => draw.dots(places.flatMap((place) => at(...place)), dot.marker, 3.8, colours[dot.hue], colours.background));
    return [draw.strokes(floors, colours.Ink, 2, "Dotted"), draw.strokes(thin, colours.Ink, 1.25), draw.strokes(thick, colours.Ink, 2), ...dots];
  };
  const legend = legendOf(body.keys.map((key) => ({ name: key.name, hue: key.hue, sample: { marker: key.marker } })));
  if (body.means && body.rows.some((row) => row.mean?.[1])) legend.push({ name: MEANS, hue: "Ink", sample: { mean: true } });
  if (body.rows.some((row) => row.floor !== null)) legend.push({ name: FLOORS, hue: "Ink", sample: { floor: true } });
  return { ...plan, paints: [...plan.paints, { frame: 0, paint }], targets, legend };
}

function planBars(body, context) {
  const { colours, hidden } = context;
  const ends = body.rows.flatMap((bar) => [bar.value, ...(bar.interval ?? [])]).filter((value) => value !== null);
  const [low, high] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  const own = body.x.scale === "Linear" && !body.x.range && high > low;
  const axis = own ? { ...body.x, range: [1.04 * low, 1.04 * high] } : body.x;
  const plan = planRows({ ...body, x: axis }, ends, (bar) => bar.note, context);
  const { x, middles } = plan;
  const keys = new Map(body.keys.map((key) => [key.hue, key.name]));
  const zero = x.at(0) ?? x.ends[0];
  const INTERVAL = "95 % interval";
  const seen = (bar) => !hidden.has(keys.get(bar.hue));
  const targets = body.rows.flatMap((bar, i) => {
    const end = x.at(bar.value);
    if (end === null || !seen(bar)) return [];
    const told_interval = bar.interval ? `95 % interval ${number(bar.interval[0])} to ${number(bar.interval[1])}` : "";
    const title = [bar.block, bar.label].filter(Boolean).join(" · ");
    return [{ frame: 0, box: [zero, middles[i] - 9, end, middles[i] + 9], say: () => lines(title, told(body.x, bar.value), told_interval, bar.note) }];
  });
  const paint = (at) => {
    const children = [];
    const whiskers = [];
    body.rows.forEach((bar, i) => {
      const end = x.at(bar.value);
      if (end !== null && seen(bar)) {
        const [a, b] = [at(zero, middles[i] - 6.5), at(end, middles[i] + 6.5)];
        children.push(draw.box(a[0], a[1], b[0], b[1], colours[bar.hue], 0.75), draw.strokes([[b[0], a[1], b[0], b[1]]], colours[bar.hue], 2));
      }
      if (!bar.interval || hidden.has(INTERVAL)) return;
      const [from, to] = bar.interval.map((value) => at(x.at(value) ?? x.ends[value > 0 ? 1 : 0], middles[i]));
      whiskers.push([...from, ...to]);
      for (const [along, height] of [from, to]) whiskers.push([along, height - 4, along, height + 4]);
    });
    return [...children, draw.strokes(whiskers, colours.Ink, 1.25)];
  };
  const legend = legendOf(body.keys.map((key) => ({ name: key.name, hue: key.hue, sample: { patch: 0.75 } })));
  if (body.rows.some((bar) => bar.interval)) legend.push({ name: INTERVAL, hue: "Ink", sample: { interval: true } });
  return { ...plan, paints: [...plan.paints, { frame: 0, paint }], targets, legend, zoom: false };
}

// ---- Heat maps ----

function planHeat(body, { width, colours }) {
  const [columns, rows] = [Math.max(body.columns.names.length, 1), Math.max(body.rows.names.length, 1)];
  const panels = Math.max(body.panels.length, 1);
  const names = Math.min(190, width * 0.3, Math.max(30, ...[...body.rows.names, body.rows.label].map((name) => widthOf(name))));
  const left = names + 10;
  const gap = 16;
  const wide = (across) => (width - left - 2 - gap * (across - 1)) / (across * columns);
  const across = [4, 3, 2, 1].find((n) => n <= panels && wide(n) >= 64) ?? 1;
  const cell = [Math.min(wide(across), 132), rows <= 12 ? 34 : rows <= 24 ? 24 : 15];
  const upright = body.columns.names.some((name) => widthOf(name, TICK) > cell[0] - 6);
  const under = upright ? Math.min(150, Math.max(0, ...body.columns.names.map((name) => widthOf(name, TICK)))) + 12 : 22;
  const over = 26;
  const cells = body.panels.flatMap((panel) => panel.cells);
  const scale = new Ruler(body.colour, cells.flatMap((one) => [one.value, ...one.dots.map(([value]) => value)]), 300, 60);
  // On a scale of colours zeros stand at the low end.
  const share = (value) => {
    const at = scale.at(value);
    return at === null ? null : Math.min(Math.max((at - scale.inner[0]) / (scale.inner[1] - scale.inner[0]), 0), 1);
  };
  const top = 52;
  const tall = over + rows * cell[1] + under;
  const down = Math.ceil(panels / across);
  const height = top + down * tall + 26;
  const corner = (place) => [left + (place % across) * (columns * cell[0] + gap), top + Math.floor(place / across) * tall + over];
  const targets = [];
  body.panels.forEach((panel, place) => {
    const [x0, y0] = corner(place);
    for (const one of panel.cells) {
      const [x, y] = [x0 + one.column * cell[0], y0 + one.row * cell[1]];
      const title = lines(panel.title, `${body.rows.label}: ${body.rows.names[one.row]}`, `${body.columns.label}: ${body.columns.names[one.column]}`);
      targets.push({ frame: -1, box: [x, y, x + cell[0], y + cell[1]], say: () => lines(title, one.value === null ? "no number" : told(body.colour, one.value), one.text, one.dots.length ? `${one.dots.length} runs` : "") });
      for (const [value, run] of one.dots) {
        const s = share(value);
        if (s !== null) targets.push({ frame: -1, run, at: [x + 5 + s * (cell[0] - 10), y + cell[1] - 6], reach: 5, say: () => lines(title, told(body.colour, value)) });
      }
    }
  });
  const overlay = () => {
    const children = [];
    const key = Math.min(300, width - left - 10);
    for (let i = 0; i < 60; i += 1) children.push(draw.box(left + Math.floor((key * i) / 60), 20, left + Math.floor((key * (i + 1)) / 60), 31, ramp((i + 0.5) / 60)));
    children.push(draw.text(body.colour.label, left, 8, colours.Muted, { room: width - left }));
    let free = -Infinity;
    for (const [at, text] of scale.ticks(scale.inner)) {
      const along = left + ((at - scale.inner[0]) / (scale.inner[1] - scale.inner[0])) * key;
      const half = widthOf(text, TICK) / 2;
      if (along - half < free) continue;
      free = along + half + 8;
      children.push(draw.strokes([[along, 31, along, 35]], colours.Muted, 1), draw.text(text, along, 42, colours.Muted, { align: "center", size: TICK }));
    }
    body.panels.forEach((panel, place) => {
      const [x0, y0] = corner(place);
      const hatch = [];
      const tried = new Set(panel.cells.map((one) => `${one.column} ${one.row}`));
      for (let row = 0; row < rows; row += 1) {
        for (let column = 0; column < columns; column += 1) {
          if (tried.has(`${column} ${row}`)) continue;
          const [x, y] = [x0 + column * cell[0] + 1, y0 + row * cell[1] + 1];
          for (let step = 0; step < cell[0] + cell[1] - 4; step += 7) {
            const w = cell[0] - 2, h = cell[1] - 2;
            hatch.push([x + Math.max(0, step - h), y + Math.min(step, h), x + Math.min(step, w), y + Math.max(0, step - w)]);
          }
        }
      }
      children.push(draw.strokes(hatch, colours.Muted, 0.75, "Solid", 0.6));
      children.push(draw.text(panel.title, x0, y0 - 12, colours.Ink, { weight: 600, room: columns * cell[0] }));
      for (const one of panel.cells) {
        const [x, y] = [x0 + one.column * cell[0], y0 + one.row * cell[1]];
        const s = one.value === null ? null : share(one.value);
        children.push(draw.box(x + 0.5, y + 0.5, x + cell[0] - 0.5, y + cell[1] - 0.5, s === null ? colours.band : ramp(s)));
        const ink = s === null ? colours.Muted : inkOn(s);
        if (widthOf(one.text, 11) <= cell[0] - 6 && cell[1] > 12) children.push(draw.text(one.text, x + cell[0] / 2, y + (one.dots.length ? cell[1] * 0.38 : cell[1] / 2), ink, { align: "center", size: 11 }));
        const dots = one.dots.map(([value]) => share(value)).filter((d) => d !== null).flatMap((d) => [x + 5 + d * (cell[0] - 10), y + cell[1] - 6]);
        if (dots.length && cell[1] >= 24) children.push(draw.dots(dots, "Circle", 2, ink, s === null ? colours.band : ramp(s)));
      }
      if (place % across === 0) {
        body.rows.names.forEach((name, row) => children.push(draw.text(name, x0 - 8, y0 + (row + 0.5) * cell[1], colours.Ink, { align: "right", size: cell[1] < 20 ? 10 : 12, room: names })));
      }
      body.columns.names.forEach((name, column) => {
        const [x, y] = [x0 + (column + 0.5) * cell[0], y0 + rows * cell[1] + (upright ? 6 : 12)];
        children.push(draw.text(name, x, y, colours.Ink, upright ? { align: "right", size: TICK, room: 150, turn: Math.PI / 2 } : { align: "center", size: TICK, room: cell[0] }));
      });
    });
    children.push(draw.text(body.rows.label, 0, top + over - 12, colours.Muted, { room: names }));
    children.push(draw.text(body.columns.label, within(body.columns.label, (left + width) / 2, width), height - 12, colours.Muted, { align: "center", room: width }));
    return children;
  };
  const legend = [];
  if (cells.some((one) => one.dots.length)) legend.push({ name: "every run, on the scale of colours from left to right", hue: "Ink", sample: { marker: "Circle" }, fixed: true });
  if (body.panels.some((panel) => panel.cells.length < columns * rows)) legend.push({ name: "not tried", hue: "Muted", sample: { hatch: true }, fixed: true });
  if (cells.some((one) => one.value === null)) legend.push({ name: "no number", hue: "Muted", sample: { patch: 0.15 }, fixed: true });
  return { height, frames: [], paints: [], overlay, targets, legend, zoom: false };
}

// ---- Parallel axes ----

/** Pixels over which lines through one name are spread. */
const BESIDE = 14;

function planParallel(body, { width, colours, dark }) {
  const count = body.axes.length;
  const wide = Math.max(width, count * 64);
  // Names of many axes stand in several levels, so that long ones do not touch.
  const levels = count > 8 ? 3 : count > 5 ? 2 : 1;
  const [top, bottom, tall] = [40 + 16 * (levels - 1), 24, 320];
  const rulers = body.axes.map((axis, i) => new Ruler(axis, body.lines.map((line) => line.values[i]), tall, 44));
  // Runs without a value stand on a shelf below the axis.
  const shelves = rulers.map((ruler, i) => {
    const unit = (ruler.ends[1] - ruler.ends[0]) / tall;
    return body.lines.some((line) => ruler.at(line.values[i] ?? null) === null) ? ruler.ends[0] - 26 * unit : null;
  });
  const metric = rulers.at(-1);
  const shareOf = (line) => {
    const at = metric?.at(line.values[count - 1] ?? null) ?? null;
    return at === null ? null : Math.min(Math.max((at - metric.ends[0]) / (metric.ends[1] - metric.ends[0]), 0), 1);
  };
  const good = (share) => (share === null || !body.small_is_good ? share : 1 - share);
  // Among names, and without a value, lines lie side by side in the order of the last axis, so that none hides another.
  const aside = (i, share, missing) => {
    if (share === null || (!rulers[i].axis.names.length && !missing)) return 0;
    return ((share - 0.5) * BESIDE * (rulers[i].ends[1] - rulers[i].ends[0])) / tall;
  };
  const order = body.lines.map((line, place) => ({ line, place, share: shareOf(line), good: good(shareOf(line)) }));
  order.sort((a, b) => (a.good ?? -1) - (b.good ?? -1) || b.place - a.place);
  const tone = (share) => ramp(dark ? 0.25 + 0.75 * share : 0.92 * (1 - share));
  const data = order.map(({ line, share, good: strong }) => ({
    value: rulers.map((ruler, i) => {
      const at = ruler.at(line.values[i] ?? null);
      return (at ?? shelves[i]) + aside(i, share, at === null);
    }),
    lineStyle: { color: strong === null ? colours.Muted : tone(strong), width: body.lines.length > 300 ? 0.9 : 1.3, opacity: strong === null ? 0.6 : 0.9 },
  }));
  const step = count > 1 ? (wide - 24 - 72) / (count - 1) : wide - 96;
  const option = {
    parallel: { left: 24, right: 72, top, bottom, axisExpandable: false },
    parallelAxis: rulers.map((ruler, i) => {
      const ticks = ruler.ticks();
      if (shelves[i] !== null) ticks.unshift([shelves[i], "–"]);
      const texts = new Map(ticks.map(([at, text]) => [at, text]));
      const values = ticks.map(([at]) => at);
      const text = (at) => texts.get(at) ?? [...texts].find(([known]) => Math.abs(known - at) < 1e-9 * Math.max(1, Math.abs(known)))?.[1] ?? "";
      const room = i === count - 1 ? 60 : step - 14;
      const size = Math.min(TICK, ...ticks.map(([, name]) => fitting(plain(name), room, TICK)));
      return {
        dim: i,
        type: "value",
        min: shelves[i] === null ? ruler.ends[0] : shelves[i] - (BESIDE * (ruler.ends[1] - ruler.ends[0])) / tall / 2,
        max: ruler.ends[1],
        name: fitted(plain(body.axes[i].label), levels * step - 12, 12, 600),
        nameLocation: "end",
        nameGap: 12 + 16 * (i % levels),
        nameTextStyle: { color: colours.Ink, fontSize: 12, fontWeight: 600, fontFamily: FONT, align: i === 0 ? "left" : i === count - 1 ? "right" : "center", padding: i === 0 ? [0, 0, 0, -20] : i === count - 1 ? [0, -60, 0, 0] : 0 },
        axisLine: { lineStyle: { color: colours.Ink, width: 1.5 } },
        axisTick: { customValues: values, lineStyle: { color: colours.Ink } },
        minorTick: { show: false },
        axisLabel: { customValues: values, formatter: (at) => wrapped(plain(text(at)), room, 3, size), color: colours.Ink, fontSize: size, lineHeight: 1.1 * size, fontFamily: FONT, hideOverlap: true, textBorderColor: colours.background, textBorderWidth: 3, margin: 6 },
        areaSelectStyle: { width: 22, borderColor: colours.Blue, color: colours.Blue, opacity: 0.25 },
      };
    }),
    series: [{ type: "parallel", data, smooth: false, silent: true, progressive: 0, inactiveOpacity: 0.06, activeOpacity: 1, lineStyle: { width: 1.3 }, animation: false }],
  };
  return {
    width: wide,
    height: top + tall + bottom,
    option,
    runs: order.map(({ line }) => line.run),
    frames: [],
    paints: [],
    targets: [],
    legend: [
      { name: "colour: the last axis, the best strongest", hue: "Ink", sample: { ramp: [tone(0), tone(0.5), tone(1)] }, fixed: true },
      ...(shelves.some((shelf) => shelf !== null) ? [{ name: "–: no value there", hue: "Ink", sample: {}, fixed: true }] : []),
      { name: "drag along an axis to choose runs; a click on it lets go", hue: "Ink", sample: {}, fixed: true },
    ],
    zoom: false,
  };
}

const PLANS = { Panels: planPanels, Strip: planStrip, Heat: planHeat, Bars: planBars, Parallel: planParallel };
