// The left column: data, what enters the network, its layers, and how it learns.

import { element, later } from "./dom.js";
import { Fields, folded, part } from "./fields.js";
import { Pad } from "./pad.js";
import { sketch } from "./sketches.js";
import { short, word } from "./words.js";

const PERCENT = value => `${Math.round(value * 100)} %`;

const RATES = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const BATCHES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000];
const COUNTS = [50, 100, 150, 200, 250, 300, 400, 500, 750, 1000, 1500, 2000, 5000];
const PENALTIES = [0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3];
const PLANES = ["moons", "circles", "xor", "spirals", "classes", "points"];
const NOISY = ["moons", "circles", "spirals", "classes", "regression"];
const COUNTED = [...NOISY, "digits"];
const MOST_LAYERS = 9;

/** An error in words, without the name of the place, which the page shows itself. */
export function told({ what, text, rows, field }) {
  if (!what) return text;
  return [what, ...rows.filter(row => row[1] !== field).map(row => row.join(": "))].join("\n");
}

const named = list => list.map(entry => [entry.name, entry.text]);

/** Holds the settings as they are typed; `send` goes to the server a moment after the last change. */
export class Build {
  constructor(place, { send, upload }) {
    this.place = place;
    this.upload = upload;
    this.connected();
    this.soon = later(() => {
      this.pending = false;
      this.awaited += 1;
      send(this.plan);
    }, 120);
  }

  /** Nothing that was sent before is answered any more. */
  connected() {
    this.pending = false; // whether a change waits to be sent
    this.awaited = 0; // how many answers to changes are still to come
  }

  sending() {
    this.pending = true;
    this.soon();
  }

  /** The server has built what was sent, or refused it. */
  answered() {
    this.awaited = Math.max(0, this.awaited - 1);
  }

  /** Build the column for what can be chosen here. */
  build(choices) {
    this.choices = choices;
    const wide = innerWidth >= 720;
    this.fields = new Fields((path, value) => this.change(path, value));
    const f = this.fields;
    this.sets = element("div", { class: "sets", role: "group", "aria-label": word("Data") },
      choices.data.map(entry => this.set(entry)));
    this.pad = new Pad(points => this.change("data.points", points));
    this.layers = element("div", { class: "part" });
    this.features = element("div", { class: "features", role: "group", "aria-label": word("Features") });
    this.wrong = element("p", { class: "wrong", role: "alert", hidden: true });
    this.noise = f.slider("data.noise", word("Noise"), { low: 0, high: 0.5, by: 0.01 });
    this.examples = f.slider("data.examples", word("Examples"), { steps: COUNTS });
    this.classes = f.slider("data.classes", word("Classes"), { low: 2, high: 10, by: 1 });
    this.validation = f.slider("data.validation", word("For validation"), { low: 0, high: 0.5, by: 0.05, form: PERCENT });
    this.target = f.select("data.target", word("Column to predict"), []);
    this.own = element("div", { class: "part" }, this.layers);
    this.model = element("div", { class: "part" }, element("p", { class: "small", text: word("The network is that of the file that you opened.") }),
      element("div", { class: "buttons" }, element("button", { text: word("Build one of my own"), onclick: () => this.change("model", null) })));
    this.output = f.select("output", word("Activation of the output"), [["", word("what fits the data")], ...named(choices.outputs)]);
    this.featurePart = folded("Features", wide, this.features);
    this.place.replaceChildren(
      part("Data", this.sets, this.pad.element, this.target.element, this.noise.element, this.examples.element,
        this.classes.element, this.validation.element, this.files()),
      this.wrong,
      this.featurePart,
      folded("Layers", wide, this.own, this.model, this.output.element),
      folded("Learning", wide,
        f.select("loss", word("Loss"), [["", word("what fits the data")], ...named(choices.losses)]).element,
        f.select("optimizer", word("Optimizer"), named(choices.optimizers)).element,
        f.slider("rate", word("Learning rate"), { steps: RATES }).element,
        f.slider("batch", word("Batch size"), { steps: BATCHES }).element,
        f.slider("l1", "L1", { steps: PENALTIES }).element,
        f.slider("l2", "L2", { steps: PENALTIES }).element),
    );
  }

  set(entry) {
    const picture = sketch(entry.name);
    return element("button", {
      "data-set": entry.name, "aria-pressed": "false", onclick: () => this.pick(entry.name),
    }, picture, element("span", { text: entry.text }));
  }

  pick(name) {
    if (name === "csv" && !this.plan.data.upload) return this.input.click();
    this.plan.data.name = name;
    this.showData();
    if (name !== "points" || this.plan.data.points.length) this.sending();
  }

  /** A table that was uploaded: its last column is predicted until another is chosen. */
  table(upload, columns) {
    this.columns = columns;
    Object.assign(this.plan.data, { name: "csv", upload, target: null });
    this.showData();
    this.fields.fill(this.plan);
    this.sending();
  }

