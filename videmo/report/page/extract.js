// Extract what is ticked, and show how far it is.
"use strict";

const EVERY = 300; // milliseconds
const FIRST = ["crops", "clips", "sheet"];

function drawKinds() {
  for (const [name, about] of Object.entries(data.live.exports)) {
    const label = made("label");
    const box = made("input");
    box.type = "checkbox";
    box.value = name;
    box.checked = FIRST.includes(name);
    label.title = about;
    label.append(box, made("span", "", name));
    $("kinds").append(label);
  }
}

function tickedMoments() {
  return model.moments.filter((moment) => model.ticked.has(moment.key) && !removed(moment));
}

function drawTicked() {
  const count = tickedMoments().length;
  $("extract-go").textContent = count ? `Extract ${count}` : "Extract";
  $("extract-go").disabled = !count || extracting;
  const all = model.shown.length > 0 && model.shown.every((moment) => model.ticked.has(moment.key));
  $("tick-all").textContent = all ? "Tick none" : "Tick all shown";
}

function tickAll() {
  const all = model.shown.every((moment) => model.ticked.has(moment.key));
  for (const moment of model.shown) {
    if (all) model.ticked.delete(moment.key);
    else model.ticked.add(moment.key);
  }
  list.mark();
  tell("ticked");
}

let extracting = false;

async function extract() {
  const exports = [...$("kinds").querySelectorAll(":checked")].map((box) => box.value);
  const moments = tickedMoments().map((moment) => [moment.track, ...moment.of]);
  const bar = $("extract-bar");
  extracting = true;
  bar.hidden = false;
  bar.value = 0;
  drawTicked();
  try {
    const { job } = await ask("extract", { moments, exports });
    let told;
    do {
      await new Promise((done) => setTimeout(done, EVERY));
      told = await ask(`jobs/${job}`);
      bar.value = told.share;
      $("extract-said").textContent = told.doing;
    } while (!told.ended);
    const files = told.files === 1 ? "1 file" : `${told.files} files`;
    $("extract-said").textContent = [...told.errors, `${files} in ${told.folder}`].join("; ");
  } catch (error) {
    $("extract-said").textContent = error.message;
  } finally {
    extracting = false;
    bar.hidden = true;
    drawTicked();
  }
}

drawKinds();
$("tick-all").addEventListener("click", tickAll);
$("extract").addEventListener("submit", (event) => {
  event.preventDefault();
  extract();
});
bus.addEventListener("ticked", drawTicked);
bus.addEventListener("shown", drawTicked);
drawTicked();
