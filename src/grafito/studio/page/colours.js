// Blue and orange for signs and two classes, and the further colours of grafito's figures.

// Those of style.css, which a canvas cannot read without stopping the browser at its layout.
const LIGHT = {
  blue: [44, 111, 168], orange: [217, 130, 43], middle: [251, 250, 247],
  ink: "#2b2b2b", paper: "#fbfaf7", card: "#ffffff", line: "#d9d5ca", red: "#b3261e",
};
const DARK = {
  blue: [88, 160, 222], orange: [240, 164, 92], middle: [43, 41, 38],
  ink: "#ece8df", paper: "#1b1a18", card: "#252320", line: "#403d37", red: "#ff9087",
};
const CLASSES = [
  [44, 111, 168], [217, 130, 43], [0, 158, 115], [204, 121, 167], [86, 180, 233],
  [213, 94, 0], [240, 228, 66], [120, 120, 120], [120, 80, 170], [150, 110, 60],
];

let scheme = LIGHT;
const table = new Uint8ClampedArray(256 * 3);

/** Use the colours of the theme that is on. */
export function follow(dark) {
  scheme = dark ? DARK : LIGHT;
  for (let i = 0; i < 256; i++) {
    const t = i / 127.5 - 1;
    const end = t < 0 ? scheme.blue : scheme.orange;
    const part = Math.abs(t) ** 0.85 * 0.92;
    for (let c = 0; c < 3; c++) {
      table[3 * i + c] = scheme.middle[c] + (end[c] - scheme.middle[c]) * part;
    }
  }
}
follow(false);

/** The colours of the page: ink, paper, card, line, red. */
export const theme = () => scheme;

const css = colour => `rgb(${colour.map(Math.round).join(" ")})`;
export const ofSign = value => css(value < 0 ? scheme.blue : scheme.orange);
export const ofClass = index => css(classColour(index));

function classColour(index) {
  if (index === 0) return scheme.blue;
  if (index === 1) return scheme.orange;
  return CLASSES[index % CLASSES.length];
}

/** Fill a canvas with numbers from 0 (blue) to 255 (orange). */
export function paintSigned(canvas, values, rows, columns) {
  paint(canvas, rows, columns, (data, i) => {
    const at = 3 * values[i];
    data[4 * i] = table[at];
    data[4 * i + 1] = table[at + 1];
    data[4 * i + 2] = table[at + 2];
  });
}

/** Fill a canvas with classes: `values` has a picture for each, one after the other. The colour is
 *  that of the likeliest, paler where it is less sure. */
export function paintClasses(canvas, values, count, rows, columns) {
  const size = rows * columns;
  paint(canvas, rows, columns, (data, i) => {
    let best = 0;
    for (let k = 1; k < count; k++) if (values[k * size + i] > values[best * size + i]) best = k;
    const colour = classColour(best);
    const part = 0.1 + 0.75 * Math.max(0, (values[best * size + i] / 255 - 1 / count) / (1 - 1 / count));
    for (let c = 0; c < 3; c++) {
      data[4 * i + c] = scheme.middle[c] + (colour[c] - scheme.middle[c]) * part;
    }
  });
}

/** Fill a canvas with grey, for pictures of digits: 0 is paper, 255 is ink. */
export function paintGrey(canvas, values, rows, columns) {
  const paper = scheme.middle, ink = scheme === DARK ? 235 : 30;
  paint(canvas, rows, columns, (data, i) => {
    for (let c = 0; c < 3; c++) data[4 * i + c] = paper[c] + ((ink - paper[c]) * values[i]) / 255;
  });
}

function paint(canvas, rows, columns, pixel) {
  if (canvas.width !== columns || canvas.height !== rows) {
    canvas.width = columns;
    canvas.height = rows;
  }
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  for (let i = 0; i < rows * columns; i++) {
    pixel(image.data, i);
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}
