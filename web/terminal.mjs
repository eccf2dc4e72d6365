// The 256 colours of terminals as they are legible on our pages: what web/src/terminal.css uses.

const contrastMin = 4.5; // of WCAG 2.2, AA

/** As src/pages/terminal_style.cpp has them. */
const basic = [
  "000000", "cd3131", "0dbc79", "e5e510", "2472c8", "bc3fbc", "11a8cd", "e5e5e5",
  "666666", "f14c4c", "23d18b", "f5f543", "3b8eea", "d670d6", "29b8db", "ffffff",
].map((hex) => [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)));
const steps = [0, 95, 135, 175, 215, 255];
const cube = steps.flatMap((red) => steps.flatMap((green) => steps.map((blue) => [red, green, blue])));
const greys = Array.from({ length: 24 }, (_, n) => Array(3).fill(8 + 10 * n));
const shades = [...basic, ...cube, ...greys];

const hexOf = (shade) => `#${shade.map((value) => Math.round(value).toString(16).padStart(2, "0")).join("")}`;

function luminance(shade) {
  const [red, green, blue] = shade.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a, b) {
  const [less, more] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (more + 0.05) / (less + 0.05);
}

/** The shade, mixed with as much of `end` as makes it legible on each of the grounds. */
function legible(shade, end, grounds) {
  for (let part = 0; part <= 1; part += 0.02) {
    const mixed = shade.map((value, at) => Math.round(value + (end[at] - value) * part));
    if (grounds.every((ground) => contrast(mixed, ground) >= contrastMin)) return mixed;
  }
  throw new Error(`nothing is legible on ${grounds.map(hexOf).join(", ")}`);
}

/** What text stands on, in the theme that begins in the style sheet with `--bg: BG`. */
function groundsOf(style, background) {
  const theme = style.slice(style.indexOf(`--bg: ${background}`));
  return ["card", "line-on", "accent-soft"].map((name) => {
    const hex = new RegExp(`--${name}: #([0-9a-f]+)`).exec(theme)?.[1];
    if (!hex) throw new Error(`the style sheet has no --${name}`);
    const whole = hex.length === 3 ? [...hex].map((digit) => digit + digit).join("") : hex;
    return [0, 2, 4].map((at) => Number.parseInt(whole.slice(at, at + 2), 16));
  });
}

/** `style`: the text of style.css, whose grounds are what text stands on. */
export function terminalStyle(style) {
  const [black, white] = [basic[0], basic[15]];
  const [light, dark] = [groundsOf(style, "#fbfbf9"), groundsOf(style, "#111514")];
  const rows = shades.flatMap((shade, n) => {
    const on = contrast(black, shade) > contrast(white, shade) ? "#000" : "#fff";
    const text = n < basic.length ? [] : [`.f${n} { --l: ${hexOf(legible(shade, black, light))}; --d: ${hexOf(legible(shade, white, dark))}; }`];
    return [...text, `.b${n} { --g: ${hexOf(shade)}; --t: ${on}; }`];
  });
  // Behind all grounds, whose own colour of text they replace.
  return `${[...rows, ...shades.map((shade, n) => `.o${n} { --t: ${hexOf(shade)}; }`)].join("\n")}\n`;
}
