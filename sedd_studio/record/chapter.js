
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const find = (id) => document.getElementById(id);
const slider = find("slider"), play = find("play"), end = data.says.length - 1;
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
const PLACE = {
  path: ["d", "transform"], rect: ["x", "y", "width", "height", "rx"], circle: ["cx", "cy", "r"],
  ellipse: ["cx", "cy", "rx", "ry"], line: ["x1", "y1", "x2", "y2"], polyline: ["points"], polygon: ["points"],
  text: ["x", "y", "textLength"],
};
let at = data.at, timer = null;

// The element of a part: what it is and how it looks, where it is, and what it says.
function element(number) {
  const [style, ...rest] = data.parts[number], [tag, look] = data.styles[style];
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of look) made.setAttribute(name, value);
  PLACE[tag].forEach((name, place) => {
    const value = tag === "path" && place === 0 ? data.shapes[rest[0]] : rest[place];
    if (value !== undefined && value !== "") made.setAttribute(name, value);
  });
  if (tag === "text") made.textContent = rest[3];
  return made;
}

function draw(place, [width, height], parts) {
  const shown = find(place);
  shown.setAttribute("viewBox", `0 0 ${width} ${height}`);
  shown.replaceChildren(...parts.map(element));
}

// The numbers of the record that are on show: those that stay, and those of this place.
function list() {
  const rows = Object.entries(data.numbers).map(([name, found]) => {
    const row = document.createElement("tr"), values = found.same ?? found.each[at];
    row.append(Object.assign(document.createElement("th"), { textContent: name }));
    row.append(Object.assign(document.createElement("td"), { textContent: JSON.stringify(values) }));
    return row;
  });
  find("numbers").replaceChildren(...rows);
}

function show() {
  const frame = data.frames[at], formula = find("formula"), [width, height] = frame.formula_size;
  draw("figure", data.sizes.figure, frame.figure);
  draw("beside", data.sizes.beside, frame.beside);
  draw("formula", frame.formula_size, frame.formula);
  formula.setAttribute("width", width);
  formula.setAttribute("height", height);
  formula.setAttribute("aria-label", frame.latex.join("; "));
  find("formulas").hidden = frame.formula.length === 0;
  find("caption").textContent = frame.caption;
  find("spoken").textContent = frame.spoken;
  find("says").textContent = data.says[at];
  slider.value = at;
  slider.setAttribute("aria-valuetext", data.says[at]);
  list();
}

function stop() {
  clearInterval(timer);
  timer = null;
  play.textContent = "Play";
}

function start() {
  if (at >= end) at = 0;
  play.textContent = "Pause";
  timer = setInterval(() => { if (at >= end) stop(); else { at += 1; show(); } }, 1000 * data.seconds / end);
}

function seek(number) {
  stop();
  at = Math.min(Math.max(number, 0), end);
  show();
}

// A place in the address, as in #t=0.5, from 0 at the begin to 1 at the end.
function follow() {
  const share = /^#t=(0|1|0?\.\d+|1\.0*)$/.exec(location.hash);
  if (share !== null) seek(Math.round(Number(share[1]) * end));
}

play.addEventListener("click", () => (timer === null ? start() : stop()));
slider.addEventListener("input", () => seek(Number(slider.value)));
window.addEventListener("hashchange", follow);
document.addEventListener("keydown", (event) => {
  if (event.target !== document.body || event.ctrlKey || event.metaKey || event.altKey) return;
  const keys = {
    ArrowLeft: () => seek(at - 1), ArrowRight: () => seek(at + 1), Home: () => seek(0), End: () => seek(end),
  };
  if (event.key in keys) { keys[event.key](); event.preventDefault(); }
});

find("title").textContent = data.title;
find("facts").textContent = data.facts;
find("name").textContent = data.slider;
slider.max = end;
// Where nothing may move by itself there is nothing to have it move; every place of the slider is a still.
const settle = () => { stop(); play.hidden = calm.matches; };
calm.addEventListener("change", settle);
settle();
show();
follow();