  files() {
    const input = element("input", { type: "file", class: "away", id: "upload", tabindex: "-1", "aria-hidden": "true",
      accept: ".csv,.tsv,.txt,.safetensors,.keras" });
    input.addEventListener("change", () => {
      if (input.files[0]) this.upload(input.files[0]);
      input.value = "";
    });
    this.input = input;
    return element("div", { class: "buttons" }, input,
      element("button", { id: "open", text: word("Open a CSV or a model …"), onclick: () => input.click() }));
  }

  /** Show the settings that the server has; newer changes of which it does not know yet stay. */
  show(settings) {
    if (!this.plan || !(this.pending || this.awaited)) this.plan = structuredClone(settings);
    this.showData();
    this.showFeatures();
    this.showLayers();
    this.fields.fill(this.plan);
    this.blame(null);
  }

  /** Show the fields that the chosen data have. */
  showData() {
    const { name, points } = this.plan.data;
    for (const button of this.sets.children) {
      button.setAttribute("aria-pressed", String(button.dataset.set === name));
    }
    this.noise.element.hidden = !NOISY.includes(name);
    this.examples.element.hidden = !COUNTED.includes(name);
    this.classes.element.hidden = name !== "classes";
    this.validation.element.hidden = name === "xor";
    this.target.element.hidden = name !== "csv" || !this.columns?.length;
    if (!this.target.element.hidden) {
      this.target.options(this.columns.map(column => [column, column]));
      this.plan.data.target ??= this.columns[this.columns.length - 1];
    }
    this.featurePart.hidden = !PLANES.includes(name);
    this.pad.show(name === "points", points);
  }

  /** What does not go together: an error of the server, beside the field that it names. */
  blame(error) {
    const text = error ? told(error) : "";
    const left = this.fields.blame(error?.field ? { [error.field]: text } : {});
    const rest = error?.field ? left.join(" ") : text;
    this.wrong.hidden = !rest;
    if (this.wrong.textContent !== rest) this.wrong.textContent = rest;
  }

  /** In the colours of another theme. */
  draw() {
    for (const button of this.sets.children) button.firstChild.replaceWith(sketch(button.dataset.set));
    this.pad.draw();
  }

  showFeatures() {
    const on = new Set(this.plan.features);
    this.features.replaceChildren(...this.choices.features.map(({ name, text }) => element("button", {
      text, "aria-pressed": String(on.has(name)), "data-feature": name,
      onclick: () => {
        const left = this.choices.features.map(each => each.name)
          .filter(each => (each === name ? !on.has(each) : on.has(each)));
        this.plan.features = left;
        this.showFeatures();
        this.sending();
      },
    })));
  }

  showLayers() {
    const focused = document.activeElement?.dataset?.keep;
    this.fields.forget("layers.");
    const layers = this.plan.layers;
    const full = layers.length >= MOST_LAYERS;
    this.layers.replaceChildren(
      ...layers.map((layer, i) => this.layer(i)),
      element("div", { class: "buttons" }, element("button", {
        id: "add-layer", "data-keep": "add", text: word("Add a layer"), disabled: full, onclick: () => this.addLayer(),
      })),
    );
    if (focused) this.layers.querySelector(`[data-keep="${focused}"]`)?.focus();
    this.own.hidden = this.plan.model !== null;
    this.model.hidden = this.plan.model === null;
    this.output.element.hidden = this.plan.model !== null;
  }

  layer(i) {
    const f = this.fields, path = `layers.${i}`, name = word("Layer {}", i + 1);
    const remove = element("button", {
      "aria-label": word("Remove layer {}", i + 1), title: word("Remove layer {}", i + 1), text: "×",
      onclick: () => this.removeLayer(i),
    });
    const units = f.number(`${path}.units`, word("Units"), { low: 1, high: 1000 });
    const activation = f.select(`${path}.activation`, word("Activation"), named(this.choices.activations));
    const dropout = f.number(`${path}.dropout`, word("Dropout"), { low: 0, high: 0.95, by: 0.05 });
    return element("div", { class: "layer", role: "group", "aria-label": name },
      element("div", { class: "head" }, element("b", { text: name }), remove),
      element("div", { class: "row" }, units.element, activation.element, dropout.element));
  }

  addLayer() {
    const last = this.plan.layers[this.plan.layers.length - 1] ?? { activation: "tanh", dropout: 0 };
    this.plan.layers.push({ ...last, units: 4 });
    this.layersChanged();
    this.layers.querySelector("#add-layer").focus();
  }

  removeLayer(i) {
    this.plan.layers.splice(i, 1);
    this.layersChanged();
    this.layers.querySelector("#add-layer").focus();
  }

  layersChanged() {
    this.showLayers();
    this.fields.fill(this.plan);
    this.sending();
  }

  change(path, value) {
    if (value === "" && ["loss", "output"].includes(path)) value = null;
    const names = path.split(".");
    const last = names.pop();
    names.reduce((at, name) => at[name], this.plan)[last] = value;
    this.sending();
  }
}
