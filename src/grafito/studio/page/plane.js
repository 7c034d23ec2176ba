// What the network believes: regions or a curve, with the examples on them.

import { ofClass, ofSign, paintClasses, paintSigned, theme } from "./colours.js";
import { element } from "./dom.js";

const SIZE = 560; // pixels of the canvas, twice what a screen shows

/** A square with a picture of the plane and points above it. */
export class Plane {
  constructor(place) {
    this.canvas = element("canvas", { width: SIZE, height: SIZE, role: "img" });
    this.picture = document.createElement("canvas");
    place.append(element("div", { class: "plane" }, this.canvas));
    this.x = this.y = this.held = [];
    this.box = [-1, 1, -1, 1];
  }

  name(text) {
    this.canvas.setAttribute("aria-label", text);
  }

  /** Examples of a frame: x [n, 2], y, held_out; `task` says whether y are classes. */
  examples({ x, y, held_out: held }, task, limits) {
    this.x = x.data;
    this.y = y.data;
    this.held = held.data;
    this.task = task;
    this.curve = null;
    this.box = limits.length === 4 ? limits : [...limits, ...edges(y.data)];
    this.full = false;
    this.draw();
  }

  /** Regions of a frame: [classes or 1, rows, columns]. */
  regions({ data, shape: [count, rows, columns] }) {
    if (count === 1) paintSigned(this.picture, data, rows, columns);
    else paintClasses(this.picture, data, count, rows, columns);
    this.full = true;
    this.draw();
  }

  /** A function of one number: [n, 2]. */
  line({ data }) {
    this.curve = data;
    this.draw();
  }

  draw() {
    const context = this.canvas.getContext("2d");
    const { ink, card, paper, red } = theme();
    context.fillStyle = card;
    context.fillRect(0, 0, SIZE, SIZE);
    if (this.full) {
      context.imageSmoothingEnabled = true;
      context.drawImage(this.picture, 0, 0, SIZE, SIZE);
    }
    const [left, right, bottom, top] = this.box;
    const x = value => ((value - left) / (right - left)) * SIZE;
    const y = value => SIZE - ((value - bottom) / (top - bottom)) * SIZE;
    const count = this.y.length, size = count > 400 ? 5.5 : 8;
    for (let i = 0; i < count; i++) {
      context.beginPath();
      context.arc(x(this.x[2 * i]), y(this.x[2 * i + 1]), size, 0, 7);
      const colour = this.curve ? ink : this.task === "regression" ? ofSign(this.y[i]) : ofClass(this.y[i]);
      context.lineWidth = this.held[i] ? 4 : 2;
      context.fillStyle = this.held[i] ? paper : colour;
      context.strokeStyle = this.held[i] ? colour : paper;
      context.fill();
      context.stroke();
    }
    if (!this.curve) return;
    context.beginPath();
    for (let i = 0; i < this.curve.length; i += 2) context.lineTo(x(this.curve[i]), y(this.curve[i + 1]));
    context.strokeStyle = red;
    context.lineWidth = 5;
    context.stroke();
  }
}

/** The least and the most of some numbers, with room about them. */
function edges(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const room = Math.max(0.15 * (high - low), 0.25);
  return [low - room, high + room];
}
