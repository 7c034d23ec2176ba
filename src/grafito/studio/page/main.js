// The page: it shows what the server tells and sends what a person does; no mathematics here.

import { Build, told as toldError } from "./build.js";
import { follow } from "./colours.js";
import { Controls } from "./controls.js";
import { byId, element, perFrame, say } from "./dom.js";
import * as frames from "./frames.js";
import { Network } from "./network.js";
import { Result } from "./result.js";
import { Calculation, Graph, Operations } from "./step.js";
import { Wire } from "./wire.js";
import * as words from "./words.js";

const { word } = words;
const VERSION = 1;
const MOST_UNITS = 10; // of a layer that are drawn one above the other
const LEVELS = ["layers", "units", "operations"];
const SPEEDS = [0, 100, 20, 5, 1]; // batches a second; 0 is as fast as it goes

const GONE = "The studio does not answer. Start it again with “grafito studio” and open the address that it prints; its training is kept.";
const LEAVE = [["program", "Program"], ["program-keras", "Program for Keras"], ["model", "Model"], ["report", "Report"], ["player", "Player"]];

const token = new URLSearchParams(location.search).get("token") ?? "";
const history = { epochs: [], loss: [], accuracy: [], val_loss: [], val_accuracy: [] };
let level = "units", built = null, state = null, picture = null, points = null, step = null, unit = null, example = 0;
let started = false, welcomed = false, dark = false, offered = false;

// The parts of the page

