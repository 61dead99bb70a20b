// The scores of one lane over time, a line for each emotion.
"use strict";

const CURVES = 120; // pixels
const FULL = 250, NOTHING = 255;

const curves = { lane: 0, bytes: new Map() };

function bytesOf(lane) {
  if (!curves.bytes.has(lane)) {
    const text = atob(data.curves.lanes[lane].bytes);
    curves.bytes.set(lane, Uint8Array.from(text, (c) => c.charCodeAt(0)));
  }
  return curves.bytes.get(lane);
}

function setCurve(lane) {
  curves.lane = lane;
  $("curve-of").value = String(lane);
  timeline.draw();
}

function drawCurves() {
  const width = timeline.width;
  const context = sized($("curves-canvas"), width, CURVES);
  const lane = data.curves.lanes[curves.lane];
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  for (const [score, y] of [[1, 8], [0.5, CURVES / 2], [0, CURVES - 8]]) {
    context.strokeStyle = ink("--line");
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(gutter(), y + 0.5);
    context.lineTo(width - 8, y + 0.5);
    context.stroke();
    context.fillStyle = ink("--soft");
    context.textAlign = "right";
    context.fillText(score.toFixed(1), gutter() - 8, y);
    context.textAlign = "left";
  }
  if (!lane) return;
  const bytes = bytesOf(curves.lane), count = model.emotions.length;
  const step = data.curves.step, begin = data.start + lane.first * step;
  const from = Math.max(0, Math.floor((view.start - begin) / step) - 1);
  const to = Math.min(bytes.length / count, Math.ceil((view.start + view.span - begin) / step) + 1);
  context.save();
  context.beginPath();
  context.rect(gutter(), 0, width - gutter(), CURVES);
  context.clip();
  for (let emotion = 0; emotion < count; emotion++) {
    drawCurve(context, { bytes, count, emotion, begin, step, from, to });
  }
  context.restore();
}

function drawCurve(context, { bytes, count, emotion, begin, step, from, to }) {
  const on = model.filter.emotions.has(emotion);
  context.strokeStyle = model.emotions[emotion].colour;
  context.globalAlpha = on ? 1 : 0.18;
  context.lineWidth = 1.8;
  context.beginPath();
  let pen = false, top = -1, topX = 0, topY = 0;
  // Not more places than there are pixels: of several the highest.
  const stride = Math.max(1, Math.floor(1 / (step * timeline.scale)));
  for (let n = from - (from % stride); n < to; n += stride) {
    let value = -1;
    for (let k = Math.max(n, from); k < Math.min(n + stride, to); k++) {
      const one = bytes[k * count + emotion];
      if (one !== NOTHING && one > value) value = one;
    }
    if (value < 0) {
      pen = false;
      continue;
    }
    const x = timeline.x(begin + (n + 0.5 * stride) * step);
    const y = CURVES - 8 - (value / FULL) * (CURVES - 16);
    if (pen) context.lineTo(x, y);
    else context.moveTo(x, y);
    pen = true;
    if (value > top) [top, topX, topY] = [value, x, y];
  }
  // What is pale on paper keeps an edge.
  context.save();
  context.strokeStyle = ink("--ink");
  context.globalAlpha *= 0.35;
  context.lineWidth = 3;
  context.stroke();
  context.restore();
  context.stroke();
  if (on && top > FULL * 0.35) letterAt(context, emotion, topX, topY);
  context.globalAlpha = 1;
}

function letterAt(context, emotion, x, y) {
  // So that a line can be told where it is highest, without its colour.
  const { colour, ink: written, letter } = model.emotions[emotion];
  const place = Math.max(gutter() + 8, Math.min(x, timeline.width - 16));
  context.fillStyle = colour;
  context.beginPath();
  context.arc(place, Math.max(8, y), 7.5, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = written;
  context.font = "600 10px system-ui, sans-serif";
  context.textAlign = "center";
  context.fillText(letter, place, Math.max(8, y) + 0.5);
  context.textAlign = "left";
}

function drawCurveChoice() {
  const select = $("curve-of");
  model.lanes.forEach((lane, n) => select.append(new Option(lane.who, String(n))));
  select.addEventListener("change", () => setCurve(Number(select.value)));
}
