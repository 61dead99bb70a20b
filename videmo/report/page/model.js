// What the page knows: moments, lanes, which of them are shown, and how things are said.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const bus = new EventTarget();
const $ = (id) => document.getElementById(id);

function tell(what) {
  bus.dispatchEvent(new Event(what));
}

function made(tag, className, text) {
  // An element; what it says is text, whoever wrote it.
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function clock(seconds, digits = 1) {
  const whole = Math.max(0, seconds);
  const unit = 10 ** digits;
  const all = Math.round(whole * unit);
  const s = (all % (60 * unit)) / unit;
  const minutes = Math.floor(all / (60 * unit));
  const rest = s.toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  const m = minutes % 60, h = Math.floor(minutes / 60);
  return h ? `${h}:${String(m).padStart(2, "0")}:${rest}` : `${m}:${rest}`;
}

function spoken(seconds) {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds), minutes = Math.round(seconds / 60);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function momentsOf(columns, fixes) {
  return columns.start.map((start, n) => ({
    n,
    start,
    end: columns.end[n],
    lane: columns.lane[n],
    track: columns.track[n],
    emotion: columns.emotion[n],
    frames: columns.frames[n],
    score: columns.score[n],
    best: columns.best[n],
    bestTime: columns.bestTime[n],
    bestFrame: columns.bestFrame[n],
    of: columns.of[n],
    key: [columns.track[n], ...columns.of[n]].join("/"),
    fix: fixes[n] || null,
  }));
}

const model = {
  emotions: data.emotions,
  lanes: data.lanes,
  moments: momentsOf(data.moments, data.fixes),
  byLane: [],
  shown: [], // moments that the filters let through, in the order of the list
  chosen: -1, // place in `shown`
  ticked: new Set(),
  filter: { emotions: new Set(data.emotions.map((_, n) => n)), lane: -1, longer: 0, score: 0 },
  order: "time",
};

function removed(moment) {
  return moment.fix !== null && moment.fix.verdict === "removed";
}

function sortLanes() {
  model.byLane = model.lanes.map(() => []);
  for (const moment of model.moments) model.byLane[moment.lane].push(moment);
  for (const lane of model.byLane) lane.sort((a, b) => a.start - b.start);
}

function passes(moment) {
  const { emotions, lane, longer, score } = model.filter;
  return (
    emotions.has(moment.emotion) &&
    (lane < 0 || moment.lane === lane) &&
    moment.end - moment.start > longer &&
    moment.score >= score
  );
}

const ORDERS = {
  time: (a, b) => a.start - b.start || a.track - b.track,
  score: (a, b) => b.score - a.score || a.start - b.start,
  length: (a, b) => b.end - b.start - (a.end - a.start) || a.start - b.start,
};

function choose(place) {
  model.chosen = Math.max(-1, Math.min(place, model.shown.length - 1));
  tell("chosen");
}

function chosenMoment() {
  return model.shown[model.chosen] || null;
}

function refilter() {
  const before = chosenMoment();
  model.shown = model.moments.filter(passes).sort(ORDERS[model.order]);
  model.chosen = before ? model.shown.findIndex((m) => m.key === before.key) : -1;
  tell("shown");
  tell("chosen");
}

function who(moment) {
  return model.lanes[moment.lane].who;
}

function told(moment) {
  const length = (moment.end - moment.start).toFixed(1);
  const name = model.emotions[moment.emotion].name;
  const state = moment.fix ? `, ${stateOf(moment)}` : "";
  return `${name}, ${who(moment)}, ${clock(moment.start)}, ${length} seconds, score ${moment.score.toFixed(2)}${state}`;
}

function stateOf(moment) {
  if (removed(moment)) return "taken out";
  if (moment.fix.verdict === "confirmed") return "confirmed";
  if (moment.fix.emotion || moment.fix.start !== null || moment.fix.end !== null) return "corrected";
  return "noted";
}

function seconds() {
  // How long each emotion is seen, by its number.
  const sums = model.emotions.map(() => 0);
  for (const m of model.moments) if (!removed(m)) sums[m.emotion] += m.end - m.start;
  return sums;
}

sortLanes();
