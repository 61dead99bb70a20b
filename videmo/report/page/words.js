// What all pages begin with: what they were given, and how elements are made and times are said.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const bus = new EventTarget();
const $ = (id) => document.getElementById(id);

function tell(what) {
  bus.dispatchEvent(new Event(what));
}

function made(tag, className, text) {
  // An element; what it says is text, whoever wrote it.
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function clock(seconds, digits = 1) {
  const whole = Math.max(0, seconds);
  const unit = 10 ** digits;
  const all = Math.round(whole * unit);
  const s = (all % (60 * unit)) / unit;
  const minutes = Math.floor(all / (60 * unit));
  const rest = s.toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  const m = minutes % 60, h = Math.floor(minutes / 60);
  return h ? `${h}:${String(m).padStart(2, "0")}:${rest}` : `${m}:${rest}`;
}

function spoken(seconds) {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds), minutes = Math.round(seconds / 60);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
