// The player: the movie's own time, whether it is played as it is or converted while it plays.
"use strict";

const STOP = 0.03; // seconds before a moment's end at which it is taken to be over
const SETTLED = 150; // milliseconds without another place to go to

const player = {
  video: $("video"),
  info: data.player, // {src, stream, lead, why}
  streamed: false,
  offset: 0, // what is to be added to the video's time to get the movie's
  stop: null, // where to stop, while only a moment is played
  playing: null, // that moment
  soon: false, // whether it is to be played when the place is found

  get usable() {
    return Boolean(this.info.src || this.info.stream);
  },

  get time() {
    return this.pending ?? this.video.currentTime + this.offset;
  },

  open() {
    // At the first moment: before a movie's first picture there is often nothing to be seen.
    const { src, stream } = this.info, first = model.moments.find((moment) => !removed(moment));
    const start = first ? first.start : data.start;
    this.video.addEventListener("error", () => this.failed());
    this.video.addEventListener("seeked", () => this.arrived());
    if (src) {
      this.offset = -this.info.lead;
      this.pending = start;
      this.video.addEventListener("loadedmetadata", () => this.streamed || this.go(), { once: true });
      this.video.src = src;
    } else if (stream) {
      this.convert(start);
    } else {
      this.without(this.info.why);
    }
  },

  convert(time, play = false) {
    // From `time` on, as the server makes it; what lies before is not there.
    this.streamed = true;
    this.offset = time;
    this.pending = null;
    this.video.src = `${this.info.stream}?start=${time.toFixed(3)}`;
    if (play) this.play();
  },

  arrived() {
    if (this.video.seeking) return; // on to another place already
    this.pending = null;
    if (this.soon) this.play();
  },

  failed() {
    if (this.info.stream && !this.streamed) {
      this.convert(this.time, this.playing !== null);
    } else {
      this.without(this.info.stream ? "The movie cannot be converted." : this.info.cannot);
    }
  },

  without(why) {
    this.info = { src: "", stream: "", lead: 0 };
    this.video.hidden = true;
    $("no-movie").hidden = false;
    $("no-movie").textContent = why;
    $("watch").classList.add("without");
    tell("without");
  },

  seek(time, keep = false) {
    if (!keep) this.stop = this.playing = null;
    if (!this.usable) return;
    const place = Math.max(data.start, Math.min(time, data.end));
    this.pending = place;
    if (this.streamed) {
      // What is converted comes once, and from one place on; not from each that is passed over.
      const goesOn = !this.video.paused;
      clearTimeout(this.later);
      this.later = setTimeout(() => this.convert(place, goesOn || this.soon), SETTLED);
    } else if (this.video.readyState) {
      this.go();
    } // else when it is known how long the movie is
    tell("time");
  },

  go() {
    this.video.currentTime = Math.max(0, this.time - this.offset);
  },

  play() {
    this.soon = false;
    if (this.usable) this.video.play().catch(() => {});
  },

  toggle() {
    if (!this.video.paused || this.soon) {
      this.soon = false;
      this.video.pause();
    } else {
      if (this.stop !== null && this.time >= this.stop - 2 * STOP) this.stop = this.playing = null;
      this.play();
    }
  },

  only(moment) {
    // Play just this moment, from its first picture on: not before that is there.
    if (!this.usable) return;
    this.video.pause();
    this.playing = moment;
    this.stop = moment.end;
    this.seek(moment.start, true);
    this.soon = true;
    tell("playing");
  },

  watch() {
    // Called for each picture that the browser draws.
    if (!this.video.paused || this.pending !== null) {
      if (this.stop !== null && this.pending === null && this.time >= this.stop - STOP) {
        this.video.pause();
        // However late the browser comes to it: the moment's end is what is seen.
        if (!this.streamed) this.video.currentTime = this.stop - this.offset - STOP;
        tell("playing");
      }
      tell("time");
    }
    requestAnimationFrame(() => this.watch());
  },
};
player.pending = null;

function playMoment(place) {
  choose(place);
  const moment = chosenMoment();
  if (moment) player.only(moment);
}

function step(by) {
  // The next moment of the list, or the one before: of the chosen one, or of where the movie is.
  if (!model.shown.length) return;
  if (model.chosen >= 0) {
    playMoment(Math.max(0, Math.min(model.chosen + by, model.shown.length - 1)));
    return;
  }
  const after = model.shown.findIndex((moment) => moment.start > player.time - STOP);
  const place = after < 0 ? model.shown.length : after;
  playMoment(Math.max(0, Math.min(by > 0 ? place : place - 1, model.shown.length - 1)));
}

function drawControls() {
  const { video } = player;
  const seek = $("seek");
  seek.min = data.start;
  seek.max = data.end;
  seek.addEventListener("input", () => player.seek(Number(seek.value)));
  for (const event of ["play", "pause", "ended"]) {
    video.addEventListener(event, () => {
      const still = video.paused;
      $("play-icon").setAttribute("d", still ? "M4 2v12l10-6z" : "M3 2h4v12H3zM9 2h4v12H9z");
      $("play").setAttribute("aria-label", still ? "Play" : "Pause");
    });
  }
  video.addEventListener("timeupdate", () => tell("time"));
  video.addEventListener("click", () => player.toggle());
  $("play").addEventListener("click", () => player.toggle());
  $("next").addEventListener("click", () => step(1));
  $("previous").addEventListener("click", () => step(-1));
  bus.addEventListener("time", () => {
    const time = player.time;
    if (document.activeElement !== seek || !video.paused) seek.value = time;
    seek.setAttribute("aria-valuetext", clock(time, 0));
    $("clock").textContent = `${clock(time)} / ${clock(data.end, 0)}`;
  });
  bus.addEventListener("chosen", () => {
    const moment = chosenMoment();
    $("now").textContent = moment ? told(moment) : "";
  });
  bus.addEventListener("without", () => {
    $("controls").hidden = true;
  });
}
