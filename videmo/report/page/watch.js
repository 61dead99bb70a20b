// Watch: ask for the next picture when the last one is drawn, show it, and what is known of it.
"use strict";

const AGAIN = 1000; // milliseconds after which a lost connection is tried again
const CORNER = 0.3; // of its edge, that is drawn of the box of a face that does not count

const UNHELD = "rgb(236 232 223 / 80%)"; // the box of a face that holds nothing

const picture = $("picture");
const cards = new Map(); // elements, by track
const decoder = new TextDecoder();
const seen = { over: false, pictures: 0, number: 0, lost: "", told: null };

async function ask() {
  // How things are, and the picture after the last one, or none.
  const answer = await fetch(`look?after=${seen.number}`, { cache: "no-store" });
  if (!answer.ok) throw new Error(`answered with ${answer.status}`);
  const content = await answer.arrayBuffer();
  const length = new DataView(content).getUint32(0);
  const told = JSON.parse(decoder.decode(new Uint8Array(content, 4, length)));
  const bytes = new Uint8Array(content, 4 + length);
  if (bytes.length) seen.number = told.number;
  return { told, bytes };
}

async function follow() {
  let next = null;
  while (!seen.over) {
    try {
      await visible();
      const { told, bytes } = await (next || ask());
      seen.lost = "";
      seen.over = told.over;
      next = told.over || document.hidden ? null : ask();
      if (next) next.catch(() => {}); // it is waited for in the next round
      await show(told, bytes);
    } catch (error) {
      next = null;
      seen.lost = String(error.message || error);
      sayState();
      await new Promise((done) => setTimeout(done, AGAIN));
    }
  }
}

function visible() {
  // Nothing is asked for a page that nobody sees.
  if (!document.hidden) return Promise.resolve();
  return new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));
}

async function show(told, bytes) {
  seen.told = told;
  if (bytes.length) {
    const image = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
    drawPicture(image, told);
    image.close();
    seen.pictures += 1;
  }
  showCards(told.minute.gone || told.over ? [] : told.faces || []);
  minute.show(told.minute);
  sayState();
}

function drawPicture(image, told) {
  // As large as there is room; lines and letters are as sharp as the screen, whatever the picture.
  const [wide, high] = told.size, screen = $("screen");
  screen.style.aspectRatio = `${wide} / ${high}`;
  const scale = Math.min(screen.clientWidth / wide, screen.clientHeight / high);
  const context = sized(picture, scale * wide, scale * high);
  context.drawImage(image, 0, 0, scale * wide, scale * high);
  const room = { width: scale * wide, height: scale * high };
  for (const face of told.faces) drawFace(context, face, scale, room);
}

function drawFace(context, face, scale, room) {
  const [x, y, w, h] = face.box.map((side) => side * scale);
  // In an emotion's colour only where that is held; what may be gone in a moment is faint.
  const held = face.held >= 0;
  context.strokeStyle = held ? data.emotions[face.held].colour : UNHELD;
  context.lineWidth = held ? 3 : 1.25;
  context.setLineDash(held || !face.aligned ? [] : [5, 4]);
  context.beginPath();
  if (face.aligned) context.roundRect(x, y, w, h, 6);
  else corners(context, x, y, w, h);
  context.stroke();
  context.setLineDash([]);
  drawLabel(context, face, { x, y, h }, room);
}

function corners(context, x, y, w, h) {
  const a = CORNER * w, b = CORNER * h;
  for (const [left, top, right, below] of [[x, y, a, b], [x + w, y, -a, b], [x, y + h, a, -b], [x + w, y + h, -a, -b]]) {
    context.moveTo(left + right, top);
    context.lineTo(left, top);
    context.lineTo(left, top + below);
  }
}

