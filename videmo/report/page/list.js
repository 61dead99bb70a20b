// The list of moments: only the rows that can be seen are there, however many there are.
"use strict";

const ROW = 60; // pixels, as in the style

const list = {
  box: $("list"),
  rows: $("rows"),
  pool: new Map(),

  draw() {
    const count = model.shown.length;
    this.rows.style.height = `${count * ROW}px`;
    const first = Math.max(0, Math.floor(this.box.scrollTop / ROW) - 4);
    const last = Math.min(count - 1, Math.ceil((this.box.scrollTop + this.box.clientHeight) / ROW) + 4);
    const wanted = new Set();
    for (let place = first; place <= last; place++) wanted.add(place);
    for (const [place, row] of this.pool) {
      if (!wanted.has(place)) {
        row.remove();
        this.pool.delete(place);
      }
    }
    for (const place of wanted) {
      if (!this.pool.has(place)) {
        const row = rowOf(model.shown[place], place, count);
        this.pool.set(place, row);
        this.rows.append(row);
      }
    }
    this.mark();
  },

  redraw() {
    for (const row of this.pool.values()) row.remove();
    this.pool.clear();
    this.draw();
  },

  mark() {
    for (const [place, row] of this.pool) {
      const moment = model.shown[place];
      row.classList.toggle("chosen", place === model.chosen);
      const selected = live ? model.ticked.has(moment.key) : place === model.chosen;
      row.setAttribute("aria-selected", String(selected));
    }
    const active = this.pool.get(model.chosen);
    if (active) this.box.setAttribute("aria-activedescendant", active.id);
    else this.box.removeAttribute("aria-activedescendant");
  },

  show(place) {
    const top = place * ROW, { scrollTop, clientHeight } = this.box;
    if (top < scrollTop) this.box.scrollTop = top;
    if (top + ROW > scrollTop + clientHeight) this.box.scrollTop = top + ROW - clientHeight;
  },
};

const live = Boolean(data.live);

function face(moment) {
  const { colour, ink: written, letter } = model.emotions[moment.emotion];
  const tile = made("span", "face");
  const source = data.faces[moment.n] || (data.live && data.live.faces ? `${data.live.faces}/${moment.track}-${moment.bestFrame}.jpg` : "");
  if (source) {
    const image = made("img");
    image.src = source;
    image.alt = "";
    image.loading = "lazy";
    image.addEventListener("error", () => image.remove());
    tile.append(image);
  }
  const badge = made("b", source ? "badge" : "badge alone", letter);
  badge.style.background = colour;
  badge.style.color = written;
  tile.append(badge);
  return tile;
}

function rowOf(moment, place, count) {
  const row = made("div", "moment");
  row.id = `m${moment.n}`;
  row.setAttribute("role", "option");
  row.setAttribute("aria-posinset", String(place + 1));
  row.setAttribute("aria-setsize", String(count));
  row.setAttribute("aria-label", told(moment));
  row.style.transform = `translateY(${place * ROW}px)`;
  row.classList.toggle("out", removed(moment));
  if (live) {
    const tick = made("span", "tick");
    tick.title = "Tick for extraction (x)";
    row.append(tick);
  }
  const text = made("span", "text");
  const first = made("span", "line");
  first.append(made("strong", "", model.emotions[moment.emotion].name), made("span", "who", who(moment)));
  if (moment.fix) first.append(made("em", "", stateOf(moment)));
  const second = made("span", "line soft");
  second.append(
    made("span", "", `${clock(moment.start)} – ${clock(moment.end)}`),
    made("span", "", `${(moment.end - moment.start).toFixed(1)} s`),
  );
  if (moment.fix && moment.fix.note) second.append(made("span", "said", moment.fix.note));
  text.append(first, second);
  row.append(face(moment), text, made("span", "score", moment.score.toFixed(2)));
  return row;
}

function drawList() {
  const { box } = list;
  box.addEventListener("scroll", () => list.draw(), { passive: true });
  new ResizeObserver(() => list.draw()).observe(box);
  box.addEventListener("click", (event) => {
    const row = event.target.closest(".moment");
    if (!row) return;
    const place = [...list.pool].find(([, one]) => one === row)[0];
    if (event.target.closest(".tick")) tickMoment(place);
    else playMoment(place);
  });
  box.addEventListener("keydown", (event) => {
    const page = Math.max(1, Math.floor(box.clientHeight / ROW) - 1);
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -1e9, End: 1e9 }[event.key];
    if (by !== undefined) choose(Math.max(0, Math.min(model.chosen + by, model.shown.length - 1)));
    else if (event.key === "Enter" && model.chosen >= 0) playMoment(model.chosen);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  bus.addEventListener("shown", () => {
    $("count").textContent = `${model.shown.length} of ${model.moments.length}`;
    list.redraw();
  });
  bus.addEventListener("chosen", () => {
    if (model.chosen >= 0) list.show(model.chosen);
    list.draw();
  });
}

function tickMoment(place) {
  const moment = model.shown[place];
  if (!live || !moment) return;
  if (!model.ticked.delete(moment.key)) model.ticked.add(moment.key);
  list.mark();
  tell("ticked");
}
