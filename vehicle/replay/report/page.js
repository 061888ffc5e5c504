"use strict";
// Draws a report from the data beside it. Knows pixels, keys and the pointer; knows no rule of the
// lock. Times are microseconds since the recording's first frame; uPlot's x scale is in seconds.
(() => {
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (selector) => document.querySelector(selector);
const AXIS_PX = 34, LANE_PX = 24, GAP_PX = 4, NARROW_PX = 2, MARK_PX = 8, ROW_PX = 26, PRINTED_ROWS = 1000, LIST_PX = 420;
const SHORTEST_S = 20e-6;
const TONES = ["unknown", "rest", "held", "free", "live", "busy", "bad"];  // the last is drawn over the others
const TONE_WORDS = { unknown: "unknown", rest: "at rest, open, nothing", held: "held, locked, there", free: "to be released",
  live: "charging", busy: "on the move, energised", bad: "trouble" };
const KINDS = { fault: "\u25C6", over: "\u25C7", event: "\u25B2", request: "\u25A0", command: "\u25CF" };
const KIND_WORDS = { fault: "fault", over: "fault over", event: "event", request: "request", command: "command" };

// ---- the data ----------------------------------------------------------------------------------

function unfold(steps) {
  const times = new Float64Array(steps.length);
  let sum = 0;
  for (let i = 0; i < steps.length; i++) times[i] = sum += steps[i];
  return times;
}
for (const track of data.tracks) track.t = unfold(track.t);
for (const lane of data.lanes) Object.assign(lane, data.tracks[lane.track]);
for (const side of data.sides) {
  side.marks.t = unfold(side.marks.t);
  for (const signal of Object.values(side.signals)) Object.assign(signal, data.tracks[signal.track]);
  for (const pin of side.pins) for (const key of ["demand", "rule", "override", "releases"]) pin[key] = data.tracks[pin[key]];
}
data.rows.t = unfold(data.rows.t);
const end = Math.max(data.end, 1000);

/** Index of the last of `times` at or before `t`; -1 where there is none. */
function at(times, t) {
  let low = 0, high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= t) low = middle + 1; else high = middle;
  }
  return low - 1;
}
function valueAt(track, t) {
  const i = at(track.t, t);
  return i < 0 ? null : { name: track.names[track.v[i]], index: track.v[i], since: track.t[i], first: i === 0 };
}

const marks = [];
data.sides.forEach((side) => side.marks.kinds.forEach((kind, i) => marks.push(
  { t: side.marks.t[i], kind, words: (side.name ? side.name + ": " : "") + side.marks.words[i] })));
marks.sort((one, other) => one.t - other.t);
const markTimes = Float64Array.from(marks, (mark) => mark.t);

let changes = [...new Set([...data.lanes.flatMap((lane) => [...lane.t]), ...markTimes])].sort((a, b) => a - b);
changes = Float64Array.from(changes);

// ---- words -------------------------------------------------------------------------------------

function digits(spanS) { return spanS > 1000 ? 0 : spanS > 20 ? 1 : spanS > 0.05 ? 3 : 6; }
function clock(t, places) {
  const s = t / 1e6;
  if (s < 600) return s.toFixed(places);
  const whole = Math.floor(s), pad = (n) => String(n).padStart(2, "0");
  const fraction = places ? (s - whole).toFixed(places).slice(1) : "";
  const minutes = `${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}${fraction}`;
  return whole >= 3600 ? `${Math.floor(whole / 3600)}:${minutes}` : minutes;
}
function length(t) { return t / 1e6 < 600 ? clock(t, 1) + " s" : clock(t, 0); }
function moment(t) { return t / 1e6 < 600 ? clock(t, 3) + " s" : clock(t, 3); }
function age(us) {
  const s = us / 1e6;
  if (s < 0.0005) return "just now";
  if (s < 100) return `for ${s.toFixed(s < 1 ? 3 : 1)} s`;
  return s < 6000 ? `for ${(s / 60).toFixed(1)} min` : `for ${(s / 3600).toFixed(1)} h`;
}
function plural(n, word) { return `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`; }
function element(tag, className, words) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (words !== undefined) made.textContent = words;
  return made;
}