function drawLabel(context, face, box, room) {
  // Who it is, and what is held; nothing is said of what does not hold.
  const held = face.held >= 0 ? data.emotions[face.held] : null;
  const text = held ? `${face.who}  ${held.name}` : face.who;
  const high = 20, pad = 6;
  context.font = "600 13px system-ui, sans-serif";
  context.textBaseline = "middle";
  const wide = context.measureText(text).width + 2 * pad;
  const left = Math.max(0, Math.min(box.x, room.width - wide));
  const above = box.y - high - 4;
  const top = above >= 0 ? above : Math.min(room.height - high, box.y + box.h + 4);
  context.fillStyle = held ? held.colour : "rgb(28 24 22 / 80%)";
  context.beginPath();
  context.roundRect(left, top, wide, high, 4);
  context.fill();
  context.fillStyle = held ? held.ink : "#ece8df";
  context.fillText(text, left + pad, top + high / 2);
}

function showCards(faces) {
  const there = new Set(faces.map((face) => face.track));
  for (const [track, card] of cards) {
    if (!there.has(track)) {
      card.remove();
      cards.delete(track);
    }
  }
  for (const face of faces) {
    if (!cards.has(face.track)) cards.set(face.track, $("cards").appendChild(newCard()));
    fillCard(cards.get(face.track), face);
  }
  $("nobody").hidden = faces.length > 0 || seen.over || seen.told.minute.gone !== null;
}

function newCard() {
  const card = made("article", "card");
  const head = made("p", "head");
  head.append(made("span", "badge"), made("strong", "held"), made("span", "who"));
  card.append(head);
  for (const { name, colour } of data.emotions) {
    const row = made("div", "score-row"), track = made("span", "track"), fill = made("i");
    fill.style.background = colour;
    track.append(fill);
    row.append(made("span", "", name), track, made("span", "score"));
    card.append(row);
  }
  return card;
}

function fillCard(card, face) {
  const held = face.held >= 0 ? data.emotions[face.held] : null;
  const badge = card.querySelector(".badge");
  badge.textContent = held ? held.letter : "·";
  badge.style.background = held ? held.colour : "";
  badge.style.color = held ? held.ink : "";
  say(card.querySelector(".held"), held ? held.name : "nothing held");
  say(card.querySelector(".who"), `${face.who}${lasted(face)}${face.aligned ? "" : ", not aligned"}`);
  card.querySelectorAll(".score-row").forEach((row, n) => {
    const score = face.scores[n];
    row.classList.toggle("first", n === face.emotion);
    row.classList.toggle("holds", n === face.held);
    row.querySelector("i").style.width = `${Math.round(100 * score)}%`;
    row.querySelector(".score").textContent = score.toFixed(2);
  });
}

function lasted(face) {
  // For how long it has held by now.
  const lane = seen.told.minute.lanes.find((one) => one.tracks.includes(face.track));
  const run = lane && lane.runs.find((one) => one[1] === null && one[2] === face.held);
  return run ? `, for ${Math.floor(Math.max(0, seen.told.time - run[0]))} s` : "";
}

function say(element, text) {
  // What is said already is left alone, for those to whom a page is read.
  if (element.textContent !== text) element.textContent = text;
}

function sayState() {
  const told = seen.told, gone = told && told.minute.gone;
  document.body.classList.toggle("stale", Boolean(seen.lost || gone || seen.over));
  if (seen.over) say($("about"), "ended");
  else if (seen.lost) say($("about"), "no connection to videmo live; it has ended, or the tunnel to it; trying again");
  else if (gone) say($("about"), `the source is gone (${gone.why}); it is tried again`);
  else if (seen.number) say($("about"), "live");
  if (!told) return;
  const { fps, looks, lag, captured, dropped, gaps } = told.stats;
  const parts = [
    `${fps.toFixed(1)} pictures a second, ${looks.toFixed(1)} looked at`,
    `labels ${Math.round(lag * 1000)} ms behind`,
    `${dropped} of ${captured} not looked at`,
  ];
  if (gaps || gone) parts.push(`${gaps + (gone ? 1 : 0)} ${gaps + (gone ? 1 : 0) === 1 ? "gap" : "gaps"}`);
  say($("rates"), parts.join(" · "));
}

new ResizeObserver(() => minute.draw()).observe($("timeline"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => minute.draw());
follow();
