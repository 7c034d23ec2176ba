// Small pictures of the data sets, for their buttons: the same points each time.

import { ofClass, ofSign } from "./colours.js";
import { element } from "./dom.js";

const SIZE = 80, COUNT = 60;

// Numbers that look drawn by chance, the same in each page.
function chance(seed) {
  let at = seed;
  return () => {
    at = (at * 16807) % 2147483647;
    return at / 2147483647 - 0.5;
  };
}

/** Points [x, y, class] in −1 … 1 of each set. */
const SETS = {
  moons: (i, r) => {
    const angle = (Math.PI * i) / COUNT, up = i % 2;
    const [x, y] = up ? [Math.cos(angle) - 0.5, Math.sin(angle) - 0.25] : [0.5 - Math.cos(angle), 0.25 - Math.sin(angle)];
    return [x * 0.6 + r() * 0.15, y * 0.75 + r() * 0.15, up ? 0 : 1];
  },
  circles: (i, r) => {
    const angle = i * 2.4, inner = i % 2, far = inner ? 0.35 : 0.8;
    return [far * Math.cos(angle) + r() * 0.12, far * Math.sin(angle) + r() * 0.12, inner];
  },
  xor: i => [[-0.5, -0.5, 0], [0.5, 0.5, 0], [-0.5, 0.5, 1], [0.5, -0.5, 1]][i % 4],
  spirals: i => {
    const t = i / COUNT, angle = t * 9 + (i % 2) * Math.PI, far = 0.1 + t * 0.8;
    return [far * Math.cos(angle), far * Math.sin(angle), i % 2];
  },
  classes: (i, r) => {
    const kind = i % 3, angle = kind * 2.1 + 0.5;
    return [0.5 * Math.cos(angle) + r() * 0.5, 0.5 * Math.sin(angle) + r() * 0.5, kind];
  },
  regression: (i, r) => {
    const x = (2 * i) / COUNT - 1;
    return [x * 0.9, Math.sin(3 * x) * 0.6 + r() * 0.3, null];
  },
};

/** The picture of a set; a letter or a sign where it has no points. */
export function sketch(name) {
  const place = SETS[name];
  if (!place) {
    const sign = { digits: "3", points: "✎", csv: "▦" }[name] ?? "◦";
    return element("span", { class: "blank", "aria-hidden": "true", text: sign });
  }
  const canvas = element("canvas", { width: SIZE, height: SIZE, "aria-hidden": "true" });
  const context = canvas.getContext("2d");
  const drawn = chance(7), count = name === "xor" ? 4 : COUNT;
  for (let i = 0; i < count; i++) {
    const [x, y, kind] = place(i, drawn);
    context.beginPath();
    context.arc(((x + 1) * SIZE) / 2, ((1 - y) * SIZE) / 2, count === 4 ? 10 : 3.6, 0, 7);
    context.fillStyle = kind === null ? ofSign(-1) : ofClass(kind);
    context.fill();
  }
  return canvas;
}
