// What the page knows: moments, lanes, which of them are shown, and how things are said.
"use strict";

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

function placeOf(moment) {
  // Parts of a moment into which another was moved share its key.
  const same = model.shown.findIndex((m) => m.key === moment.key && m.start === moment.start);
  return same >= 0 ? same : model.shown.findIndex((m) => m.key === moment.key);
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
  model.chosen = before ? placeOf(before) : -1;
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
