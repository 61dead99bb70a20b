// The page on which pictures are collected: the source, a key for each label, and a review.
"use strict";

const MOVIE = data.seconds !== null;
const PAGE = 120;
let state = { labels: [], taking: "" };
let seen = null;
let pictures = [];
let most = PAGE;
const ticked = new Set();

async function send(what, body = {}) {
  try {
    const answer = await fetch(what, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const told = await answer.json();
    if (told.error && !answer.ok) complain(told.error);
    else show(told);
    return answer.ok;
  } catch {
    complain("videmo does not answer any more; is it still running?");
    return false;
  }
}

function complain(text) {
  $("wrong").textContent = text;
  $("wrong").hidden = !text;
}

const take = (n) => n < state.labels.length && send("take", { label: state.labels[n].name });
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function drawLabels() {
  const buttons = [...$("labels").children];
  state.labels.forEach((label, n) => {
    let button = buttons[n];
    if (!button) {
      button = made("button", "label");
      button.type = "button";
      button.dataset.label = label.name;
      button.append(made("kbd", "", data.keys[n]), made("span", "name", label.name), made("span", "count"), made("span", "soft"));
      const bar = made("progress");
      bar.max = data.goal;
      button.append(bar);
      button.addEventListener("click", () => take(n));
      $("labels").append(button);
    }
    button.children[2].textContent = `${label.count} of ${data.goal}`;
    button.children[3].textContent = label.count >= data.goal ? "enough" : MOVIE ? "" : label.ask;
    button.children[4].value = label.count;
    button.setAttribute("aria-pressed", String(label.name === state.taking));
    button.disabled = Boolean(state.taking) || state.gone;
  });
}

function show(told) {
  const before = total();
  state = told;
  drawLabels();
  const label = told.labels.find((one) => one.name === told.taking);
  let big = "";
  if (label && told.wait > 0) big = `${label.name} in ${Math.ceil(told.wait)}: ${label.ask}`;
  else if (label) big = `${label.name}: ${told.kept} kept`;
  $("big").textContent = big;
  $("big").hidden = !big;
  $("now").textContent = told.said || "press a label's key, and hold what it says while it counts";
  complain(told.error || (told.gone ? "The source has ended. What was collected can be looked through." : ""));
  $("stop").disabled = !told.taking;
  $("undo").disabled = Boolean(told.taking);
  if (MOVIE) $("play").textContent = told.playing ? "Wait" : "Play";
  $("lacking").replaceChildren(...(before || total() ? told.lacking : []).map((line) => made("li", "", line)));
}

const total = () => state.labels.reduce((sum, label) => sum + label.count, 0);

function drawPicture(bitmap, told) {
  const canvas = $("picture");
  if (canvas.width !== bitmap.width) canvas.width = bitmap.width;
  if (canvas.height !== bitmap.height) canvas.height = bitmap.height;
  const paint = canvas.getContext("2d");
  paint.drawImage(bitmap, 0, 0);
  bitmap.close();
  if (data.crop !== "face") return;
  const scale = canvas.width / told.size[0];
  told.faces.forEach(([x, y, w, h], n) => {
    paint.lineWidth = n === told.meant ? 4 : 1.5;
    paint.strokeStyle = n === told.meant ? "#ffffff" : "#ffffffa0";
    paint.strokeRect(x * scale, y * scale, w * scale, h * scale);
  });
}

async function watch() {
  let number = 0;
  for (;;) {
    try {
      const answer = await fetch(`picture?after=${number}`);
      if (answer.status === 200) {
        seen = JSON.parse(answer.headers.get("x-seen"));
        number = seen.number;
        drawPicture(await createImageBitmap(await answer.blob()), seen);
        if (MOVIE && document.activeElement !== $("seek")) $("seek").value = seen.time;
        if (MOVIE) $("clock").textContent = `${seen.time.toFixed(2)} s`;
      } else if (state.gone) await pause(1000);
    } catch {
      await pause(1000);
    }
  }
}

async function ask() {
  let listed = "";
  for (;;) {
    try {
      show(await (await fetch("state")).json());
      const now = JSON.stringify([state.labels.map((one) => one.count), state.taking, state.said]);
      if (now !== listed) await list();
      listed = now;
    } catch {
      complain("videmo does not answer any more; is it still running?");
    }
    await pause(state.taking ? 200 : 600);
  }
}

async function list() {
  pictures = (await (await fetch("list")).json()).reverse();
  const there = new Set(pictures.map(([name]) => name));
  for (const name of ticked) if (!there.has(name)) ticked.delete(name);
  drawList();
}

function drawList() {
  const wanted = $("show").value;
  const shown = pictures.filter(([, label]) => !wanted || label === wanted);
  const old = new Map([...$("pictures").children].map((one) => [one.dataset.name, one]));
  $("pictures").replaceChildren(
    ...shown.slice(0, most).map(([name, label, burst, split]) => {
      const tile = old.get(name) || tileOf(name);
      tile.lastChild.textContent = `${label}, ${split}`;
      tile.title = `${name}: ${label}, burst ${burst}, ${split}`;
      tile.setAttribute("aria-selected", String(ticked.has(name)));
      return tile;
    }),
  );
  $("more").hidden = shown.length <= most;
  drawTicked();
}

function tileOf(name) {
  const tile = made("button", "taken");
  tile.type = "button";
  tile.dataset.name = name;
  tile.setAttribute("role", "option");
  const image = made("img");
  image.alt = name;
  image.loading = "lazy";
  image.src = `images/${encodeURIComponent(name)}`;
  tile.append(image, made("span"));
  tile.addEventListener("click", (event) => tick(name, event.shiftKey));
  return tile;
}

function tick(name, whole) {
  const on = !ticked.has(name);
  const burst = pictures.find((one) => one[0] === name)[2];
  const names = whole ? pictures.filter((one) => one[2] === burst).map((one) => one[0]) : [name];
  for (const one of names) on ? ticked.add(one) : ticked.delete(one);
  for (const tile of $("pictures").children) tile.setAttribute("aria-selected", String(ticked.has(tile.dataset.name)));
  drawTicked();
}

function drawTicked() {
  $("ticked").textContent = ticked.size ? `${ticked.size} ticked` : "";
  $("delete").disabled = $("relabel").disabled = !ticked.size;
}

async function change(what, more) {
  if (!(await send(what, { pictures: [...ticked], ...more }))) return;
  ticked.clear();
  await list();
}

function step(by) {
  if (seen) send("seek", { time: Math.max(0, seen.time + by * data.step) });
}

const KEYS = {
  Backspace: () => send("undo"),
  Escape: () => send("stop"),
  Delete: () => ticked.size && change("delete"),
  "?": () => $("help").showModal(),
  ...(MOVIE && {
    " ": () => send("play", { playing: !state.playing }),
    ",": () => step(-1),
    ".": () => step(1),
    ArrowLeft: () => step(-1 / data.step),
    ArrowRight: () => step(1 / data.step),
  }),
};

function explainKeys() {
  const lines = [
    ...state.labels.map((label, n) => [data.keys[n], `take a burst of ${label.name}`]),
    ["escape", "end the burst"],
    ["backspace", "undo what was done last"],
    ["delete", "delete the ticked pictures"],
    ["shift and click", "tick a whole burst"],
    ...(MOVIE ? [["space", "play, wait"], [", .", "one picture back, on"], ["← →", "one second back, on"]] : []),
  ];
  $("keys").replaceChildren(
    ...lines.flatMap(([key, what]) => {
      const term = made("dt");
      term.append(made("kbd", "", key));
      return [term, made("dd", "", what)];
    }),
  );
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || $("help").open) return;
  const { key, target } = event;
  if (target.closest("select, textarea") || (target.closest("button, a") && (key === " " || key === "Enter"))) return;
  if (target.matches("input") && key.startsWith("Arrow")) return;
  const n = key.length === 1 ? data.keys.indexOf(key.toLowerCase()) : -1;
  if (n >= 0 && n < state.labels.length) take(n);
  else if (Object.hasOwn(KEYS, key)) KEYS[key]();
  else return;
  event.preventDefault();
});

