// The network as units with pictures of their own and edges with weights by colour and width.

import { ofSign, paintSigned } from "./colours.js";
import { drawn, element } from "./dom.js";
import { counted, word } from "./words.js";

const WIDEST = 5.5; // pixels of the strongest edge
const FOOT = 62; // pixels that the names of layers take

/** Shows a network in `place` and tells `chosen(layer, unit)` which unit was chosen. */
export class Network {
  constructor(place, chosen) {
    this.place = element("div", { class: "net", role: "group" });
    this.chosen = chosen;
    this.lines = drawn("svg", { "aria-hidden": "true" });
    place.append(this.place);
    this.units = [];
    this.edges = [];
    this.selected = null;
    new ResizeObserver(() => this.arrange()).observe(place);
  }

  /** Build the elements of another network; `layers` are [{name, kind, says, units: names
   *  of those that are drawn, total: how many there are, plain: whether it is one box, count, pictures:
   *  whether its units have some}]. */
  build(layers) {
    this.layers = layers;
    this.place.setAttribute("aria-label", word("Network"));
    this.units = layers.map((layer, l) =>
      Array.from({ length: layer.units.length }, (_, u) => this.unit(layer, l, u)));
    this.columns = layers.map(layer =>
      element("div", { class: "column" }, element("b", { text: layer.name }), layer.kind,
        element("span", { class: "count", text: layer.kind ? ` · ${layer.says}` : layer.says })));
    this.rest = layers.map(layer => {
      const hidden = layer.total - layer.units.length;
      return hidden > 0 ? element("div", { class: "more", text: word("and {} more", counted(hidden)) }) : null;
    });
    this.told = element("div", { class: "told", hidden: true });
    this.edges = [];
    this.lines.replaceChildren();
    for (let l = 1; l < layers.length; l++) {
      const rows = layers[l - 1].units.length, columns = layers[l].units.length;
      const edges = [];
      for (let i = 0; i < rows * columns; i++) edges.push(this.lines.appendChild(drawn("path")));
      this.edges.push(edges);
    }
    this.place.replaceChildren(
      this.lines, ...this.units.flat(), ...this.columns, ...this.rest.filter(Boolean), this.told);
    this.select(null);
    this.arrange();
  }

  unit(layer, l, u) {
    const input = l === 0, plain = layer.plain;
    const last = l === this.layers.length - 1 && layer.units.length > 1;
    const name = layer.units[u], beside = isBeside(layer, l, this.layers);
    const inside = plain || !layer.pictures
      ? element("span", { class: "plain", text: plain ? counted(layer.count) : beside ? String(u + 1) : name })
      : element("canvas", { width: 1, height: 1, "aria-hidden": "true" });
    const made = element("button", {
      class: "unit", "aria-pressed": input || plain ? null : "false", disabled: input || plain,
      "aria-label": plain ? `${layer.name}, ${layer.says}` : input ? word("Input {}", name) : word("{}, unit {}", layer.name, u + 1),
      title: plain ? null : name,
      onclick: () => this.chosen(l, u),
    }, inside, beside ? element("span", { class: `beside${input ? " input" : ""}`, text: name }) : null,
    (input || last) && !plain && layer.pictures ? element("span", { class: "tag", text: name }) : null);
    made.addEventListener("pointerenter", () => this.light(l, u));
    made.addEventListener("pointerleave", () => this.light(...(this.selected ?? [null, null])));
    made.addEventListener("focus", () => this.light(l, u));
    made.addEventListener("blur", () => this.light(...(this.selected ?? [null, null])));
    made.addEventListener("keydown", event => this.walk(event, l, u));
    return made;
  }

  /** Arrows go from unit to unit. */
  walk(event, l, u) {
    const to = { ArrowUp: [l, u - 1], ArrowDown: [l, u + 1], ArrowLeft: [l - 1, u], ArrowRight: [l + 1, u] }[event.key];
    if (!to) return;
    const column = this.units[to[0]];
    if (!column || column[0].disabled) return;
    event.preventDefault();
    event.stopPropagation();
    column[Math.max(0, Math.min(column.length - 1, to[1]))].focus();
  }

