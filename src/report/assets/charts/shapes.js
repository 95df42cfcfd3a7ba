// What charts are drawn from: many dots or many lines as one shape each, and texts. A child is a plain description that
// ECharts' custom series understands.

const FONT = 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
const fontOf = (size = 12, weight = 400) => `${weight} ${size}px ${FONT}`;
const TICK = 11.5;
const DASHES = { Solid: null, Dashed: [7, 4], Dotted: [2, 3], DashDot: [8, 3, 2, 3] };

const pen = document.createElement("canvas").getContext("2d");
const measured = new Map();
function widthOf(text, size = 12, weight = 400) {
  const key = `${size} ${weight} ${text}`;
  if (!measured.has(key)) {
    pen.font = fontOf(size, weight);
    measured.set(key, pen.measureText(text).width);
  }
  return measured.get(key);
}

/** The start of a text that fits, with an ellipsis where something is left out. */
function fitted(text, room, size = 12, weight = 400) {
  if (widthOf(text, size, weight) <= room) return text;
  const letters = [...text].slice(0, 300);
  while (letters.length && widthOf(`${letters.join("").trimEnd()}…`, size, weight) > room) letters.pop();
  return `${letters.join("").trimEnd()}…`;
}

/** A text in at most so many lines that fit, broken behind spaces, commas, hyphens and underscores. */
function wrapped(text, room, most, size = 12, weight = 400) {
  const lines = [""];
  for (const part of text.match(/[^ ,_-]*[ ,_-]|[^ ,_-]+/g) ?? []) {
    const line = lines.at(-1);
    if (line && lines.length < most && widthOf(line + part.trimEnd(), size, weight) > room) lines.push(part);
    else lines[lines.length - 1] += part;
  }
  return lines.map((line) => fitted(line.trim(), room, size, weight)).join("\n");
}

/** The size, smaller by a quarter at most, at which no part of a text that is kept together is too wide. */
function fitting(text, room, size) {
  const widest = Math.max(0, ...(text.match(/[^ ,_-]*[ ,_-]|[^ ,_-]+/g) ?? []).map((part) => widthOf(part.trimEnd(), size)));
  return widest > room ? size * Math.max(room / widest, 0.75) : size;
}

/** Text that no letter in it can turn around what follows. */
const plain = (text) => text.replace(/[\u202a-\u202e\u2066-\u2069]/g, "");

function trace(path, marker, x, y, r) {
  const round = (points) => {
    path.moveTo(points[0], points[1]);
    for (let i = 2; i < points.length; i += 2) path.lineTo(points[i], points[i + 1]);
    path.closePath();
  };
  const d = 1.25 * r;
  if (marker === "Circle") {
    path.moveTo(x + r, y);
    path.arc(x, y, r, 0, 2 * Math.PI);
  } else if (marker === "Square") round([x - 0.9 * r, y - 0.9 * r, x + 0.9 * r, y - 0.9 * r, x + 0.9 * r, y + 0.9 * r, x - 0.9 * r, y + 0.9 * r]);
  else if (marker === "Diamond") round([x, y - d, x + d, y, x, y + d, x - d, y]);
  else if (marker === "Up") round([x, y - d, x + d, y + 0.75 * d, x - d, y + 0.75 * d]);
  else if (marker === "Down") round([x, y + d, x + d, y - 0.75 * d, x - d, y - 0.75 * d]);
  else {
    path.moveTo(x - r, y - r);
    path.lineTo(x + r, y + r);
    path.moveTo(x - r, y + r);
    path.lineTo(x + r, y - r);
  }
}

const shapes = {
  // Points as x, y, x, y.
  dots: (path, { points, marker, r }) => {
    for (let i = 0; i < points.length; i += 2) trace(path, marker, points[i], points[i + 1], r);
  },
  // Pieces, each as x, y, x, y.
  strokes: (path, { pieces }) => {
    for (const piece of pieces) {
      path.moveTo(piece[0], piece[1]);
      for (let i = 2; i < piece.length; i += 2) path.lineTo(piece[i], piece[i + 1]);
    }
  },
};
for (const [name, buildPath] of Object.entries(shapes)) {
  echarts.graphic.registerShape(name, echarts.graphic.extendShape({ shape: { points: [], pieces: [], marker: "Circle", r: 4 }, buildPath }));
}

const draw = {
  // In layers, so that of overlapping dots the later one has its rim over the earlier one.
  dots: (points, marker, r, colour, rim) => {
    const cross = marker === "Cross";
    const style = cross ? { stroke: colour, lineWidth: 1.75, fill: null } : { fill: colour, stroke: rim, lineWidth: 1.5, strokeFirst: true };
    const layers = cross ? 1 : Math.min(12, Math.max(points.length / 2, 1));
    const layer = (place) => ({
      type: "dots",
      shape: { points: points.filter((_, i) => (i >> 1) % layers === place), marker, r },
      style,
    });
    return { type: "group", children: Array.from({ length: layers }, (_, place) => layer(place)) };
  },
  strokes: (pieces, colour, width, dash = "Solid", opacity = 1) => ({
    type: "strokes",
    shape: { pieces },
    style: { stroke: colour, fill: null, lineWidth: width, lineDash: DASHES[dash], opacity, lineJoin: "round" },
  }),
  box: (x0, y0, x1, y1, colour, opacity = 1) => ({
    type: "rect",
    shape: { x: Math.min(x0, x1), y: Math.min(y0, y1), width: Math.abs(x1 - x0), height: Math.abs(y1 - y0) },
    style: { fill: colour, opacity },
  }),
  area: (points, colour, opacity) => ({ type: "polygon", shape: { points }, style: { fill: colour, opacity } }),
  text: (text, x, y, colour, { align = "left", size = 12, weight = 400, room = Infinity, wrap = null, patch = null, turn = 0 } = {}) => ({
    type: "text",
    x,
    y,
    rotation: turn,
    style: {
      text: fitted(plain(text), room, size, weight),
      fill: colour,
      font: fontOf(size, weight),
      align,
      verticalAlign: "middle",
      ...(wrap ? { width: wrap, overflow: "break", lineHeight: 1.3 * size } : {}),
      backgroundColor: patch ?? "transparent",
      padding: patch ? [1, 3] : 0,
    },
  }),
};

// The scale of colours of heat maps: stops in Oklab (Ottosson 2020), even steps of lightness, as in the pictures.
const STOPS = [[0.27, 0.005, -0.085], [0.435, -0.02, -0.08], [0.6, -0.04, -0.02], [0.765, -0.04, 0.065], [0.93, -0.02, 0.14]];
function stop(share) {
  const along = Math.min(Math.max(share, 0), 1) * (STOPS.length - 1);
  const piece = Math.min(Math.floor(along), STOPS.length - 2);
  return [0, 1, 2].map((i) => STOPS[piece][i] * (1 - along + piece) + STOPS[piece + 1][i] * (along - piece));
}
function ramp(share) {
  const [lightness, a, b] = stop(share);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const channel = (linear) => {
    const c = Math.min(Math.max(linear, 0), 1);
    return Math.round(255 * (c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055));
  };
  const red = channel(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s);
  const green = channel(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s);
  const blue = channel(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s);
  return `rgb(${red},${green},${blue})`;
}
/** Black or white, whichever is read better on the colour of that share. */
const inkOn = (share) => (stop(share)[0] < 0.565 ? "#ffffff" : "#000000");
