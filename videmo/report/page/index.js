// The page of all movies: sums, best moments, and a table that is searched and put in order.
"use strict";

const state = { by: "", down: false, search: "", emotion: "" };
const colourOf = new Map(data.emotions.map((emotion) => [emotion.name, emotion]));

function badge({ letter, colour, ink }) {
  const sign = made("b", "badge", letter);
  sign.style.background = colour;
  sign.style.color = ink;
  return sign;
}

function sumOf(movie) {
  return state.emotion ? movie.held[state.emotion] || 0 : Object.values(movie.held).reduce((a, b) => a + b, 0);
}

function bar(movie) {
  const box = made("div", "bar");
  const said = [];
  for (const emotion of data.emotions) {
    const held = movie.held[emotion.name] || 0;
    if (!held || (state.emotion && state.emotion !== emotion.name)) continue;
    const part = made("i");
    part.style.width = `${(100 * held) / Math.max(movie.seconds, sumOf(movie), 1e-9)}%`;
    part.style.background = emotion.colour;
    if (held / Math.max(movie.seconds, 1e-9) > 0.08) part.textContent = emotion.letter;
    part.style.color = emotion.ink;
    part.title = `${emotion.name} ${held.toFixed(1)} s`;
    box.append(part);
    said.push(part.title);
  }
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", said.join(", ") || "none");
  return box;
}

function row(movie) {
  const line = made("tr");
  const name = made("td");
  const link = made("a", "", movie.name);
  link.href = movie.link;
  name.append(link);
  if (movie.moments === null) name.append(made("span", "soft", " cannot be read"));
  if (movie.partial) name.append(made("span", "soft", " partial"));
  const held = made("td");
  held.append(bar(movie));
  line.append(
    name,
    made("td", "number", clock(movie.seconds, 0)),
    made("td", "number", movie.moments === null ? "" : String(movie.moments)),
    held,
    made("td", "less", movie.people.join(", ")),
  );
  return line;
}

function shownMovies() {
  const wanted = state.search.toLowerCase();
  const found = data.movies.filter((movie) => [movie.name, ...movie.people].some((text) => text.toLowerCase().includes(wanted)));
  const keys = { name: (m) => m.name, seconds: (m) => m.seconds, moments: (m) => m.moments, held: sumOf };
  const key = keys[state.by];
  if (key) found.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0) * (state.down ? -1 : 1));
  return found;
}

function draw() {
  const movies = shownMovies();
  $("rows").replaceChildren(...movies.map(row));
  $("count").textContent = movies.length < data.movies.length ? `${movies.length} of ${data.movies.length}` : "";
  for (const button of document.querySelectorAll("th button")) {
    const mine = button.dataset.by === state.by;
    button.parentElement.setAttribute("aria-sort", mine ? (state.down ? "descending" : "ascending") : "none");
  }
  const best = data.best.filter((moment) => !state.emotion || moment.emotion === state.emotion);
  $("best").hidden = !best.length;
  $("faces").replaceChildren(...best.map(portrait));
}

function portrait(moment) {
  const link = made("a", "portrait");
  link.href = moment.link;
  link.title = moment.movie;
  const tile = made("span", "face");
  const image = made("img");
  image.loading = "lazy";
  image.src = moment.face;
  image.alt = `${moment.emotion}, ${moment.who}, ${moment.movie}, ${clock(moment.start, 0)}`;
  tile.append(image, badge(colourOf.get(moment.emotion)));
  link.append(tile, made("span", "name soft", moment.movie));
  return link;
}

function drawEmotions() {
  const sums = new Map(data.emotions.map(({ name }) => [name, 0]));
  for (const movie of data.movies) for (const [name, held] of Object.entries(movie.held)) sums.set(name, sums.get(name) + held);
  const all = [...sums.values()].reduce((a, b) => a + b, 0) || 1;
  for (const emotion of data.emotions) {
    const chip = made("button", "chip");
    chip.type = "button";
    const share = made("i");
    share.style.width = `${(100 * sums.get(emotion.name)) / all}%`;
    share.style.background = emotion.colour;
    chip.append(badge(emotion), made("span", "", emotion.name), made("span", "soft", clock(sums.get(emotion.name), 0)), share);
    chip.setAttribute("aria-pressed", "true");
    chip.addEventListener("click", () => {
      state.emotion = state.emotion === emotion.name ? "" : emotion.name;
      [...$("emotions").children].forEach((one, n) => one.setAttribute("aria-pressed", String(!state.emotion || state.emotion === data.emotions[n].name)));
      draw();
    });
    $("emotions").append(chip);
  }
}

const total = data.movies.reduce((sum, movie) => sum + movie.seconds, 0);
const moments = data.movies.reduce((sum, movie) => sum + (movie.moments || 0), 0);
$("about").textContent = [
  data.movies.length === 1 ? "1 movie" : `${data.movies.length} movies`,
  clock(total, 0),
  ...(moments ? [`${moments} moments`] : []),
].join(" · ");
$("search").addEventListener("input", () => {
  state.search = $("search").value;
  draw();
});
for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => {
    state.down = state.by === button.dataset.by ? !state.down : button.dataset.by !== "name";
    state.by = button.dataset.by;
    draw();
  });
}
drawEmotions();
draw();
