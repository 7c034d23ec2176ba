// Small tools for elements: no framework, no text read as HTML.

/** Make an element. `attributes` may hold properties of its own ("text"), listeners ("onclick"),
 *  and attributes; one that is null or false is left out. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  setAll(made, attributes);
  made.append(...children.flat().filter(child => child !== null && child !== undefined));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

/** The same for a part of a drawing. */
export function drawn(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  setAll(made, attributes);
  made.append(...children.flat());
  return made;
}

function setAll(made, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") made.textContent = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
}

export const byId = id => document.getElementById(id);

/** Write a text only where it differs, so that nobody is told the same thing twice. */
export function say(where, text) {
  if (where.textContent !== text) where.textContent = text;
}

/** Call at most once for each picture that the screen shows. */
export function perFrame(work) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      work();
    });
  };
}

/** Call when nothing more came for a while. */
export function later(work, milliseconds) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...given), milliseconds);
  };
}

/** A drawing that came from the server as text. Its styles are set one by one, since the policy of
 *  the page lets no style in from a text; what can run or load is left out. */
export function parsedDrawing(text) {
  const safe = text.replace(/<style[\s\S]*?<\/style>/g, "").replace(/\sstyle="/g, ' data-style="');
  const root = new DOMParser().parseFromString(safe, "image/svg+xml").documentElement;
  if (root.localName !== "svg") return null;
  clean(root);
  const svg = document.importNode(root, true);
  for (const part of [svg, ...svg.querySelectorAll("[data-style]")]) {
    if (!part.dataset.style) continue;
    part.style.cssText = part.dataset.style;
    delete part.dataset.style;
  }
  return svg;
}

/** A formula that came from the server as MathML. */
export function parsedFormula(text) {
  // Read as a page, which gives its parts the names of MathML; nothing in it runs or loads.
  const root = new DOMParser().parseFromString(text, "text/html").querySelector("math");
  if (!root) return element("code", { text });
  clean(root);
  return document.importNode(root, true);
}

function clean(root) {
  for (const part of [...root.querySelectorAll("*")]) {
    if (["script", "foreignObject", "iframe", "image"].includes(part.localName)) part.remove();
  }
  for (const part of [root, ...root.querySelectorAll("*")]) {
    for (const { name, value } of [...part.attributes]) {
      const outside = name.endsWith("href") && !value.startsWith("#");
      if (name.startsWith("on") || outside) part.removeAttribute(name);
    }
  }
}
