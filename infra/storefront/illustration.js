/** A woven pattern for a product without a picture, derived from its sku. */
const SVG = "http://www.w3.org/2000/svg";
const PALETTES = [
  ["#0b6b4f", "#f2c14e", "#fdf6e3"], ["#8c2f1b", "#f0a35e", "#fff3e6"], ["#1d4e89", "#f7b32b", "#eef4fb"],
  ["#5b2a86", "#e5989b", "#f8f0fb"], ["#2f4858", "#86bbd8", "#f1f6f9"], ["#7a4419", "#d4a373", "#fbf3ea"],
];
const CELL = 20;
const MOTIFS = [
  (x, y) => `M${x} ${y}h${CELL}l-${CELL} ${CELL}z`,
  (x, y) => `M${x + 10} ${y + 1}l9 9l-9 9l-9 -9z`,
  (x, y) => `M${x + 2} ${y + 10}a8 8 0 1 0 16 0a8 8 0 1 0 -16 0z`,
  (x, y) => `M${x} ${y + 4}h${CELL}v4h-${CELL}zM${x} ${y + 12}h${CELL}v4h-${CELL}z`,
  (x, y) => `M${x} ${y + CELL}l10 -${CELL}l10 ${CELL}z`,
];
const HEART = "M60 70C30 50 40 26 60 40C80 26 90 50 60 70z";

function shape(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

function seedOf(text) {
  let seed = 0x811c9dc5;
  for (const character of text) seed = Math.imul(seed ^ character.codePointAt(0), 0x01000193);
  return (seed ^ (seed >>> 15)) >>> 0;
}

/** Decorative: hidden from assistive technology. */
export function illustration(product) {
  const seed = seedOf(product.sku);
  const [dark, warm, ground] = PALETTES[seed % PALETTES.length];
  const motifs = [MOTIFS[seed % 5], MOTIFS[(seed >>> 3) % 5], MOTIFS[(seed >>> 6) % 5]];
  const picture = shape("svg", { viewBox: "0 0 120 100", preserveAspectRatio: "xMidYMid slice", "aria-hidden": "true", class: "picture" });
  picture.append(shape("rect", { width: 120, height: 100, fill: ground }));
  for (let row = 0; row < 5; row += 1) {
    const motif = motifs[Math.min(row, 4 - row)]; // mirrored, as on a loom
    const path = Array.from({ length: 6 }, (_, column) => motif(column * CELL, row * CELL)).join("");
    picture.append(shape("path", { d: path, fill: row % 2 === 0 ? dark : warm }));
  }
  if (product.amount === null) {
    picture.append(shape("circle", { cx: 60, cy: 50, r: 32, fill: ground }), shape("path", { d: HEART, fill: dark }));
  }
  return picture;
}
