// The right column: what the network believes, the curves, its health, and what one takes along.

import { ofClass, paintGrey } from "./colours.js";
import { Curves } from "./curve.js";
import { element, say } from "./dom.js";
import { part } from "./fields.js";
import { slice } from "./frames.js";
import { Plane } from "./plane.js";
import { counted, word } from "./words.js";

export class Result {
  constructor(place) {
    this.place = place;
  }

  /** `leave` is [[what, key of its words, what to do]]. */
  build(leave) {
    this.plane = new Plane((this.picture = element("div")));
    this.legend = element("div", { class: "legend", "aria-hidden": "true" });
    this.guesses = element("div", { class: "guesses", hidden: true });
    this.count = element("p", { class: "small", id: "right" });
    this.none = element("p", { class: "small", hidden: true, text: word("These inputs have no picture; see the curves.") });
    const losses = element("div"), accuracies = element("div");
    this.losses = new Curves(losses);
    this.accuracies = new Curves(accuracies);
    this.accuracyPart = part("Accuracy", accuracies);
    this.title = element("b");
    this.text = element("span");
    this.health = element("p", { class: "health" }, this.title, this.text);
    this.place.replaceChildren(
      part("What the network believes", this.picture, this.guesses, this.none, this.legend, this.count),
      part("Loss", losses), this.accuracyPart,
      part("Health", this.health),
      part("Take along", element("div", { class: "leave" }, leave.map(([name, text, act]) =>
        element("button", { "data-leave": name, text: word(text), onclick: act })))),
    );
  }

  /** Another network or other data: its classes, each with its colour, and whether there is a plane. */
  data({ classes: names, plane, validation: held }, pictures) {
    this.picture.hidden = !plane;
    this.guesses.hidden = !pictures;
    this.legend.hidden = !plane;
    this.none.hidden = Boolean(plane) || pictures;
    this.plane.name(`${word("What the network believes")}: ${names.join(", ")}`);
    this.names = names;
    this.legend.replaceChildren(...names.slice(0, 10).map((name, i) => {
      const dot = element("i");
      dot.style.background = ofClass(i);
      return element("span", {}, dot, name);
    }));
    const ring = element("i", { class: "ring" });
    if (held) this.legend.append(element("span", {}, ring, word("validation")));
    if (names.length > 10) this.legend.append(word("and {} more", counted(names.length - 10)));
  }

  /** The points of the curves, by columns: epochs, loss, val_loss, accuracy, val_accuracy. */
  curves(history) {
    const line = (kind, key, name) => ({ kind, name: word(name), values: history[key] });
    const both = name => [line("training", name, "training"), line("validation", `val_${name}`, "validation")]
      .filter(each => each.values.some(Number.isFinite));
    this.losses.show(word("Loss"), history.epochs, both("loss"));
    const accuracy = both("accuracy");
    this.accuracyPart.hidden = !accuracy.length;
    if (accuracy.length) this.accuracies.show(word("Accuracy"), history.epochs, accuracy, 1);
  }

  /** How many of the training examples are right. */
  right(accuracy, count) {
    say(this.count, accuracy === null ? "" : word("{} of {} right", counted(accuracy * count), counted(count)));
  }

  /** What the diagnosis found, in one line, and its evidence. */
  diagnosis({ text, more, good }) {
    say(this.title, text);
    say(this.text, more);
    this.health.className = good ? "health" : "health warning";
  }

  /** Pictures of a frame [n, rows, columns] and the answers of the network to them [n, classes]. */
  digits(images, answers) {
    const [count, rows, columns] = images.shape;
    if (this.guesses.children.length !== count) {
      this.guesses.replaceChildren(...Array.from({ length: count }, () =>
        element("figure", {}, element("canvas", { "aria-hidden": "true" }), element("figcaption"))));
    }
    for (let i = 0; i < count; i++) {
      const figure = this.guesses.children[i], sure = slice(answers, i);
      const best = sure.indexOf(Math.max(...sure));
      paintGrey(figure.firstChild, slice(images, i), rows, columns);
      say(figure.lastChild, `${this.names[best] ?? best} · ${Math.round(100 * sure[best])}\u00a0%`);
    }
  }
}