// ---- drawing -----------------------------------------------------------------------------------

let colours = {};
function readColours() {
  const style = getComputedStyle(document.documentElement);
  const names = ["page", "ink", "faint", "line", "event", "span", ...TONES, ...TONES.map((tone) => tone + "-ink")];
  colours = Object.fromEntries(names.map((name) => [name, style.getPropertyValue("--" + name).trim()]));
}

let labels = [];  // counts of hidden changes: drawn over all lanes, under the marks

function drawLane(u, lane, index, ratio) {
  const { ctx, bbox } = u, scale = u.scales.x, perUs = bbox.width / ((scale.max - scale.min) * 1e6);
  const first = scale.min * 1e6, x = (t) => bbox.left + (t - first) * perUs;
  const top = bbox.top + (index + 1) * LANE_PX * ratio, height = (LANE_PX - GAP_PX) * ratio;
  const right = bbox.left + bbox.width, n = lane.t.length, narrow = NARROW_PX * ratio;
  const edge = (i) => (i < n ? Math.min(x(lane.t[i]), right) : Math.min(x(end), right));
  const from = (i) => Math.max(x(lane.t[i]), bbox.left);
  let i = Math.max(0, at(lane.t, first));
  while (i < n && x(lane.t[i]) < right) {
    if (edge(i + 1) - x(lane.t[i]) >= narrow || i + 1 >= n) {
      const wide = Math.max(edge(i + 1) - from(i), narrow), tone = lane.tones[lane.v[i]];
      ctx.fillStyle = colours[tone];
      ctx.fillRect(from(i), top, wide, height);
      drawWord(ctx, lane.words[lane.v[i]], lane.names[lane.v[i]], tone, from(i), top, wide, height, ratio);
      i++;
      continue;
    }
    i = drawCrowd(ctx, lane, i, { x, edge, from, n, right, narrow, top, height, left: bbox.left });
  }
}

/** Draws states that are too short to be seen apart, the worst of each pixel, and counts them. */
function drawCrowd(ctx, lane, i, on) {
  const start = on.from(i);
  let column = -1, worst = -1, count = 0, last = start;
  const flush = () => {
    if (worst < 0) return;
    ctx.fillStyle = colours[TONES[worst]];
    ctx.fillRect(column, on.top, on.narrow, on.height);
  };
  for (; i < on.n && on.edge(i + 1) - on.x(lane.t[i]) < on.narrow && i + 1 < on.n && on.x(lane.t[i]) < on.right; i++) {
    if (on.x(lane.t[i]) < on.left) continue;
    const here = Math.floor(on.x(lane.t[i]) / on.narrow) * on.narrow;
    if (here !== column) { flush(); column = here; worst = -1; }
    worst = Math.max(worst, TONES.indexOf(lane.tones[lane.v[i]]));
    last = here + on.narrow;
    count++;
  }
  flush();
  if (count > 1) {
    ctx.fillStyle = colours.ink;
    ctx.fillRect(start, on.top + on.height - on.narrow, Math.max(last - start, on.narrow), on.narrow);
    labels.push({ x: (start + last) / 2, y: on.top + on.height / 2, count });
  }
  return i;
}

function drawWord(ctx, words, name, tone, left, top, wide, height, ratio) {
  if (wide < 24 * ratio) return;
  ctx.font = `${12 * ratio}px system-ui, "DejaVu Sans", sans-serif`;
  const text = [words, name].find((each) => ctx.measureText(each).width < wide - 8 * ratio);
  if (text === undefined) return;
  ctx.fillStyle = colours[tone + "-ink"];
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  ctx.fillText(text, left + 4 * ratio, top + height / 2);
}