const wire = new Wire(() => {
  const address = new URL("socket", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  address.search = `?token=${encodeURIComponent(token)}`;
  return address;
}, { here, gone, message: object => handlers[object.type]?.(object), frame: framed });
const send = (type, more) => wire.send(type, more) || notice(word(GONE), true);

/** Ask for something whose effect is to be seen: on a phone the network comes into sight. */
function watch(type, more) {
  const { top: above, bottom: below } = stage.getBoundingClientRect();
  if (above > innerHeight / 2 || below < innerHeight / 4) top.scrollIntoView();
  send(type, more);
}

const build = new Build(byId("build"), { send: settings => send("build", { settings }), upload });
const top = element("div", { class: "top" });
const heading = element("h2");
const levels = element("div", { class: "levels", role: "group" });
const stage = element("div", { class: "stage" });
const controlsPlace = element("div", { class: "controls" }), settings = element("div", { class: "settings" });
byId("train").append(top, stage, controlsPlace, settings);
top.append(heading, levels);
const network = new Network(stage, chooseUnit);
const graph = new Graph(stage, chooseNode);
const bottom = element("div", { class: "bottom" });
byId("train").append(bottom);
const calculation = new Calculation(bottom, number => {
  example = number;
  askUnit();
});
const operations = new Operations(bottom, at => send("go", { operation: at + 1 }));
const result = new Result(byId("result"));
const controls = new Controls(controlsPlace, settings, {
  reset: () => send("reset", { same: true }),
  fresh: () => send("reset", { same: false }),
  seed: seed => send("reset", { seed }),
  run: () => watch(state?.running ? "pause" : "train"),
  back: () => watch("back", { by: "operation" }),
  rewind: () => watch("back", { by: "batch" }),
  step: () => watch("step", { by: "operation" }),
  batch: () => watch("step", { by: "batch" }),
  epoch: () => watch("step", { by: "epoch" }),
  speed: batches => send("speed", { batches: batches || null }),
  go: (batch, operation) => send("go", operation === null ? { batch } : { operation }),
});

// What the server tells

const handlers = {
  welcome(told) {
    welcomed = true;
    handlers.words(told);
    offer(told.saved);
  },

  words(told) {
    words.take(told.words, told.language);
    for (const lang of ["es", "en"]) byId(lang).setAttribute("aria-pressed", String(told.language === lang));
    build.build(told.choices);
    result.build(LEAVE.map(([what, key]) => [what, key, () => takeAlong(what)]));
    controls.build(SPEEDS);
    showLevels();
    calculation.show(null);
    operations.name();
    document.title = "grafito studio";
    started = true;
  },

  built(told) {
    built = told;
    picture = step = unit = null;
    example = 0;
    clearHistory();
    byId("main").inert = false;
    build.columns = told.data.table;
    build.answered();
    build.show(told.settings);
    heading.textContent = word("Network · {} parameters", words.counted(told.network.parameters));
    result.data(told.data, told.settings.data.name === "digits");
    controls.plant(told.settings.seed);
    calculation.show(null);
    showLevel();
  },

  state(told) {
    state = told;
    controls.show(told);
    result.diagnosis(told.diagnosis);
    result.right(told.numbers.find(each => each.name === "accuracy")?.value ?? null, built?.data.examples ?? 0);
    const seed = built ? word("seed {}", built.settings.seed) : "";
    say(byId("about"), [seed, told.running ? told.rate : ""].filter(Boolean).join(" · "));
    if (!told.operations && step) handlers.operation({ at: -1 });
    if (unit && !told.running && level === "units") askUnit();
  },

  history(told) {
    for (const name of Object.keys(history)) {
      history[name].length = told.first;
      history[name].push(...told[name].map(value => value ?? NaN));
    }
    drawCurves();
  },

  operation(told) {
    const before = step;
    const closed = told.at < 0 || told.events?.length === 0;
    step = closed ? null : { ...step, at: told.at };
    if (closed) {
      if (before) showLevel();
      if (!unit) calculation.show(null);
      return;
    }
    for (const part of ["texts", "start", "events"]) if (told[part]) step[part] = told[part];
    if (told.svg) graph.draw(told.svg, step.events[step.events.length - 1].formula);
    if (told.texts) graph.write(told.texts);
    if (told.events) {
      const [first] = told.events;
      operations.list(told.events.map(event => ({ text: event.formula, back: event.way !== first.way })));
    }
    if (!before) return setLevel("operations");
    showOperation();
  },

  calculation(told) {
    if (!unit) return;
    const { batch } = built.settings;
    calculation.show({ ...told, example, examples: Math.min(batch, built.data.examples) });
    network.tell({ value: told.value, gradient: told.gradient });
  },

  error(told) {
    if (told.of === "build") {
      build.answered();
      build.blame(told);
    } else notice(toldError(told), true);
  },
};

function framed(buffer) {
  const frame = frames.read(buffer);
  if (!frame) return notice(word("This page is older than its studio: load it again."), true);
  if (frame.kind === frames.POINTS) {
    points = frame;
    if (built?.data.plane) result.plane.examples(frame.arrays, built.network.task, built.data.plane);
    return;
  }
  picture = frame;
  drawPicture();
}

function here() {
  notice("");
  document.body.classList.remove("gone");
  build.connected();
  wire.send("hello", { version: VERSION, language: localStorage.getItem("studio-language") });
}

function gone(code) {
  document.body.classList.add("gone");
  if (code === 1008 && !welcomed) { // the studio does not know what this page says
    wire.end();
    notice(word("This page is older than its studio: load it again."), true);
  } else notice(word(GONE), true);
  welcomed = false;
}

// Drawing

const drawCurves = perFrame(() => started && result.curves(history));
const drawPicture = perFrame(() => {
  if (!picture || !built || !started) return;
  const { arrays } = picture;
  if (arrays.regions) result.plane.regions(arrays.regions);
  else if (arrays.curve) result.plane.line(arrays.curve);
  if (arrays.images) result.digits(arrays.images, arrays.answers);
  if (level === "units") paintUnits(arrays);
  wire.send("seen", { frame: picture.header.frame });
});

function paintUnits(arrays) {
  const paint = (l, pictures) => {
    if (!pictures) return;
    const [count, rows, columns] = pictures.shape;
    for (let u = 0; u < Math.min(count, MOST_UNITS); u++) network.picture(l, u, frames.slice(pictures, u), rows, columns);
  };
  paint(0, arrays["units/inputs"]);
  built.network.layers.forEach((_, i) => {
    paint(i + 1, arrays[`units/${i}`]);
    network.weigh(i, arrays[`weights/${i}`] ?? null);
  });
}

function drawNetwork() {
  const { inputs, layers } = built.network;
  const each = level === "units";
  const says = layer => word("{} parameters", words.counted(layer.parameters));
  const column = (name, kind, said, count, drawn, names, pictures) => ({
    name, kind, says: said, count, pictures, plain: !each || !drawn, total: each && drawn ? count : 1,
    units: each && drawn ? names.slice(0, MOST_UNITS) : [name],
  });
  const plane = Boolean(built.data.plane), digits = built.settings.data.name === "digits";
  const names = (layer, i) => i === layers.length - 1 && built.data.classes.length === layer.units
    ? built.data.classes : Array.from({ length: layer.units }, (_, u) => String(u + 1));
  const columns = [
    column(word("Input"), "", words.counted(built.network.size), built.network.size, plane || inputs.length <= MOST_UNITS, inputs, plane),
    ...layers.map((layer, i) => column(`${layer.kind} ${words.counted(layer.units)}`, layer.text, says(layer), layer.units, layer.drawn,
      names(layer, i), plane || (digits && i === 0))),
  ];
  network.build(columns);
  columns.slice(1).forEach((_, l) => network.weigh(l, null));
  if (each && unit) network.select(unit);
  if (picture) drawPicture();
}

function clearHistory() {
  for (const name of Object.keys(history)) history[name].length = 0;
}

// Levels, units, operations

function showLevels() {
  levels.setAttribute("aria-label", word("Level"));
  levels.replaceChildren(...LEVELS.flatMap((name, i) => [
    ...(i ? [element("span", { "aria-hidden": "true", text: "▸" })] : []),
    element("button", { "data-level": name, "aria-pressed": String(name === level), text: word(name), onclick: () => pressLevel(name) }),
  ]));
}

function pressLevel(name) {
  if (name === "operations" && !step) return send("step", { by: "operation" });
  setLevel(name);
}

function setLevel(name) {
  level = name;
  for (const button of levels.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.dataset.level === name));
  }
  showLevel();
}

