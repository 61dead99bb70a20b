// The timeline: a lane for each person or track, coloured, patterned and lettered by emotion.
"use strict";

const MOST_ROOM = 13 * LANE + LANE / 2; // half a lane says that there are more
const FEWEST = 0.5; // seconds, the least that is shown

const view = { start: data.start, span: Math.max(data.end - data.start, FEWEST) };

const timeline = {
  lanes: $("lanes"),
  canvas: $("lanes-canvas"),
  hovered: null,
  asked: false,
  whole: false,

  get width() {
    return this.lanes.clientWidth;
  },

  get scale() {
    return (this.width - gutter() - 8) / view.span; // pixels a second
  },

  x(time) {
    return gutter() + (time - view.start) * this.scale;
  },

  timeAt(x) {
    return view.start + (x - gutter()) / this.scale;
  },

  draw(whole = true) {
    // At most once for each picture of the screen, however often it is asked for.
    this.whole = this.whole || whole;
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => {
      inks.clear();
      this.drawLanes();
      if (this.whole) {
        this.drawAxis();
        drawCurves();
        this.drawPlayhead();
      }
      this.asked = this.whole = false;
    });
  },

  drawAxis() {
    const width = this.width;
    const context = sized($("axis"), width, 22);
    context.font = "11px system-ui, sans-serif";
    context.fillStyle = ink("--soft");
    context.strokeStyle = ink("--line");
    const every = this.tick();
    const last = view.start + view.span;
    for (let n = Math.ceil(view.start / every); n * every <= last + 1e-6; n++) {
      const x = Math.round(this.x(n * every)) + 0.5;
      context.beginPath();
      context.moveTo(x, 16);
      context.lineTo(x, 22);
      context.stroke();
      const text = clock(n * every, every < 1 ? 1 : 0);
      const room = context.measureText(text).width;
      if (x + room / 2 < width) context.fillText(text, Math.max(gutter(), x - room / 2), 12);
    }
  },

  tick() {
    const least = 70 / this.scale;
    const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
    return steps.find((one) => one >= least) || 14400;
  },

  drawLanes() {
    const height = Math.min(MOST_ROOM, model.lanes.length * LANE + 4);
    this.lanes.style.height = `${height}px`;
    $("lanes-height").style.height = `${model.lanes.length * LANE + 4 - height}px`;
    const context = sized(this.canvas, this.lanes.clientWidth, height);
    const top = this.lanes.scrollTop;
    const first = Math.floor(top / LANE);
    const last = Math.min(model.lanes.length - 1, Math.floor((top + height) / LANE));
    for (let lane = first; lane <= last; lane++) this.drawLane(context, lane, lane * LANE - top + 3);
    this.drawMore(height);
  },

  get below() {
    // Lanes that are not whole in sight, further down.
    const { scrollTop, clientHeight } = this.lanes;
    return Math.max(0, model.lanes.length - Math.floor((scrollTop + clientHeight) / LANE));
  },

  drawMore(height) {
    const more = $("more-lanes"), above = Math.ceil(this.lanes.scrollTop / LANE);
    more.hidden = model.lanes.length * LANE + 4 <= height;
    more.textContent = this.below ? `↓ ${this.below} more of ${model.lanes.length} lanes` : `↑ ${above} more of ${model.lanes.length} lanes`;
  },

  scrollOn() {
    // To the next lanes; from the last ones to the first.
    const { scrollTop, clientHeight } = this.lanes;
    this.lanes.scrollTop = this.below ? scrollTop + clientHeight - LANE : 0;
  },

  drawLane(context, lane, y) {
    const left = gutter(), right = this.width;
    context.save();
    context.beginPath();
    context.rect(left, y - 3, right - left, LANE);
    context.clip();
    context.fillStyle = ink("--seen");
    const seen = data.seen[lane];
    const end = view.start + view.span;
    let over = -1;
    for (let n = firstAfter(seen.length / 2, (k) => seen[2 * k + 1], view.start); 2 * n < seen.length; n++) {
      if (seen[2 * n] > end) break;
      const x = Math.max(over, this.x(seen[2 * n])), to = this.x(seen[2 * n + 1]);
      if (to > x) context.fillRect(x, y + BAR / 2 - 3, Math.max(1, to - x), 6);
      over = Math.max(over, to);
    }
    this.drawMoments(context, lane, y, end);
    context.restore();
    this.drawName(context, lane, y);
  },

  drawMoments(context, lane, y, end) {
    const moments = model.byLane[lane];
    context.font = "600 11px system-ui, sans-serif";
    context.textBaseline = "middle";
    const from = firstAfter(moments.length, (k) => moments[k].start, view.start - longestOf(lane));
    let drawn = -1, before = -1;
    for (let n = from; n < moments.length && moments[n].start < end; n++) {
      const moment = moments[n];
      if (moment.end < view.start) continue;
      const x = this.x(moment.start), width = Math.max(1.5, this.x(moment.end) - x - 0.5);
      if (x + width < drawn + 0.5 && moment.emotion === before) continue;
      drawn = x + width;
      before = moment.emotion;
      this.drawMoment(context, moment, x, y, width);
    }
  },

  drawMoment(context, moment, x, y, width) {
    const strong = passes(moment) && !removed(moment);
    context.globalAlpha = strong ? 1 : 0.2;
    const marked = moment === this.hovered || moment === chosenMoment();
    if (!bar(context, moment.emotion, x, y, width, marked)) {
      context.globalAlpha = 1;
      return;
    }
    if (marked) {
      context.globalAlpha = 1;
      context.lineWidth = 2;
      context.strokeStyle = ink("--ink");
      context.stroke();
    }
    context.globalAlpha = 1;
  },

  drawName(context, lane, y) {
    context.fillStyle = ink(model.lanes[lane].named ? "--ink" : "--soft");
    context.font = `${lane === curves.lane ? "600 " : ""}12px system-ui, sans-serif`;
    context.textBaseline = "middle";
    context.fillText(fitted(context, model.lanes[lane].who, gutter() - 12), 2, y + BAR / 2 + 0.5);
  },

  drawPlayhead() {
    const x = this.x(player.time), head = $("playhead");
    head.hidden = !player.usable || x < gutter() - 1 || x > this.width;
    head.style.transform = `translateX(${x}px)`;
  },

  at(event) {
    // Lane and moment under the pointer.
    const box = this.lanes.getBoundingClientRect();
    const x = event.clientX - box.left;
    const lane = Math.floor((event.clientY - box.top + this.lanes.scrollTop) / LANE);
    if (lane < 0 || lane >= model.lanes.length) return { x, lane: -1, moment: null };
    if (x < gutter()) return { x, lane, moment: null };
    const slack = 2 / this.scale, time = this.timeAt(x);
    const hit = (m) => m.start - slack <= time && time < m.end + slack;
    const under = model.byLane[lane].filter((m) => hit(m) && !removed(m));
    const moment = under.sort((a, b) => a.end - a.start - (b.end - b.start))[0] || null;
    return { x, lane, moment, time };
  },

  zoom(factor, around = null) {
    const all = Math.max(data.end - data.start, FEWEST);
    const middle = around ?? (this.visible(player.time) ? player.time : view.start + view.span / 2);
    const share = (middle - view.start) / view.span;
    view.span = Math.min(all, Math.max(FEWEST, view.span * factor));
    this.move(middle - share * view.span);
  },

  move(start) {
    view.start = Math.max(data.start, Math.min(start, data.end - view.span));
    this.draw();
  },

  visible(time) {
    return time >= view.start && time <= view.start + view.span;
  },

  show(moment) {
    // Bring a moment's time and lane into sight.
    if (!this.visible(moment.start) || !this.visible(moment.end)) this.move(moment.start - view.span / 4);
    const top = moment.lane * LANE, { scrollTop, clientHeight } = this.lanes;
    if (top < scrollTop) this.lanes.scrollTop = top;
    if (top + LANE > scrollTop + clientHeight) this.lanes.scrollTop = top + LANE - clientHeight;
    this.draw();
  },
};