function drawCounts(u, ratio) {
  const { ctx } = u;
  ctx.font = `bold ${10 * ratio}px system-ui, "DejaVu Sans", sans-serif`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  const taken = new Map();
  for (const { x, y, count } of labels) {
    const text = "\u00D7" + count.toLocaleString("en"), half = ctx.measureText(text).width / 2 + 3 * ratio;
    const middle = Math.min(Math.max(x, u.bbox.left + half), u.bbox.left + u.bbox.width - half);
    if ((taken.get(y) ?? -Infinity) > middle - half) continue;
    taken.set(y, middle + half + ratio);
    ctx.fillStyle = colours.page;
    ctx.fillRect(middle - half, y - 7 * ratio, 2 * half, 14 * ratio);
    ctx.fillStyle = colours.ink;
    ctx.fillText(text, middle, y);
  }
  labels = [];
}

function drawSpans(u) {
  const { ctx, bbox } = u;
  ctx.fillStyle = colours.span;
  for (const [from, to] of data.spans) {
    const left = Math.max(u.valToPos(from / 1e6, "x", true), bbox.left);
    const right = Math.min(u.valToPos(to / 1e6, "x", true), bbox.left + bbox.width);
    if (right >= left) ctx.fillRect(left, bbox.top, Math.max(right - left, 2), bbox.height);
  }
}