async function begin() {
  show(await (await fetch("state")).json());
  $("show").append(new Option("all", ""), ...state.labels.map((one) => new Option(one.name)));
  $("relabel").append(new Option("…", ""), ...state.labels.map((one) => new Option(one.name)));
  explainKeys();
  watch();
  ask();
}

$("stop").addEventListener("click", () => send("stop"));
$("undo").addEventListener("click", () => send("undo"));
$("delete").addEventListener("click", () => change("delete"));
$("show").addEventListener("change", drawList);
$("relabel").addEventListener("change", () => {
  const label = $("relabel").value;
  $("relabel").value = "";
  if (label) change("relabel", { label });
});
$("more").addEventListener("click", () => {
  most += PAGE;
  drawList();
});
$("picture").addEventListener("click", (event) => {
  if (!seen) return;
  const scale = seen.size[0] / $("picture").clientWidth;
  send("mean", { x: event.offsetX * scale, y: event.offsetY * scale });
});
$("help-open").addEventListener("click", () => $("help").showModal());
if (MOVIE) {
  $("play").addEventListener("click", () => send("play", { playing: !state.playing }));
  $("back").addEventListener("click", () => step(-1));
  $("on").addEventListener("click", () => step(1));
  $("seek").addEventListener("change", () => {
    send("seek", { time: Number($("seek").value) });
    $("seek").blur();
  });
}
begin();
