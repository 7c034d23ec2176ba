// One step through the graph: the drawing, the list of operations, and the chosen calculation.

import { element, parsedDrawing, parsedFormula } from "./dom.js";
import { word } from "./words.js";

/** The drawing of a graph, whose parts appear as the operations are done. */
export class Graph {
  constructor(place, chosen) {
    this.place = element("div", { class: "drawing", role: "group", tabindex: "0", hidden: true });
    this.place.addEventListener("click", event => {
      const node = event.target.closest('[id^="node-"]');
      if (node) chosen(node.id);
    });
    place.append(this.place);
  }

  draw(text, alt) {
    const svg = parsedDrawing(text);
    this.svg = svg;
    this.place.setAttribute("aria-label", `${word("The graph of the step")}: ${alt}`);
    this.place.replaceChildren(...(svg ? [svg] : []));
    if (!svg) return;
    svg.setAttribute("aria-hidden", "true");
    const wide = Number(svg.dataset.width);
    if (wide) {
      svg.style.minWidth = `${wide}px`;
      svg.style.maxWidth = `${wide * 1.3}px`;
    }
  }

  /** Other numbers of the same graph: {id: lines}. */
  write(texts) {
    if (!this.svg) return;
    for (const [id, lines] of Object.entries(texts)) {
      const places = [...this.parts(id)].flatMap(part => [...part.querySelectorAll("text, tspan")])
        .filter(place => !place.querySelector("tspan"));
      lines.forEach((line, i) => {
        if (places[i]) places[i].textContent = line;
      });
    }
  }

  /** Show the parts of which `moving` says that they come, as far as they are `here`. */
  mark(moving, here, now) {
    if (!this.svg) return;
    for (const id of moving) for (const part of this.parts(id)) part.classList.toggle("hidden", !here.has(id));
    for (const part of this.svg.querySelectorAll(".now")) part.classList.remove("now");
    for (const part of now ? this.parts(now) : []) {
      part.classList.add("now");
      const own = part.getBoundingClientRect(), outer = this.place.getBoundingClientRect();
      this.place.scrollLeft += own.left + own.width / 2 - outer.left - outer.width / 2;
      this.place.scrollTop += own.top + own.height / 2 - outer.top - outer.height / 2;
    }
  }

  // An arrow that goes on in the next row of the drawing has a second half, with ".2" behind its number.
  parts(id) {
    return this.svg.querySelectorAll(`[id="${CSS.escape(id)}"], [id="${CSS.escape(id)}.2"]`);
  }
}

/** The region "Calculation": the formula of a node, what goes in, its value, gradient and rule. */
export class Calculation {
  /** `ask` wants the calculation of the unit for another example. */
  constructor(place, ask) {
    this.place = element("section", { id: "calculation", tabindex: "0" });
    place.append(this.place);
    this.example = element("input", { id: "example", type: "number", min: 1, step: 1 });
    this.example.addEventListener("input", () => this.example.validity.valid && this.example.value && ask(Number(this.example.value) - 1));
    this.choice = element("label", { class: "example" }, (this.name = element("span")), this.example);
    this.show(null);
  }

  show(told) {
    this.place.setAttribute("aria-label", word("Calculation"));
    const title = element("h2", { text: told?.title ? `${word("Calculation")} · ${told.title}` : word("Calculation") });
    if (!told) {
      this.place.replaceChildren(title, element("p", { class: "wide small", text: word("Choose a unit, or press Step: here stands how its number comes about.") }));
      return;
    }
    if (told.lines && document.activeElement !== this.example) {
      this.example.max = told.examples;
      this.example.value = told.example + 1;
    }
    this.name.textContent = word("Example of the batch");
    const focused = document.activeElement === this.example;
    this.place.replaceChildren(title, ...(told.lines ? ofUnit(told, this.choice) : ofOperation(told)));
    if (focused && told.lines) this.example.focus();
  }
}

const row = (name, value, kind) => element("tr", { class: kind },
  element("th", { scope: "row", text: name }), element("td", { text: value.replaceAll("] [", "]\n [") }));

/** A unit: its lines one below the other, its value, its gradient. */
function ofUnit({ lines, value, gradient }, choice) {
  const left = element("div", {}, lines.map(({ text, maths }) => element("p", {},
    maths ? parsedFormula(maths) : null, maths && text ? " " : null,
    text ? element("span", { class: "mono", text }) : null)));
  const right = element("table", {}, value ? row(word("value"), value) : null,
    gradient ? row(word("gradient"), gradient, "red") : null);
  return [left, element("div", {}, right, choice)];
}

/** An operation as the player tells it. */
function ofOperation(told) {
  const { formula, rule, maths, letters, rows, gradient, received } = told;
  const head = element("div", { class: "head" }, element("p", { class: "formula", text: formula }),
    rule ? element("p", { text: rule }) : null,
    maths.length ? element("p", { class: "red" }, maths.flatMap(text => [parsedFormula(text), " "])) : null,
    letters ? element("small", { text: letters }) : null);
  const left = element("div", {}, element("table", {}, rows.map(([name, value]) => row(name, value))));
  if (!gradient) return [head, left];
  return [head, left, element("div", {}, element("table", {}, row(word("gradient"), gradient, "red"),
    received.map(([name, part]) => row(word("{} receives", name), part, "red"))))];
}

/** All operations of the step, one below the other; each is a button. */
export class Operations {
  constructor(place, chosen) {
    this.place = element("div", { class: "operations", role: "group", hidden: true });
    this.chosen = chosen;
    place.append(this.place);
  }

  name() {
    this.place.setAttribute("aria-label", word("Operations"));
  }

  list(formulas) {
    this.entries = formulas.map(({ text, back }, at) => element("button", {
      class: back ? "back" : null, text: `${back ? "←" : "→"} ${text}`, onclick: () => this.chosen(at),
    }));
    this.place.replaceChildren(...this.entries);
  }

  mark(at) {
    this.entries?.forEach((entry, i) => {
      if (i !== at) return entry.removeAttribute("aria-current");
      entry.setAttribute("aria-current", "step");
      this.place.scrollTop = entry.offsetTop - this.place.clientHeight / 2;
    });
  }
}