/** Marks come last, so that nothing covers a fault. Those of one place are drawn as the worst. */
function drawMarks(u, ratio) {
  const { ctx, bbox } = u, order = ["command", "request", "event", "over", "fault"];
  const first = Math.max(0, at(markTimes, u.scales.x.min * 1e6 - 1) + 1);
  const groups = [];
  for (let i = first; i < marks.length && marks[i].t <= u.scales.x.max * 1e6; i++) {
    const x = u.valToPos(marks[i].t / 1e6, "x", true), last = groups[groups.length - 1];
    if (last && x - last.x < MARK_PX * ratio) last.members.push(marks[i]);
    else groups.push({ x, members: [marks[i]] });
  }
  for (const group of groups) group.rank = Math.max(...group.members.map((mark) => order.indexOf(mark.kind)));
  groups.sort((one, other) => one.rank - other.rank);
  ctx.textBaseline = "middle";
  for (const { x, members, rank } of groups) {
    const kind = order[rank], y = bbox.top + 10 * ratio;
    ctx.strokeStyle = ctx.fillStyle = rank >= 3 ? colours.bad : rank === 2 ? colours.event : colours.faint;
    ctx.lineWidth = (kind === "fault" ? 2 : 1) * ratio;
    ctx.setLineDash(kind === "fault" ? [] : [3 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.font = `${13 * ratio}px system-ui, "DejaVu Sans", sans-serif`;
    ctx.textAlign = "center";
    ctx.fillText(KINDS[kind], x, y);
    if (members.length > 1) {
      ctx.font = `bold ${10 * ratio}px system-ui, "DejaVu Sans", sans-serif`;
      ctx.textAlign = "left";
      ctx.fillText(String(members.length), x + 6 * ratio, y - 3 * ratio);
    }
  }
  ctx.setLineDash([]);
}

function draw(u) {
  const ratio = devicePixelRatio, { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  data.lanes.forEach((lane, index) => drawLane(u, lane, index, ratio));
  drawSpans(u);
  drawCounts(u, ratio);
  drawMarks(u, ratio);
  ctx.restore();
}

// ---- the chart ---------------------------------------------------------------------------------

const chart = $("#chart"), rowsHigh = data.lanes.length + 1;
let held = null, hovered = null, heldLine = null;

/** The range that is asked for, within the recording and never too short. */
function within(min, max) {
  const whole = end / 1e6, span = Math.min(Math.max(max - min, SHORTEST_S), whole);
  const from = Math.min(Math.max(min, 0), whole - span);
  return [from, from + span];
}
const TITLE_FONT = '12px system-ui, "DejaVu Sans", sans-serif';
const gutter = (() => {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = TITLE_FONT;
  return Math.ceil(Math.max(...["marks", ...data.lanes.map((lane) => lane.title)].map((title) => pen.measureText(title).width))) + 14;
})();
function wide() { return Math.max(280, Math.floor(chart.clientWidth)); }

readColours();
const plot = new uPlot({
  width: wide(),
  height: rowsHigh * LANE_PX + AXIS_PX,
  legend: { show: false },
  padding: [0, 24, 0, 0],
  scales: {
    x: { time: false, range: (u, min, max) => within(min ?? 0, max ?? end / 1e6) },
    y: { range: [0, rowsHigh] },
  },
  series: [{}, { points: { show: false }, paths: () => null }],
  cursor: { y: false, points: { show: false }, drag: { x: true, y: false } },
  axes: [
    { stroke: () => colours.ink, grid: { stroke: () => colours.line, width: 1 }, ticks: { stroke: () => colours.line }, size: AXIS_PX,
      values: (u, splits) => splits.map((s) => clock(s * 1e6, digits(u.scales.x.max - u.scales.x.min) > 3 ? 6 : splitPlaces(splits))) },
    { stroke: () => colours.ink, grid: { show: false }, ticks: { show: false }, size: gutter, gap: 6, font: TITLE_FONT,
      splits: () => Array.from({ length: rowsHigh }, (_, i) => rowsHigh - i - (LANE_PX - GAP_PX) / 2 / LANE_PX),
      values: (u, splits) => splits.map((_, i) => (i === 0 ? "marks" : data.lanes[i - 1].title)) },
  ],
  hooks: {
    ready: [() => tell(held ?? (marks.length ? marks[0].t : end))],
    draw: [draw],
    setCursor: [(u) => { hovered = u.cursor.left >= 0 ? timeAt(u.cursor.left) : null; if (held === null && hovered !== null) tell(hovered); }],
    setScale: [(u, key) => { if (key === "x") tellRange(u); }],
  },
}, [[0, end / 1e6], [null, null]], chart);

function splitPlaces(splits) {
  const step = splits.length > 1 ? splits[1] - splits[0] : 1;
  return step >= 1 ? 0 : step >= 0.1 ? 1 : step >= 0.001 ? 3 : 6;
}
/** The moment at a pixel's right edge: all that the pixel hides has happened by then. */
function timeAt(left) { return Math.min(Math.max(Math.round(plot.posToVal(left + 1, "x") * 1e6), 0), end); }
function pixelUs() { return (plot.scales.x.max - plot.scales.x.min) * 1e6 / plot.over.clientWidth; }
function zoom(min, max) { const [from, to] = within(min, max); plot.setScale("x", { min: from, max: to }); }
function zoomBy(factor, centre) {
  const { min, max } = plot.scales.x, middle = centre ?? (held !== null ? held / 1e6 : (min + max) / 2);
  const stays = middle >= min && middle <= max ? middle : (min + max) / 2;
  zoom(stays - (stays - min) * factor, stays + (max - stays) * factor);
}
function moveBy(share) { const { min, max } = plot.scales.x, by = (max - min) * share; zoom(min + by, max + by); }
function tellRange(u) {
  const { min, max } = u.scales.x, places = digits(max - min);
  const zoomed = max - min < end / 1e6 * 0.999;
  $(".range").textContent = zoomed ? `${clock(min * 1e6, places)} to ${clock(max * 1e6, places)} of ${length(end)}` : `all, ${length(end)}`;
  placeHeld();
}
function placeHeld() {
  if (!heldLine) { heldLine = element("div", "held-line"); plot.over.append(heldLine); }
  const left = held === null ? -1 : plot.valToPos(held / 1e6, "x");
  heldLine.hidden = left < 0 || left > plot.over.clientWidth;
  heldLine.style.left = `${left - 1}px`;
}
function hold(t, show = true) {
  held = t;
  if (t !== null && show) {
    const { min, max } = plot.scales.x, half = (max - min) / 2;
    if (t / 1e6 < min || t / 1e6 > max) zoom(t / 1e6 - half, t / 1e6 + half);
  }
  placeHeld();
  if (t !== null) tell(t); else if (hovered !== null) tell(hovered);
}

// ---- the moment --------------------------------------------------------------------------------

function between(times, from, to) { return at(times, to) - at(times, from); }

function tellHidden(panel, t) {
  const px = pixelUs(), from = t - px, hidden = data.lanes
    .map((lane) => [lane.title, between(lane.t, from, t)]).filter(([, count]) => count > 0);
  const sum = hidden.reduce((total, [, count]) => total + count, 0);
  if (sum < 2 || held !== null) return;
  panel.append(element("p", "quiet", `This pixel hides ${plural(sum, "change")}: ${hidden.map(([title, count]) => `${title} ${count}`).join(", ")}. Zoom in to see each.`));
}
function tellMarks(panel, t) {
  const reach = pixelUs() * MARK_PX / 2, first = at(markTimes, t - reach - 1) + 1, last = at(markTimes, t + reach);
  const near = marks.slice(first, Math.min(last + 1, first + 12));
  for (const mark of near) {
    const trouble = ["command", "request"].includes(mark.kind) ? "" : "trouble";
    panel.append(element("p", trouble, `${KINDS[mark.kind]} ${KIND_WORDS[mark.kind]} at ${moment(mark.t)}: ${mark.words}`));
  }
  if (last - first >= 12) panel.append(element("p", "quiet", `and ${plural(last - first - 11, "mark")} more here`));
}
function tellPin(panel, side, pin, t) {
  const demand = valueAt(pin.demand, t), rule = valueAt(pin.rule, t), override = valueAt(pin.override, t);
  if (!demand || !rule) return;
  const wants = { engage: "engage", release: "release", hold: "leave as it is" }[demand.name];
  panel.append(element("h3", "", `${pin.name}: ${wants}`));
  const [sentence, signals] = data.rules[rule.name] ?? [rule.name, []];
  panel.append(element("p", "sentence", sentence));
  panel.append(element("p", "quiet", `rule ${rule.name}, ${age(t - rule.since)}${override && override.name ? `; by the override ${override.name}` : ""}`));
  const because = element("ul");
  for (const name of signals) {
    const track = side.signals[name], seen = track && valueAt(track, t);
    if (seen) because.append(element("li", "", `${track.words[seen.index]} ${age(t - seen.since)}`));
  }
  if (because.children.length) panel.append(element("span", "label", "because"), because);
  const releases = valueAt(pin.releases, t);
  if (releases) {
    panel.append(element("span", "label", "what would release it"));
    const ways = element("ul");
    releases.name.split("; or ").forEach((way) => ways.append(element("li", "", way)));
    panel.append(ways);
  }
}
/** All signals of the first side; of another side those that it sees otherwise. */
function tellSignals(panel, side, t) {
  const first = data.sides[0];
  const table = element("table");
  for (const [name, track] of Object.entries(side.signals)) {
    const seen = valueAt(track, t);
    if (!seen || (seen.name === "unknown" && seen.first && side === first)) continue;
    if (side !== first && first.signals[name] && valueAt(first.signals[name], t)?.name === seen.name) continue;
    const row = table.insertRow();
    row.insertCell().textContent = track.words[seen.index];
    row.insertCell().textContent = seen.first && seen.since === 0 ? `${age(t - seen.since)} (all along)` : age(t - seen.since);
  }
  if (table.rows.length) panel.append(element("h3", "", side === first ? "signals" : `signals that ${side.name} sees otherwise`), table);
}
function tell(t) {
  const panel = $(".moment");
  panel.replaceChildren();
  const head = element("h2", "", `At ${moment(t)}`);
  if (held !== null) {
    const free = element("button", "", "let go");
    free.type = "button";
    free.addEventListener("click", () => hold(null));
    head.append(free);
  }
  panel.append(head);
  if (data.epoch !== null) panel.append(element("p", "quiet", new Date((data.epoch + t) / 1000).toISOString().replace("T", " ").replace("Z", " UTC")));
  tellMarks(panel, t);
  tellHidden(panel, t);
  for (const side of data.sides) {
    if (side.name) panel.append(element("h2", "which", side.name));
    side.pins.forEach((pin) => tellPin(panel, side, pin, t));
    if (!side.pins.length) panel.append(element("p", "", "The car is not known to have a pin."));
  }
  data.sides.forEach((side) => tellSignals(panel, side, t));
}

// ---- what happened -----------------------------------------------------------------------------

const list = $(".list"), sizer = $(".sizer"), rows = data.rows;
const toneOf = (i) => rows.tones[rows.tone[i]];
const KEEPS = {
  all: () => true,
  trouble: (i) => toneOf(i) === "trouble",
  decided: (i) => toneOf(i) !== "sensed" && !(toneOf(i) === "quiet" && rows.whats[rows.what[i]] === "message"),
};
let shown = [], chosen = -1;

function choose() {
  const keep = KEEPS[$(".rows select").value], wanted = $(".rows input").value.trim().toLowerCase();
  shown = [];
  for (let i = 0; i < rows.t.length; i++) {
    if (!keep(i)) continue;
    if (wanted && !(rows.whats[rows.what[i]] + " " + rows.texts[rows.words[i]]).toLowerCase().includes(wanted)) continue;
    shown.push(i);
  }
  chosen = -1;
  sizer.style.height = `${shown.length * ROW_PX}px`;
  list.style.height = `${Math.min(Math.max(shown.length, 3) * ROW_PX + 2, LIST_PX)}px`;
  $(".count").textContent = `${shown.length.toLocaleString("en")} of ${rows.t.length.toLocaleString("en")}`;
  list.scrollTop = 0;
  listRows();
}
function listRows() {
  const first = Math.max(0, Math.floor(list.scrollTop / ROW_PX) - 4);
  const last = Math.min(shown.length, first + Math.ceil(list.clientHeight / ROW_PX) + 10);
  const made = [];
  for (let k = first; k < last; k++) {
    const i = shown[k], row = element("div", `row ${toneOf(i)}${k === chosen ? " chosen" : ""}`);
    row.id = `row-${k}`;
    row.style.top = `${k * ROW_PX}px`;
    row.setAttribute("role", "option");
    row.setAttribute("aria-selected", String(k === chosen));
    row.setAttribute("aria-posinset", String(k + 1));
    row.setAttribute("aria-setsize", String(shown.length));
    row.title = rows.texts[rows.words[i]];
    row.append(element("span", "when", clock(rows.t[i], 3)), element("span", "what", rows.whats[rows.what[i]]),
      element("span", "words", rows.texts[rows.words[i]]));
    row.addEventListener("click", () => pick(k));
    made.push(row);
  }
  sizer.replaceChildren(...made);
}
function pick(k) {
  if (!shown.length) return;
  chosen = Math.min(Math.max(k, 0), shown.length - 1);
  const top = chosen * ROW_PX;
  if (top < list.scrollTop) list.scrollTop = top;
  if (top + ROW_PX > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW_PX - list.clientHeight;
  listRows();
  list.setAttribute("aria-activedescendant", `row-${chosen}`);
  hold(rows.t[shown[chosen]]);
}
function printAll() {
  document.querySelectorAll("details").forEach((each) => { each.open = true; });
  const table = $(".printed");
  table.replaceChildren();
  for (const i of shown.slice(0, PRINTED_ROWS)) {
    const row = table.insertRow();
    for (const words of [clock(rows.t[i], 3), rows.whats[rows.what[i]], rows.texts[rows.words[i]]]) row.insertCell().textContent = words;
  }
  if (shown.length > PRINTED_ROWS) table.insertRow().insertCell().textContent = `and ${plural(shown.length - PRINTED_ROWS, "row")} more, not printed`;
}

// ---- hands -------------------------------------------------------------------------------------

function stepTo(direction) {
  const now = held ?? hovered ?? plot.scales.x.min * 1e6, i = at(changes, now);
  const next = direction > 0 ? i + 1 : changes[i] === now ? i - 1 : i;
  if (next >= 0 && next < changes.length) hold(changes[next]);
}
const DEEDS = {
  earlier: () => moveBy(-0.25), later: () => moveBy(0.25), closer: () => zoomBy(0.5), farther: () => zoomBy(2),
  whole: () => zoom(0, end / 1e6),
};
const KEYS = {
  "+": DEEDS.closer, "=": DEEDS.closer, "-": DEEDS.farther, "0": DEEDS.whole, Home: DEEDS.whole,
  Enter: () => hold(held ?? hovered), Escape: () => hold(null),
  ArrowLeft: (e) => (e.shiftKey ? DEEDS.earlier() : stepTo(-1)), ArrowRight: (e) => (e.shiftKey ? DEEDS.later() : stepTo(1)),
};
chart.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || !KEYS[e.key]) return;
  e.preventDefault();
  KEYS[e.key](e);
});
document.addEventListener("keydown", (e) => { if (e.key === "Escape") hold(null); });
plot.over.addEventListener("click", (e) => e.shiftKey || hold(timeAt(e.clientX - plot.over.getBoundingClientRect().left)));
plot.over.addEventListener("wheel", (e) => {
  if (e.ctrlKey || e.metaKey) {
    e.preventDefault();
    zoomBy(e.deltaY > 0 ? 1.25 : 0.8, plot.posToVal(e.clientX - plot.over.getBoundingClientRect().left, "x"));
  } else if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) {
    e.preventDefault();
    moveBy((e.deltaX || e.deltaY) / 1000);
  }
}, { passive: false });
plot.over.addEventListener("mousedown", (e) => {
  if (!e.shiftKey || e.button !== 0) return;
  e.stopImmediatePropagation();
  let last = e.clientX;
  const move = (to) => { moveBy((last - to.clientX) / plot.over.clientWidth); last = to.clientX; };
  addEventListener("mousemove", move);
  addEventListener("mouseup", () => removeEventListener("mousemove", move), { once: true });
}, { capture: true });
document.querySelectorAll("[data-do]").forEach((button) => button.addEventListener("click", DEEDS[button.dataset.do]));