  /** Put everything at its place for the size that there is. */
  arrange() {
    if (!this.units.length) return;
    const most = Math.max(...this.units.map(column => column.length));
    const wide = this.place.clientWidth, smallest = 26;
    const high = Math.max(this.place.parentElement.clientHeight || 0, most * (smallest + 6) + FOOT, 250);
    this.place.style.height = `${high}px`;
    const narrow = wide / this.units.length < 130;
    const size = Math.max(smallest, Math.min(60, (high - FOOT) / most - 8, wide / this.units.length - (narrow ? 44 : 26)));
    const named = this.layers.some((layer, l) => isBeside(layer, l, this.layers));
    const left = narrow ? Math.max(size * 0.75, 34) : named ? 140 : 80;
    this.place.style.setProperty("--room", `${left - size / 2 - 8}px`);
    this.at = this.units.map((column, l) => {
      const last = l === this.units.length - 1;
      const own = last && column.length === 1 ? Math.min(88, size * (narrow ? 1.3 : 1.7)) : size;
      const x = left + ((wide - 2 * left) * l) / Math.max(this.units.length - 1, 1);
      const step = Math.min((high - FOOT - 8) / column.length, size + 34);
      return column.map((unit, u) => {
        const y = (high - FOOT) / 2 + (u - (column.length - 1) / 2) * step;
        place(unit, x, y);
        unit.style.width = unit.style.height = `${own}px`;
        if (this.rest[l] && u === column.length - 1) place(this.rest[l], x, y + own / 2 + 12);
        return { x, y, half: own / 2 };
      });
    });
    this.columns.forEach((column, l) => {
      column.style.left = `${this.at[l][0].x}px`;
      const x = this.at[l][0].x;
      column.style.width = `${Math.min((wide - left) / this.units.length, 2 * Math.min(x, wide - x))}px`;
    });
    this.edges.forEach((edges, l) => {
      const to = this.at[l + 1];
      edges.forEach((edge, i) => {
        const a = this.at[l][Math.floor(i / to.length)], b = to[i % to.length];
        const x = a.x + a.half, end = b.x - b.half, middle = (x + end) / 2;
        edge.setAttribute("d", `M${x} ${a.y}C${middle} ${a.y} ${middle} ${b.y} ${end} ${b.y}`);
      });
    });
    this.tell();
  }

  /** New weights into layer `l`, as a frame has them: {data, shape: [from, to]}; or none are known. */
  weigh(l, weights) {
    const edges = this.edges[l];
    if (!edges) return;
    const rows = this.units[l].length, columns = this.units[l + 1].length;
    const fits = weights && weights.shape[0] >= rows && weights.shape[1] >= columns &&
      (rows > 1 || weights.shape[0] === 1) && (columns > 1 || weights.shape[1] === 1);
    if (!fits) {
      for (const edge of edges) setEdge(edge, "var(--line)", 1.5);
      return;
    }
    const of = i => weights.data[Math.floor(i / columns) * weights.shape[1] + (i % columns)];
    let strongest = 1e-9;
    edges.forEach((_, i) => {
      if (Number.isFinite(of(i))) strongest = Math.max(strongest, Math.abs(of(i)));
    });
    edges.forEach((edge, i) => {
      const size = Number.isFinite(of(i)) ? Math.abs(of(i)) / strongest : 1;
      setEdge(edge, ofSign(of(i)), (0.4 + WIDEST * size).toFixed(2));
    });
  }

  /** The picture of a unit: `values` from 0 to 255. */
  picture(l, u, values, rows, columns) {
    const unit = this.units[l]?.[u];
    if (unit?.firstElementChild.localName === "canvas") paintSigned(unit.firstElementChild, values, rows, columns);
  }

  select(where) {
    this.selected = where;
    this.units.forEach((column, l) => column.forEach((unit, u) =>
      unit.disabled || unit.setAttribute("aria-pressed", String(where?.[0] === l && where?.[1] === u))));
    this.light(...(where ?? [null, null]));
    if (!where) this.tell(null);
  }

  light(l, u) {
    this.edges.forEach((edges, place) => {
      const columns = this.units[place + 1].length;
      edges.forEach((edge, i) => {
        const own = l === null || (place === l && Math.floor(i / columns) === u) ||
          (place === l - 1 && i % columns === u);
        edge.classList.toggle("dim", !own);
      });
    });
  }

  /** Value and gradient beside the chosen unit. */
  tell(numbers) {
    if (numbers !== undefined) this.numbers = numbers;
    if (!this.told) return;
    const where = this.selected && this.at?.[this.selected[0]]?.[this.selected[1]];
    this.told.hidden = !where || !this.numbers;
    if (this.told.hidden) return;
    const { value, gradient } = this.numbers;
    this.told.replaceChildren(element("span", { text: value }));
    if (gradient) this.told.append(element("span", { class: "red", text: gradient }));
    const right = where.x + where.half + 8;
    const fits = right + 90 < this.place.clientWidth;
    place(this.told, fits ? right : where.x - where.half - 90, where.y);
  }
}

/** Whether the names of units are too long for their boxes: those of inputs and of classes, where
 *  there are no pictures. */
function isBeside({ plain, pictures, units }, l, layers) {
  const end = l === 0 || l === layers.length - 1;
  return end && !plain && !pictures && units.some(name => name.length > 3);
}

function setEdge(edge, colour, width) {
  edge.setAttribute("stroke", colour);
  edge.setAttribute("stroke-width", width);
}

function place(unit, x, y) {
  unit.style.left = `${x}px`;
  unit.style.top = `${y}px`;
}
