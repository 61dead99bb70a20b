// What lanes of time are drawn with: sizes, colours, patterns and letters of emotions.
"use strict";

const LANE = 26; // pixels from lane to lane
const BAR = 20; // and of what is drawn in it
const LETTER_ROOM = 13;
const NARROW = 4; // pixels, in which there is no room for a pattern

const patterns = new Map();

function gutter() {
  return window.innerWidth < 700 ? 76 : 132;
}

const inks = new Map();

function ink(name) {
  // A colour of the style, asked for once for each drawing: asking takes longer than a line.
  if (!inks.has(name)) {
    inks.set(name, getComputedStyle(document.documentElement).getPropertyValue(name).trim());
  }
  return inks.get(name);
}

function sized(canvas, width, height) {
  // A canvas as sharp as the screen, cleared, in CSS pixels.
  const scale = window.devicePixelRatio || 1;
  const w = Math.round(width * scale), h = Math.round(height * scale);
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

const STROKES = [
  [],
  [[0, 6, 6, 0]],
  [[0, 0, 6, 6]],
  [[0, 3, 6, 3]],
  [[3, 0, 3, 6]],
  [[2, 2, 4, 4]],
  [[0, 6, 6, 0], [0, 0, 6, 6]],
];

function pattern(context, emotion) {
  // Colour, and lines that tell it from others where colours do not.
  if (!patterns.has(emotion)) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 6;
    const pen = tile.getContext("2d");
    pen.fillStyle = data.emotions[emotion].colour;
    pen.fillRect(0, 0, 6, 6);
    pen.strokeStyle = data.emotions[emotion].ink;
    pen.globalAlpha = 0.17;
    pen.lineWidth = 1.2;
    for (const [x, y, right, below] of STROKES[emotion % STROKES.length]) {
      pen.beginPath();
      pen.moveTo(x, y);
      pen.lineTo(right, below);
      pen.stroke();
    }
    patterns.set(emotion, context.createPattern(tile, "repeat"));
  }
  return patterns.get(emotion);
}

function bar(context, emotion, x, y, width, whole = false) {
  // A run in its lane; says whether there was room for more than its colour.
  if (width < NARROW && !whole) {
    context.fillStyle = data.emotions[emotion].colour;
    context.fillRect(x, y, width, BAR);
    return false;
  }
  context.fillStyle = pattern(context, emotion);
  context.beginPath();
  context.roundRect(x, y, width, BAR, Math.min(3, width / 3));
  context.fill();
  if (width >= LETTER_ROOM) {
    context.fillStyle = data.emotions[emotion].ink;
    context.textAlign = "center";
    context.fillText(data.emotions[emotion].letter, x + Math.min(width / 2, 40), y + BAR / 2 + 0.5);
    context.textAlign = "left";
  }
  return true;
}

function fitted(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  let kept = text;
  while (kept.length > 1 && context.measureText(`${kept}…`).width > room) kept = kept.slice(0, -1);
  return `${kept}…`;
}