list.addEventListener("scroll", listRows, { passive: true });
list.addEventListener("keydown", (e) => {
  const page = Math.floor(list.clientHeight / ROW_PX);
  const to = { ArrowDown: chosen + 1, ArrowUp: chosen - 1, PageDown: chosen + page, PageUp: chosen - page, Home: 0,
    End: shown.length - 1, Enter: Math.max(chosen, 0) }[e.key];
  if (to === undefined) return;
  e.preventDefault();
  pick(to);
});
$(".rows select").addEventListener("change", choose);
$(".rows input").addEventListener("input", choose);

// ---- paper, night and size ---------------------------------------------------------------------

function repaint() { readColours(); plot.redraw(false, true); }
function fit() { plot.setSize({ width: wide(), height: rowsHigh * LANE_PX + AXIS_PX }); tellRange(plot); }
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
matchMedia("print").addEventListener("change", (e) => { if (e.matches) printAll(); repaint(); fit(); });
addEventListener("beforeprint", printAll);
new ResizeObserver(fit).observe(chart);

for (const tone of TONES) {
  const item = element("li"), swatch = element("span");
  swatch.style.background = `var(--${tone})`;
  item.append(swatch, TONE_WORDS[tone]);
  $(".legend").append(item);
}
for (const kind of Object.keys(KINDS)) {
  const item = element("li");
  item.append(element("b", "", KINDS[kind]), KIND_WORDS[kind]);
  $(".legend").append(item);
}
choose();

// ---- a link to a moment: #t=MICROSECONDS -------------------------------------------------------

function goToLinked() {
  const linked = /^#t=(\d{1,15})$/.exec(location.hash);
  if (linked) hold(Math.min(Number(linked[1]), end));
}
addEventListener("hashchange", goToLinked);
goToLinked();
})();
