// The keys of players, wherever nothing is being written.
"use strict";

const KEYS = {
  " ": () => player.toggle(),
  k: () => player.toggle(),
  j: () => player.seek(player.time - 10),
  l: () => player.seek(player.time + 10),
  ArrowLeft: () => player.seek(player.time - 5),
  ArrowRight: () => player.seek(player.time + 5),
  ArrowUp: () => choose(Math.max(0, model.chosen - 1)),
  ArrowDown: () => choose(model.chosen + 1),
  Enter: () => model.chosen >= 0 && playMoment(model.chosen),
  n: () => step(1),
  p: () => step(-1),
  "+": () => timeline.zoom(0.5),
  "-": () => timeline.zoom(2),
  0: () => timeline.zoom(Infinity),
  "?": () => $("help").showModal(),
  ...(typeof REVIEW_KEYS === "undefined" ? {} : REVIEW_KEYS),
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
  const { target } = event;
  const writes = target.closest("input:not([type=range]), select, textarea");
  const acts = target.closest("button, a") && (event.key === " " || event.key === "Enter");
  if (writes || acts || !Object.hasOwn(KEYS, event.key)) return;
  if (target.matches("input[type=range]") && event.key.startsWith("Arrow")) return;
  event.preventDefault();
  KEYS[event.key]();
});
$("help-open").addEventListener("click", () => $("help").showModal());
