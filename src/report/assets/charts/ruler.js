// Numbers as people read them, and axes: from numbers to places, with ticks that people would choose. Places on a
// logarithmic axis are powers of ten; zeros stand on a shelf of their own below the smallest, as in the pictures.

const superscript = (n) => String(n).replace("-", "⁻").replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]);
const grouped = (text) => text.replace(/^\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));
const signed = (value, text) => (value < 0 && /[1-9]/.test(text) ? `−${text}` : text);
const fixed = (value, decimals) => signed(value, grouped(Math.abs(value).toFixed(decimals)));
const exponentOf = (value) => Number(Math.abs(value).toExponential().split("e")[1]);
const trimmed = (text) => (text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text);

/** A number with about four significant digits. */
function number(value) {
  if (!Number.isFinite(value)) return "no number";
  if (value === 0) return "0";
  const exponent = exponentOf(value);
  if (exponent < -4 || exponent >= 15) {
    const [digits, power] = Math.abs(value).toExponential(2).split("e");
    const mantissa = trimmed(digits);
    return signed(value, mantissa === "1" ? `10${superscript(Number(power))}` : `${mantissa}·10${superscript(Number(power))}`);
  }
  const decimals = exponent < 0 ? 3 - exponent : Math.max(0, 3 - exponent);
  return signed(value, grouped(trimmed(Math.abs(value).toFixed(decimals))));
}

function padded(log, low, high) {
  if (low > high) return log ? [-1, 1] : [0, 1];
  const span = high - low;
  if (log) {
    const pad = span < 0.3 ? Math.max(0.4 - span, 0.06) / 2 : 0.05 * span;
    return [low - pad, high + pad];
  }
  if (span <= 1e-9 * Math.max(Math.abs(low), Math.abs(high))) {
    const pad = low === 0 ? 1 : 0.1 * Math.abs(low);
    return [low - pad, high + pad];
  }
  return [low - 0.05 * span, high + 0.05 * span];
}

function linearTicks(low, high, room) {
  const rough = (high - low) / Math.min(Math.max(room, 2), 9);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((nice) => nice * power).find((nice) => nice >= rough * 0.999) ?? 10 * power;
  const whole = Math.min(Math.max(-Math.floor(Math.log10(step)), 0), 12);
  const part = Math.abs(step * 10 ** whole) % 1;
  const decimals = whole + (part > 1e-6 && part < 1 - 1e-6 ? 1 : 0);
  const ticks = [];
  const last = Math.floor(high / step);
  for (let i = Math.ceil(low / step); i <= last && ticks.length < 50; i += 1) ticks.push([i * step, fixed(i * step, decimals)]);
  return ticks;
}

function logTicks(low, high, room) {
  const span = high - low;
  if (span < 0.7) {
    return linearTicks(10 ** low, 10 ** high, room).filter(([value]) => value > 0).map(([value]) => [Math.log10(value), number(value)]);
  }
  const density = room / span;
  const between = density > 2.4 ? [1, 2, 5] : density > 1.6 ? [1, 3] : [1];
  const every = Math.max(1, Math.ceil(span / Math.min(Math.max(1.7 * room, 2), 12)));
  const ticks = [];
  for (let power = Math.floor(low); power <= Math.ceil(high); power += 1) {
    if (((power % every) + every) % every !== 0) continue;
    for (const digit of between) {
      const at = power + Math.log10(digit);
      if (at < low - 1e-9 || at > high + 1e-9) continue;
      const raised = digit === 1 ? `10${superscript(power)}` : `${digit}·10${superscript(power)}`;
      ticks.push([at, power >= -3 && power <= 6 ? number(digit * 10 ** power) : raised]);
    }
  }
  return ticks;
}

/** An axis over those values, `pixels` long, with a tick about every so many pixels. */
class Ruler {
  constructor(axis, values, pixels, every) {
    this.axis = axis;
    this.log = axis.scale === "Log";
    this.room = pixels / every;
    const own = (value) => (this.log ? Math.log10(value) : value);
    let [low, high, zeros] = [Infinity, -Infinity, false];
    const take = (value) => {
      if (value === null || !Number.isFinite(value)) return;
      if (this.log && value <= 0) {
        zeros ||= value === 0;
        return;
      }
      low = Math.min(low, own(value));
      high = Math.max(high, own(value));
    };
    for (const value of values) take(value);
    for (const [at] of axis.names) take(at);
    const range = axis.range && axis.range.map(own);
    const usable = range && range.every(Number.isFinite) && range[0] < range[1];
    [low, high] = usable ? range : padded(this.log, low, high);
    this.inner = [low, high];
    // The shelf takes 30 pixels, and zeros stand 12 from the end.
    const unit = (high - low) / Math.max(pixels - 30, 1);
    this.shelf = zeros ? low - 18 * unit : null;
    this.ends = [zeros ? low - 30 * unit : low, high];
  }

  /** The place of a number; null where the axis cannot show it. What lies beyond an end is put at that end. */
  at(value) {
    if (value === null || value === undefined || !Number.isFinite(value)) return null;
    if (this.log && value === 0) return this.shelf;
    if (this.log && value < 0) return null;
    const own = this.log ? Math.log10(value) : value;
    const hair = 0.004 * (this.inner[1] - this.inner[0]);
    return Math.min(Math.max(own, this.inner[0] - hair), this.inner[1] + hair);
  }

  /** Places and texts of ticks in a part of the axis. */
  ticks([from, to] = this.ends) {
    const { names } = this.axis;
    if (names.length) return names.map(([value, name]) => [this.at(value), name]).filter(([at]) => at !== null && at >= from && at <= to);
    const [low, high] = [Math.max(from, this.inner[0]), Math.min(to, this.inner[1])];
    if (!(low < high)) return [];
    const ticks = (this.log ? logTicks : linearTicks)(low, high, this.room);
    if (this.shelf !== null && this.shelf >= from) ticks.unshift([this.shelf, "0"]);
    return ticks;
  }
}
