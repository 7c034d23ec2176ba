// The words of the page come from the server, translated; numbers are written as the language does.

let dictionary = {};
let language = "en";

/** Take the words of a language, and put them where the page says `data-word`. */
export function take(words, lang) {
  dictionary = words;
  language = lang;
  document.documentElement.lang = lang;
  for (const place of document.querySelectorAll("[data-word]")) {
    place.textContent = word(place.dataset.word);
  }
  for (const place of document.querySelectorAll("[data-name]")) {
    place.setAttribute("aria-label", word(place.dataset.name));
  }
}

export const lang = () => language;

/** The text of that key; the values come where it has {}. */
export function word(key, ...values) {
  const text = dictionary[key] ?? key;
  let next = 0;
  return text.replace(/\{(\d*)\}/g, (_, place) => values[place === "" ? next++ : Number(place)] ?? "");
}

/** A number for reading: four digits that count, the sign of the language, a true minus. */
export function shown(value, digits = 3) {
  if (value === null || value === undefined) return "–";
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const text =
    size !== 0 && (size < 1e-3 || size >= 1e5) ? powered(value.toExponential(1)) : value.toFixed(digits);
  const local = language === "es" ? text.replace(".", ",") : text;
  return local.replace(/-/g, "−");
}

/** 3.1e-5 as 3.1·10⁻⁵. */
function powered(text) {
  const [mantissa, power] = text.split("e");
  return `${mantissa}·10${[...power.replace("+", "")].map(sign => (sign === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign])).join("")}`;
}

/** A count: 4504 and 214 000, or 4,504 and 214,000. */
export function counted(value) {
  const [mark, least] = language === "es" ? ["\u202f", 5] : [",", 4];
  const digits = String(Math.round(value));
  return digits.length < least ? digits : digits.replace(/\B(?=(\d{3})+$)/g, mark);
}

/** A setting such as 0.03, as short as it can be. */
export function short(value) {
  const text = String(Number(Number(value).toPrecision(4)));
  return (language === "es" ? text.replace(".", ",") : text).replace("-", "−");
}
