// A square on which one draws points: with the mouse, a finger, or the keys.

import { ofClass, theme } from "./colours.js";
import { element } from "./dom.js";
import { word } from "./words.js";

const SIZE = 440, EDGE = 1.5, STEP = 0.1, MOST = 2000;
const CLASSES = 4;

/** `drawn(points)` is told all points, as [x, y, class], when some were added or taken away. */
export class Pad {
  constructor(drawn) {
    this.drawn = drawn;
    this.points = [];
    this.kind = 0;
    this.cursor = [0, 0];
    this.canvas = element("canvas", { id: "pad", width: SIZE, height: SIZE, tabindex: "0", role: "application" });
    this.kinds = element("div", { class: "buttons", role: "group", "aria-label": word("Class of new points") },
      Array.from({ length: CLASSES }, (_, kind) => element("button", {
        "aria-pressed": String(kind === 0), "aria-label": word("Class {}", kind), onclick: () => this.choose(kind),
      }, String(kind))));
    this.clear = element("button", { text: word("Clear"), onclick: () => this.change([]) });
    this.kinds.append(this.clear);
    this.hint = element("p", { class: "small", id: "pad-hint", text: word("Click or drag to add points; with the keyboard: arrows move, Space adds a point, Delete takes the last away.") });
    this.canvas.setAttribute("aria-label", word("Points to draw"));
    this.canvas.setAttribute("aria-describedby", "pad-hint");
    this.element = element("div", { class: "part", hidden: true }, this.canvas, this.kinds, this.hint);
    this.canvas.addEventListener("pointerdown", event => {
      this.canvas.setPointerCapture(event.pointerId);
      this.drawing = true;
      this.add(this.place(event));
      this.last = event.timeStamp;
    });
    this.canvas.addEventListener("pointermove", event => {
      if (!event.buttons || event.timeStamp - this.last < 40) return;
      this.last = event.timeStamp;
      this.add(this.place(event));
    });
    for (const when of ["pointerup", "pointercancel"]) {
      this.canvas.addEventListener(when, () => {
        this.drawing = false;
        this.drawn(this.points);
      });
    }
    this.canvas.addEventListener("keydown", event => this.key(event));
    for (const when of ["focus", "blur"]) this.canvas.addEventListener(when, () => this.draw());
  }

  show(visible, points) {
    this.element.hidden = !visible;
    if (visible && !this.drawing && points.length !== this.points.length) this.points = points.slice();
    if (visible) this.draw();
  }

  choose(kind) {
    this.kind = kind;
    [...this.kinds.children].forEach((button, i) =>
      button !== this.clear && button.setAttribute("aria-pressed", String(i === kind)));
    this.draw();
  }

  key(event) {
    const moves = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };
    if (event.key in moves) {
      this.cursor = this.cursor.map((at, i) => Math.max(-EDGE, Math.min(EDGE, at + moves[event.key][i])));
      this.draw();
    } else if (event.key === " " || event.key === "Enter") {
      this.add(this.cursor);
      this.drawn(this.points);
    } else if (event.key === "Delete" || event.key === "Backspace") this.change(this.points.slice(0, -1));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * 2 - 1;
    const y = 1 - ((event.clientY - box.top) / box.height) * 2;
    return [x * EDGE, y * EDGE].map(at => Math.max(-EDGE, Math.min(EDGE, Number(at.toFixed(3)))));
  }

  add([x, y]) {
    if (this.points.length >= MOST) return;
    this.points = [...this.points, [x, y, this.kind]];
    this.draw();
  }

  change(points) {
    this.points = points;
    this.draw();
    this.drawn(points);
  }

  draw() {
    const context = this.canvas.getContext("2d");
    const { line, ink } = theme();
    context.clearRect(0, 0, SIZE, SIZE);
    const at = ([x, y]) => [((x / EDGE + 1) * SIZE) / 2, ((1 - y / EDGE) * SIZE) / 2];
    context.strokeStyle = line;
    context.beginPath();
    context.moveTo(SIZE / 2, 0);
    context.lineTo(SIZE / 2, SIZE);
    context.moveTo(0, SIZE / 2);
    context.lineTo(SIZE, SIZE / 2);
    context.stroke();
    for (const point of this.points) {
      context.beginPath();
      context.arc(...at(point), 6, 0, 7);
      context.fillStyle = ofClass(point[2]);
      context.fill();
    }
    if (document.activeElement !== this.canvas) return;
    context.beginPath();
    context.arc(...at(this.cursor), 9, 0, 7);
    context.lineWidth = 3;
    context.strokeStyle = ink;
    context.stroke();
    context.lineWidth = 1;
  }
}
