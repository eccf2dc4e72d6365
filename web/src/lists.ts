// What is written into form fields and is more than it looks: tags with commas, and line ends, which a form field does
// not keep. As src/exchange/input.cpp (split_tags, join_tags) and src/model/line_ends.cpp have it.

/** The tags in a list that is separated by commas. One in double quotes may have commas and blanks; a quote in it is doubled. */
export function splitTags(text: string): string[] {
  const tags: string[] = [];
  let rest = text;
  while (rest) {
    rest = rest.replace(/^ +/, "");
    const quoted = /^"((?:[^"]|"")*)" *(?:,|$)/.exec(rest);
    const found = quoted ?? /^([^,]*?) *(?:,|$)/.exec(rest);
    if (!found) break;
    rest = rest.slice(found[0].length);
    const tag = quoted ? (quoted[1] ?? "").replaceAll('""', '"') : (found[1] ?? "").trim();
    if (tag && !tags.includes(tag)) tags.push(tag);
  }
  return tags;
}

interface Line {
  text: string;
  end: string;
}

function linesOf(text: string): Line[] {
  const lines = [...text.matchAll(/([^\r\n]*)(\r\n|\r|\n)/g)].map(([, line = "", end = ""]) => ({ text: line, end }));
  lines.push({ text: /[^\r\n]*$/.exec(text)?.[0] ?? "", end: "" });
  return lines;
}

/**
 * `shown`, which has line feeds only, with the line ends of `original`, the text that was shown first: a line that is in
 * both has the end that it had, a new one the end that most lines have.
 */
export function restoreLineEnds(shown: string, original: string): string {
  if (!original.includes("\r")) return shown;
  const wanted = shown.split("\n");
  const before = linesOf(original);
  const counts = new Map<string, number>([["\n", 0], ["\r\n", 0], ["\r", 0]]);
  for (const { end } of before) if (end) counts.set(end, (counts.get(end) ?? 0) + 1);
  const common = [...counts].reduce((most, next) => (next[1] > most[1] ? next : most))[0];
  const shared = Math.min(wanted.length, before.length);
  let head = 0;
  while (head < shared && wanted[head] === before[head]?.text) ++head;
  let tail = 0;
  while (tail < shared - head && wanted[wanted.length - 1 - tail] === before[before.length - 1 - tail]?.text) ++tail;
  const known = new Map<string, string[]>();
  for (const { text, end } of before.slice(head, before.length - tail).reverse()) {
    if (!end) continue;
    const ends = known.get(text);
    if (ends) ends.push(end);
    else known.set(text, [end]);
  }
  const endOf = (line: string, at: number): string => {
    if (at < head) return before[at]?.end || common;
    if (at >= wanted.length - tail) return before[before.length - (wanted.length - at)]?.end || common;
    return known.get(line)?.pop() ?? common;
  };
  let returned = false; // what is there so far ends with CR: an LF behind it would make one end of two
  return wanted.map((line, at) => {
    if (at === wanted.length - 1) return line;
    let end = endOf(line, at);
    if (returned && !line && end === "\n") end = "\r\n";
    returned = end === "\r";
    return line + end;
  }).join("");
}
