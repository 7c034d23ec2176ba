// Fields of a form: each has a name, a value from the plan, and room for what is wrong with it.

import { element } from "./dom.js";
import { short, word } from "./words.js";

let count = 0;

/** Fields over one plan; `changed(path, value)` is called with what a person set. */
export class Fields {
  constructor(changed) {
    this.changed = changed;
    this.known = {};
  }

  /** A slider over `steps`, the values that can be chosen, or from `low` to `high`. */
  slider(path, name, { steps, low = 0, high = 1, by = 1, form = short }) {
    const output = element("span", { class: "number", "aria-hidden": "true" });
    const range = element("input", {
      type: "range", min: steps ? 0 : low, max: steps ? steps.length - 1 : high, step: steps ? 1 : by,
    });
    const valueOf = () => (steps ? steps[Number(range.value)] : Number(range.value));
    const write = value => {
      output.textContent = form(value);
      range.setAttribute("aria-valuetext", form(value));
    };
    range.addEventListener("input", () => {
      write(valueOf());
      this.changed(path, valueOf());
    });
    const made = this.field(path, name, range, output);
    made.set = value => {
      range.value = steps ? nearest(steps, value) : value;
      write(value);
    };
    return made;
  }

  /** A choice of one from a list of [value, name]. */
  select(path, name, options) {
    const select = element("select", {}, options.map(([value, text]) => element("option", { value, text })));
    select.addEventListener("change", () => this.changed(path, select.value));
    const made = this.field(path, name, select);
    made.options = list => select.replaceChildren(...list.map(([value, text]) => element("option", { value, text })));
    made.set = given => {
      const value = given ?? "";
      if (![...select.options].some(option => option.value === value)) {
        select.append(element("option", { value, text: value }));
      }
      select.value = value;
    };
    return made;
  }

  /** A number that is typed. */
  number(path, name, { low, high, by = 1 }) {
    const input = element("input", { type: "number", min: low, max: high, step: by, inputmode: "decimal" });
    input.addEventListener("change", () => {
      if (input.value === "") input.value = made.value; // what is no number is not asked for
      else this.changed(path, Number(input.value));
    });
    const made = this.field(path, name, input);
    made.set = value => {
      made.value = value;
      if (document.activeElement !== input) input.value = value;
    };
    return made;
  }

  field(path, name, control, output = null) {
    const id = `field-${++count}`;
    control.id = id;
    const wrong = element("p", { class: "wrong", id: `${id}-wrong`, hidden: true });
    control.setAttribute("aria-describedby", wrong.id);
    const title = element("span", {}, element("label", { for: id, text: name }), output);
    const made = { element: element("div", { class: "field" }, title, control, wrong), control, wrong };
    this.known[path] = made;
    return made;
  }

  /** Put the values of a plan into the fields. */
  fill(plan) {
    for (const [path, field] of Object.entries(this.known)) {
      const value = path.split(".").reduce((part, name) => part?.[name], plan);
      if (value !== undefined) field.set?.(value);
    }
  }

  /** Say beside each field what is wrong with it; `wrong` is {path: text}. Returns what has no field. */
  blame(wrong) {
    const left = [];
    for (const [path, field] of Object.entries(this.known)) {
      const text = wrong[path];
      field.wrong.hidden = !text;
      if (field.wrong.textContent !== (text ?? "")) field.wrong.textContent = text ?? "";
      if (text) field.control.setAttribute("aria-invalid", "true");
      else field.control.removeAttribute("aria-invalid");
    }
    for (const [path, text] of Object.entries(wrong)) if (!this.known[path]) left.push(text);
    return left;
  }

  /** Forget fields that are gone. */
  forget(start) {
    for (const path of Object.keys(this.known)) if (path.startsWith(start)) delete this.known[path];
  }
}

function nearest(steps, value) {
  let best = 0;
  steps.forEach((step, i) => {
    if (Math.abs(step - value) < Math.abs(steps[best] - value)) best = i;
  });
  return best;
}

/** A part of a column under its own heading. */
export function part(key, ...children) {
  return element("div", { class: "part" }, element("h2", { text: word(key) }), ...children);
}

/** The same, that can be folded. */
export function folded(key, open, ...children) {
  return element("details", { class: "fold", open }, element("summary", { text: word(key) }),
    element("div", { class: "part" }, ...children));
}