const longest = model.byLane.map(() => -1);

function longestOf(lane) {
  // Seconds of the lane's longest moment: so far before the view one may begin that reaches into it.
  if (longest[lane] < 0) longest[lane] = Math.max(0, ...model.byLane[lane].map((m) => m.end - m.start));
  return longest[lane];
}

function firstAfter(count, value, least) {
  let low = 0, high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value(middle) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

function drawTimeline() {
  const { lanes, canvas } = timeline;
  const many = model.moments.length, some = model.lanes.length;
  canvas.setAttribute(
    "aria-label",
    `Timeline of ${clock(data.end - data.start, 0)}: ${some} lanes, ${many} moments; the list has the same moments`,
  );
  lanes.addEventListener("scroll", () => timeline.draw(false), { passive: true });
  lanes.addEventListener("pointermove", (event) => hover(timeline.at(event)));
  lanes.addEventListener("pointerleave", () => hover({ moment: null }));
  lanes.addEventListener("click", (event) => {
    if (dragged) return;
    const { lane, moment, time } = timeline.at(event);
    if (moment) {
      const place = model.shown.indexOf(moment);
      if (place >= 0) playMoment(place);
      else player.only(moment);
    } else if (time !== undefined) player.seek(time);
    if (lane >= 0) setCurve(lane);
  });
  lanes.addEventListener("wheel", turned, { passive: false });
  drag(lanes);
  drag($("curves"));
  $("curves").addEventListener("wheel", turned, { passive: false });
  $("curves").addEventListener("click", (event) => {
    const x = event.clientX - $("curves").getBoundingClientRect().left;
    if (!dragged && x >= gutter()) player.seek(timeline.timeAt(x));
  });
  $("axis").addEventListener("click", (event) => {
    player.seek(timeline.timeAt(event.clientX - $("axis").getBoundingClientRect().left));
  });
  $("more-lanes").addEventListener("click", () => timeline.scrollOn());
  $("zoom-in").addEventListener("click", () => timeline.zoom(0.5));
  $("zoom-out").addEventListener("click", () => timeline.zoom(2));
  $("zoom-all").addEventListener("click", () => timeline.zoom(Infinity));
  new ResizeObserver(() => timeline.draw()).observe($("timeline"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => timeline.draw());
  bus.addEventListener("shown", () => timeline.draw());
  bus.addEventListener("chosen", () => {
    const moment = chosenMoment();
    if (moment) {
      if (curves.lane !== moment.lane) setCurve(moment.lane);
      timeline.show(moment);
    } else timeline.draw();
  });
  bus.addEventListener("time", () => {
    const time = player.time;
    if (!player.video.paused && !timeline.visible(time)) timeline.move(time - view.span * 0.1);
    timeline.drawPlayhead();
  });
}

function hover({ moment }) {
  if (timeline.hovered === moment) return;
  timeline.hovered = moment;
  timeline.lanes.classList.toggle("on-moment", moment !== null);
  $("hover").textContent = moment ? told(moment) : "";
  timeline.draw(false);
}

function turned(event) {
  const box = timeline.lanes.getBoundingClientRect();
  if (event.ctrlKey || event.metaKey) {
    timeline.zoom(2 ** (event.deltaY / 200), timeline.timeAt(event.clientX - box.left));
  } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    timeline.move(view.start + (event.deltaX || event.deltaY) / timeline.scale);
  } else return;
  event.preventDefault();
}

let dragged = false;

function drag(element) {
  // Pull the timeline sideways.
  let from = null, start = 0;
  element.addEventListener("pointerdown", (event) => {
    from = event.clientX;
    start = view.start;
    dragged = false;
  });
  addEventListener("pointermove", (event) => {
    if (from === null) return;
    if (Math.abs(event.clientX - from) > 4) dragged = true;
    if (dragged) timeline.move(start - (event.clientX - from) / timeline.scale);
  });
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => (from = null));
}
