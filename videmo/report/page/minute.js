// The last minute: a lane for each person or track, in the colours, patterns and letters of the report.
"use strict";

const MARKS = 4; // stretches into which the minute is divided below the lanes
const FEWEST = 2; // lanes for which there is room, so that the page does not jump
const TEXT = "12px system-ui, sans-serif";

const minute = {
  told: null,

  show(told) {
    this.told = told;
    this.draw();
  },

  x(time) {
    const left = gutter(), right = $("lanes").clientWidth - 8;
    const place = (time - this.told.now + data.seconds) / data.seconds;
    return left + (right - left) * Math.max(0, Math.min(1, place));
  },

  draw() {
    if (!this.told) return;
    inks.clear();
    const { lanes, more } = this.told;
    const width = $("lanes").clientWidth, height = Math.max(FEWEST, lanes.length) * LANE + 4;
    const context = sized($("lanes-canvas"), width, height);
    context.textBaseline = "middle";
    for (const [start, end] of this.told.gaps) this.drawGap(context, start, end, height);
    lanes.forEach((lane, n) => this.drawLane(context, lane, n * LANE + 3));
    $("hover").textContent = more ? `and ${more} more` : "";
    this.drawAxis();
    const holding = lanes.map((lane) => `${lane.who}: ${emotionsOf(lane).join(", ") || "nothing held"}`);
    const label = `The last minute. ${holding.join("; ") || "Nobody was seen"}`;
    if ($("lanes-canvas").ariaLabel !== label) $("lanes-canvas").ariaLabel = label;
  },

  drawGap(context, start, end, height) {
    // Where the source was gone: no lane goes on there.
    const from = this.x(start), to = this.x(end ?? this.told.now);
    if (to <= from) return;
    context.save();
    context.beginPath();
    context.rect(from, 0, to - from, height);
    context.clip();
    context.fillStyle = ink("--shade");
    context.fillRect(from, 0, to - from, height);
    context.strokeStyle = ink("--line");
    context.lineWidth = 2;
    for (let x = from - height; x < to; x += 8) {
      context.beginPath();
      context.moveTo(x, height);
      context.lineTo(x + height, 0);
      context.stroke();
    }
    context.font = TEXT;
    context.fillStyle = ink("--soft");
    context.textAlign = "center";
    context.fillText("gone", (from + to) / 2, height / 2);
    context.textAlign = "left";
    context.restore();
  },

  drawLane(context, lane, y) {
    context.fillStyle = ink("--seen");
    for (const [start, end] of lane.seen) {
      const x = this.x(start);
      context.fillRect(x, y + BAR / 2 - 3, Math.max(1, this.x(end) - x), 6);
    }
    context.font = "600 11px system-ui, sans-serif";
    const last = lane.seen.length ? lane.seen[lane.seen.length - 1][1] : this.told.now;
    for (const [start, end, emotion] of lane.runs) {
      const x = this.x(start), width = this.x(end ?? last) - x;
      if (width > 0) bar(context, emotion, x, y, Math.max(1.5, width - 0.5));
    }
    context.font = TEXT;
    context.fillStyle = ink(lane.named ? "--ink" : "--soft");
    context.fillText(fitted(context, lane.who, gutter() - 12), 2, y + BAR / 2 + 0.5);
  },

  drawAxis() {
    const context = sized($("axis"), $("lanes").clientWidth, 20);
    context.font = "11px system-ui, sans-serif";
    context.fillStyle = ink("--soft");
    context.strokeStyle = ink("--line");
    for (let n = 0; n <= MARKS; n++) {
      const back = data.seconds * (1 - n / MARKS), x = Math.round(this.x(this.told.now - back)) - 0.5;
      context.beginPath();
      context.moveTo(x, 0);
      context.lineTo(x, 5);
      context.stroke();
      context.textAlign = n === 0 ? "left" : n === MARKS ? "right" : "center";
      context.fillText(back ? `−${back} s` : "now", x, 16);
    }
  },
};

function emotionsOf(lane) {
  return [...new Set(lane.runs.map((run) => data.emotions[run[2]].name))];
}
