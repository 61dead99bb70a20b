// Put moments right: what is said is sent to the server, and what it makes of it is shown.
"use strict";

async function ask(path, body) {
  // What the server answers; what it complains of is an Error.
  const how = body === undefined ? {} : {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
  const answer = await fetch(path, how);
  const told = await answer.json().catch(() => ({ error: `the server answered ${answer.status}` }));
  if (!answer.ok) throw new Error(told.error || `the server answered ${answer.status}`);
  return told;
}

function take(fresh) {
  // What the server says now, in place of what was known.
  const before = chosenMoment();
  Object.assign(data, fresh);
  model.lanes = data.lanes;
  model.moments = momentsOf(data.moments, data.fixes);
  sortLanes();
  curves.bytes.clear();
  curves.lane = Math.min(curves.lane, Math.max(0, model.lanes.length - 1));
  longest.splice(0, longest.length, ...model.lanes.map(() => -1));
  if (model.filter.lane >= model.lanes.length) model.filter.lane = -1;
  drawEmotions();
  drawWho();
  $("by-who").value = model.filter.lane < 0 ? "" : String(model.filter.lane);
  $("curve-of").replaceChildren(...model.lanes.map((lane, n) => new Option(lane.who, String(n))));
  $("curve-of").value = String(curves.lane);
  drawAbout();
  drawLost();
  drawPersons();
  model.shown = [];
  refilter();
  if (before) choose(placeOf(before));
}

const UNSAID = { verdict: "", emotion: "", start: null, end: null, note: "" };

async function correct(change) {
  // Only what changes is sent: the server knows the rest better, if much is said at once.
  const moment = chosenMoment();
  if (!moment) return;
  await send("correct", { of: [moment.track, ...moment.of], ...change }, "Kept.");
}

async function send(path, body, done) {
  try {
    take(await ask(path, body));
    $("said").textContent = done;
  } catch (error) {
    $("said").textContent = error.message;
  }
}

function toggleVerdict(verdict) {
  const moment = chosenMoment();
  if (moment) correct({ verdict: moment.fix?.verdict === verdict ? "" : verdict });
}

function undo() {
  correct(UNSAID);
}

function seconds_in(text) {
  // Seconds, or minutes and hours with colons.
  const parts = text.trim().replace(",", ".").split(":").map(Number);
  if (!text.trim() || parts.length > 3 || parts.some((part) => !(part >= 0))) return null;
  return Math.round(1000 * parts.reduce((sum, part) => 60 * sum + part, 0)) / 1000;
}

function moveEnd(which, time) {
  if (time === null) $("said").textContent = "A time is seconds (72.5), or 1:12.5";
  else correct({ [which]: time });
}

function drawPersons() {
  const names = model.lanes.filter((lane) => lane.named).map((lane) => lane.who);
  $("persons").replaceChildren(...names.map((name) => new Option(name)));
}

function name() {
  const moment = chosenMoment(), person = $("who").value.trim();
  if (!moment) return;
  const lane = model.lanes[moment.lane];
  const one = model.lanes.some((other) => other.named && other.who === person && other !== lane);
  const body = lane.named && person ? { was: lane.who, person } : { track: moment.track, person };
  send("name", body, one ? `Both are ${person} now.` : "Kept.");
}

function drawCorrection() {
  const moment = chosenMoment();
  const same = $("correct").dataset.key === (moment ? moment.key : "");
  $("correct").hidden = !moment || !data.live.editable;
  if (!same) $("said").textContent = "";
  $("correct").dataset.key = moment ? moment.key : "";
  if (!moment) return;
  const { verdict = "", note = "" } = moment.fix || {};
  $("confirm").setAttribute("aria-pressed", String(verdict === "confirmed"));
  $("remove").setAttribute("aria-pressed", String(verdict === "removed"));
  $("undo").disabled = !moment.fix;
  $("emotion").value = String(moment.emotion);
  $("start").value = clock(moment.start, 3);
  $("end").value = clock(moment.end, 3);
  $("note").value = note;
  $("who").value = model.lanes[moment.lane].named ? who(moment) : "";
  $("who-label").textContent = model.lanes[moment.lane].named ? "Who" : `Who is ${who(moment)}`;
}

const REVIEW_KEYS = {
  c: () => toggleVerdict("confirmed"),
  d: () => toggleVerdict("removed"),
  u: () => undo(),
  i: () => moveEnd("start", Math.round(1000 * player.time) / 1000),
  o: () => moveEnd("end", Math.round(1000 * player.time) / 1000),
  x: () => tickMoment(model.chosen),
};

function drawReview() {
  model.emotions.forEach((emotion, n) => $("emotion").append(new Option(emotion.name, String(n))));
  $("correct").addEventListener("submit", (event) => {
    event.preventDefault();
    if (document.activeElement === $("who")) name();
  });
  $("confirm").addEventListener("click", () => toggleVerdict("confirmed"));
  $("remove").addEventListener("click", () => toggleVerdict("removed"));
  $("undo").addEventListener("click", undo);
  $("emotion").addEventListener("change", () => correct({ emotion: model.emotions[$("emotion").value].name }));
  $("start").addEventListener("change", () => moveEnd("start", seconds_in($("start").value)));
  $("end").addEventListener("change", () => moveEnd("end", seconds_in($("end").value)));
  $("start-here").addEventListener("click", REVIEW_KEYS.i);
  $("end-here").addEventListener("click", REVIEW_KEYS.o);
  $("note").addEventListener("change", () => correct({ note: $("note").value }));
  $("name").addEventListener("click", name);
  $("lost-list").addEventListener("click", (event) => {
    if (event.target.tagName !== "BUTTON") return;
    const line = event.target.parentElement, of = JSON.parse(line.dataset.of);
    if (line.dataset.name === undefined) send("correct", { of, ...UNSAID }, "Forgotten.");
    else send("name", { forget: of }, "Forgotten.");
  });
  bus.addEventListener("chosen", drawCorrection);
  drawPersons();
  drawCorrection();
}

drawReview();