function showLevel() {
  if (level === "operations" && !step) return setLevel("units");
  const drawing = level === "operations";
  graph.place.hidden = !drawing;
  network.place.hidden = drawing;
  operations.place.hidden = !drawing;
  if (drawing) return showOperation();
  if (built) drawNetwork();
  if (unit && level === "units") askUnit();
}

function showOperation() {
  const event = step.events[step.at];
  const here = new Set([...step.start, ...step.events.slice(0, step.at + 1).flatMap(each => each.show)]);
  graph.mark(new Set(step.events.flatMap(each => each.show)), here, event?.node);
  operations.mark(step.at);
  const unitIsTold = unit && level === "units";
  if (event && !unitIsTold) calculation.show({ ...event, title: event.way });
}

function chooseNode(id) {
  const found = step.events.map((event, i) => [event, i]).filter(([event]) => event.node === id).map(([, i]) => i);
  if (!found.length) return;
  const back = found.filter(i => i <= step.at);
  send("go", { operation: (back.length ? back[back.length - 1] : found[0]) + 1 });
}

function chooseUnit(l, u) {
  const same = unit && unit[0] === l && unit[1] === u;
  unit = same ? null : [l, u];
  network.select(unit);
  if (!unit) return calculation.show(null);
  askUnit();
}

function askUnit() {
  const [l, u] = unit;
  send("unit", { layer: l - 1, unit: u, example });
}

// Files

/** Send a file to the server, then build what is in it. */
async function upload(file) {
  const kind = /\.(csv|txt|tsv)$/i.test(file.name) ? "csv" : "model";
  build.blame(null);
  notice(word("Reading {} …", file.name));
  const answer = await asked(`upload/${kind}`, { name: file.name }, { method: "POST", body: file }, `${file.name}: `);
  if (!answer) return;
  const { upload: id, columns } = await answer.json();
  notice("");
  if (kind === "csv") build.table(id, columns);
  else send("build", { settings: { model: id } });
}

/** Save a file that the server makes. */
async function takeAlong(what) {
  const { textContent: title } = document.querySelector(`[data-leave="${what}"]`);
  notice(word("Preparing {} …", title));
  const answer = await asked(`download/${what}`, {});
  if (!answer) return;
  notice("");
  const name = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "")?.[1] ?? what;
  const address = URL.createObjectURL(await answer.blob());
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

/** A request to the server; what it refuses is said in words, and null is returned. */
async function asked(path, query, options = {}, what = "") {
  const address = new URL(path, location.href);
  address.search = String(new URLSearchParams({ token, language: words.lang(), ...query }));
  try {
    const answer = await fetch(address, options);
    if (answer.ok) return answer;
    const told = await answer.json().catch(() => ({}));
    notice(told.text ? what + toldError(told) : word("The studio refused that ({}).", answer.status), true);
  } catch {
    notice(word(GONE), true);
  }
  return null;
}

// Words, theme, notices

function notice(text, bad = false) {
  const place = byId("notice");
  place.hidden = !text;
  place.classList.toggle("bad", bad);
  if (!text) return place.replaceChildren();
  if (place.firstChild?.textContent === text) return;
  place.replaceChildren(element("span", { text }),
    element("button", { "aria-label": word("Close"), text: "×", onclick: () => notice("") }));
}

/** Offer the last training that was kept by an earlier studio. */
function offer(saved) {
  if (!saved.length || offered) return;
  offered = true;
  const [{ id, text }] = saved;
  notice(word("A training of an earlier studio was kept."));
  byId("notice").firstChild.after(element("button", {
    text: word("Go on with the training of {}", text), onclick: () => send("open", { saved: id }),
  }));
}

function setTheme(on) {
  dark = on;
  document.documentElement.dataset.theme = on ? "dark" : "light";
  follow(on);
  byId("theme").setAttribute("aria-pressed", String(on));
  if (!started) return;
  build.draw();
  result.plane.draw();
  if (built) result.data(built.data, built.settings.data.name === "digits");
  if (built) drawNetwork();
}

// Begin

const preferred = matchMedia("(prefers-color-scheme: dark)");
const chosen = () => localStorage.getItem("studio-theme");
setTheme(chosen() ? chosen() === "dark" : preferred.matches);
preferred.addEventListener("change", () => chosen() || setTheme(preferred.matches));
byId("theme").addEventListener("click", () => {
  localStorage.setItem("studio-theme", dark ? "light" : "dark");
  setTheme(!dark);
});
for (const lang of ["es", "en"]) {
  byId(lang).addEventListener("click", () => {
    localStorage.setItem("studio-language", lang);
    send("language", { language: lang });
  });
}
