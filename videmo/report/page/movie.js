// The page of one movie: filters, best faces, and how all of it begins.
"use strict";

function drawAbout() {
  const people = model.lanes.filter((lane) => lane.named).length;
  const tracks = model.lanes.reduce((sum, lane) => sum + lane.tracks.length, 0);
  const parts = [clock(data.end - data.start, 0)];
  if (people) parts.push(people === 1 ? "1 person" : `${people} people`);
  parts.push(tracks === 1 ? "1 track" : `${tracks} tracks`);
  parts.push(model.moments.length === 1 ? "1 moment" : `${model.moments.length} moments`);
  if (data.partial) parts.push("partial: the movie could not be read whole");
  $("about").textContent = parts.join(" · ");
}

function drawEmotions() {
  const box = $("emotions");
  box.replaceChildren();
  const sums = seconds();
  const all = sums.reduce((a, b) => a + b, 0) || 1;
  model.emotions.forEach((emotion, n) => {
    const chip = made("button", "chip");
    chip.type = "button";
    chip.dataset.emotion = emotion.name;
    const badge = made("b", "badge", emotion.letter);
    badge.style.background = emotion.colour;
    badge.style.color = emotion.ink;
    chip.append(badge, made("span", "", emotion.name), made("span", "soft", spoken(sums[n])));
    const share = made("i");
    share.style.width = `${(100 * sums[n]) / all}%`;
    share.style.background = emotion.colour;
    chip.append(share);
    chip.setAttribute("aria-pressed", String(model.filter.emotions.has(n)));
    chip.addEventListener("click", () => toggleEmotion(n));
    box.append(chip);
  });
}

function toggleEmotion(n) {
  // The first click shows one emotion alone; others are added to it.
  const { emotions } = model.filter;
  const all = emotions.size === model.emotions.length;
  if (all) emotions.clear();
  if (!emotions.delete(n)) emotions.add(n);
  if (!emotions.size) model.emotions.forEach((_, one) => emotions.add(one));
  [...$("emotions").children].forEach((chip, one) => chip.setAttribute("aria-pressed", String(emotions.has(one))));
  refilter();
}

function drawWho() {
  const select = $("by-who");
  select.replaceChildren(new Option("everybody", ""));
  model.lanes.forEach((lane, n) => select.append(new Option(lane.who, String(n))));
}

function drawFilters() {
  drawWho();
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("filters").addEventListener("input", () => {
    const { filter } = model;
    filter.lane = $("by-who").value === "" ? -1 : Number($("by-who").value);
    filter.longer = Number($("by-length").value) || 0;
    filter.score = Number($("by-score").value) || 0;
    model.order = $("order").value;
    if (filter.lane >= 0) setCurve(filter.lane);
    refilter();
  });
}

function drawFaces() {
  const shown = model.moments.filter((moment) => data.faces[moment.n]);
  $("best").hidden = !shown.length;
  for (const moment of [...shown].sort((a, b) => a.emotion - b.emotion || b.best - a.best)) {
    const button = made("button", "portrait");
    button.type = "button";
    button.setAttribute("aria-label", `Play: ${told(moment)}`);
    button.append(face(moment), made("span", "soft", clock(moment.bestTime)));
    button.addEventListener("click", () => {
      const place = model.shown.indexOf(moment);
      if (place >= 0) playMoment(place);
      else player.only(moment);
    });
    $("faces").append(button);
  }
}

function drawLost() {
  $("lost").hidden = !data.lost.length && !data.lostNames.length;
  $("lost-list").replaceChildren(...[...data.lost, ...data.lostNames].map((one) => {
    const [track, emotion, start, end] = one.of;
    const what = [one.verdict, one.emotion && `now ${one.emotion}`, one.note].filter(Boolean).join(", ");
    const said = one.person === undefined ? `, ${emotion}: ${what || "other ends"}` : `: ${one.person}`;
    const line = made("li", "", `${clock(start)} – ${clock(end)}, track ${track}${said}`);
    line.dataset.of = JSON.stringify(one.of);
    if (one.person !== undefined) line.dataset.name = "";
    if (live) {
      const button = made("button", "", "Forget");
      button.type = "button";
      line.append(" ", button);
    }
    return line;
  }));
}

function goTo(fragment) {
  // As in players: #t=12.5 or #t=12.5,14
  const found = /^#t=([\d.]+)(?:,([\d.]+))?$/.exec(fragment);
  if (!found) return;
  const start = Number(found[1]);
  const place = model.shown.findIndex((m) => Math.abs(m.start - start) < 0.01);
  if (place >= 0) choose(place);
  player.seek(start);
  if (found[2]) player.stop = Number(found[2]);
}

drawAbout();
drawEmotions();
drawFilters();
drawFaces();
drawLost();
drawControls();
drawCurveChoice();
drawTimeline();
drawList();
player.open();
player.watch();
refilter();
goTo(location.hash);
addEventListener("hashchange", () => goTo(location.hash));
tell("time");
