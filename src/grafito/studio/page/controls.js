// The buttons of a training, its speed and seed, the scrubber, and where it is in words.

import { element, later, say } from "./dom.js";
import { counted, word } from "./words.js";

/** `act` has a function for each button. */
export class Controls {
  constructor(place, settings, act) {
    this.act = act;
    this.settings = settings;
    this.place = place;
  }

  build(speeds) {
    const act = this.act;
    const button = (id, key, sign, main = false) => element("button", {
      id, class: main ? "main" : null, "aria-label": word(key), onclick: () => act[id](),
    }, element("span", { "aria-hidden": "true", text: `${sign} ` }), element("span", { text: word(key) }));
    this.buttons = {
      reset: button("reset", "Reset", "⟲"),
      rewind: element("button", {
        id: "rewind", "aria-label": word("Back one batch"), title: word("Back one batch"), text: "◀◀", onclick: () => act.rewind(),
      }),
      back: button("back", "Back", "◀"),
      run: button("run", "Train", "▶", true),
      step: button("step", "Step", "▸"),
      batch: button("batch", "Batch", "▶"),
      epoch: button("epoch", "Epoch", "▶▶"),
    };
    this.status = element("p", { id: "status", role: "status" });
    this.scrubber = element("input", { id: "scrubber", type: "range", min: 0, max: 1, value: 0, "aria-label": word("Place in the training") });
    this.scrubber.addEventListener("input", later(() => {
      const to = Number(this.scrubber.value);
      act.go(this.inside ? null : to, this.inside ? to : null);
    }, 80));
    this.speed = element("select", { id: "speed" }, speeds.map(speed =>
      element("option", { value: speed, text: speed ? word("{} batches/s", speed) : word("as fast as it goes") })));
    this.speed.addEventListener("change", () => act.speed(Number(this.speed.value)));
    this.seed = element("input", { id: "seed", type: "number", min: 0, max: 2147483647, step: 1, required: true });
    this.wrong = element("p", { class: "wrong", role: "alert", hidden: true, text: word("A seed is a whole number from 0 to {}.", counted(2147483647)) });
    this.seed.addEventListener("change", () => {
      this.wrong.hidden = this.seed.validity.valid;
      if (this.wrong.hidden) act.seed(Number(this.seed.value));
    });
    const fresh = element("button", { id: "fresh", text: word("New weights"), onclick: () => act.fresh() });
    this.settings.replaceChildren(
      element("label", {}, word("Speed"), this.speed),
      element("label", {}, word("Seed"), this.seed), fresh, this.wrong);
    this.place.replaceChildren(
      element("div", { class: "transport", role: "group", "aria-label": word("Training") }, Object.values(this.buttons)),
      element("div", { class: "along" }, this.scrubber, this.status),
    );
  }

  /** Which seed the weights come from. */
  plant(seed) {
    if (document.activeElement === this.seed) return;
    this.seed.value = seed;
    this.wrong.hidden = true;
  }

  /** What the buttons can do now. */
  show({ text, running, speed, can_go_back: back, operation, operations, done, furthest }) {
    if (!this.status) return;
    say(this.status, text);
    if (document.activeElement !== this.speed) this.speed.value = speed ?? 0;
    const key = running ? "Pause" : "Train";
    const run = this.buttons.run;
    if (run.getAttribute("aria-label") !== word(key)) {
      run.setAttribute("aria-label", word(key));
      run.firstChild.textContent = running ? "❚❚ " : "▶ ";
      run.lastChild.textContent = word(key);
    }
    this.buttons.back.disabled = this.buttons.rewind.disabled = !back;
    this.status.setAttribute("aria-live", running ? "off" : "polite");
    this.inside = operations > 0;
    this.scrubber.min = this.inside ? 1 : 0;
    this.scrubber.max = this.inside ? operations : Math.max(1, furthest);
    this.scrubber.value = this.inside ? operation : done;
    this.scrubber.setAttribute("aria-valuetext", text);
  }
}
