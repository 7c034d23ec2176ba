// The curves of a training as a small drawing: ink for training, red pencil for validation.

import { drawn } from "./dom.js";
import { counted, shown, word } from "./words.js";

const WIDTH = 300, HEIGHT = 132, LEFT = 2, RIGHT = 298, TOP = 22, BOTTOM = 108;
const MOST = 400; // points of a line; of a longer history every nth is drawn

/** A drawing in `place` that is drawn again with each history.
 *  The lines are [{kind, name, values}], all over the same epochs. */
export class Curves {
  constructor(place) {
    this.lines = {};
    this.axis = drawn("path", { d: `M${LEFT} ${TOP}V${BOTTOM}H${RIGHT}`, class: "axis" });
    this.left = drawn("text", { x: LEFT, y: BOTTOM + 18, class: "tick" });
    this.right = drawn("text", { x: RIGHT, y: BOTTOM + 18, class: "tick", "text-anchor": "end" });
    this.legend = drawn("g");
    this.svg = drawn(
      "svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", class: "curves" },
      this.axis, this.left, this.right, this.legend,
    );
    place.append(this.svg);
  }

  show(title, epochs, lines, top = 0) {
    let high = Math.max(top, 1e-9);
    for (const { values } of lines) for (const value of values) if (value > high) high = value;
    const low = 0;
    const last = Math.max(epochs[epochs.length - 1] ?? 0, 1), first = epochs[0] ?? 0;
    const x = epoch => LEFT + ((RIGHT - LEFT) * (epoch - first)) / Math.max(last - first, 1);
    const y = value => BOTTOM - ((BOTTOM - TOP) * (value - low)) / Math.max(high - low, 1e-12);
    const each = Math.max(1, Math.ceil(epochs.length / MOST));
    const told = [];
    this.legend.replaceChildren();
    for (const line of Object.values(this.lines)) line.setAttribute("points", "");
    lines.forEach((line, place) => {
      this.lines[line.kind] ??= this.svg.appendChild(drawn("polyline", { class: line.kind }));
      const points = [];
      line.values.forEach((value, i) => {
        const kept = i % each === 0 || i === line.values.length - 1;
        if (kept && Number.isFinite(value)) points.push(`${x(epochs[i]).toFixed(1)},${y(value).toFixed(1)}`);
      });
      this.lines[line.kind].setAttribute("points", points.join(" "));
      const text = `${line.name} ${shown(line.values[line.values.length - 1])}`;
      this.legend.append(
        drawn("text", { x: place ? RIGHT : LEFT, y: 12, class: line.kind, "text-anchor": place ? "end" : "start", text }),
      );
      told.push(text);
    });
    this.left.textContent = counted(first);
    this.right.textContent = word("epoch {}", counted(Math.floor(last)));
    this.svg.setAttribute("aria-label", `${title}: ${told.join(", ")}`);
  }
}
