// What language a text without a name is in, by its signs: src/model/language_signs.txt, which the service has too, and
// src/model/guess.hpp says how they are found. A test has both guess at the same texts.

/** So much of a text is looked at. */
export const LOOKED_AT = 8192;
const STYLED = /\x1b\[[\d;:]*m/;
const SURE = 7;
const LEAD = 1.25;
const AGAIN = 0.3;
const COUNTED = 3;
const OWN = 4;

const TEXT_BEGINS = "\\A";
const LINE_BEGINS = "\\^";
const FLUSH = "\\0";
const TABBED = "\\t";
const LINE_ENDS = "\\$";
const ANY_WORD = "\\w";
const NUMBER = "\\d";
const CLASSES = [TEXT_BEGINS, LINE_BEGINS, FLUSH, TABBED, LINE_ENDS, ANY_WORD, NUMBER];
const STRINGS = ['""', "''", "``"];

interface Node {
  next: Map<string, Node>;
  ends: [sign: number, part: number][];
}

interface Sign {
  language: number;
  weight: number;
  parts: number;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isWord(code: number): boolean {
  return isDigit(code) || (code >= 65 && code <= 90) || code === 95 || (code >= 97 && code <= 122) || code >= 128;
}

function newNode(): Node {
  return { next: new Map(), ends: [] };
}

/** Cuts a text into tokens. */
class Cutter {
  private readonly out: string[] = [TEXT_BEGINS];
  private at = 0;
  private started = false; // something of this line has come

  constructor(
    private readonly text: string,
    private readonly operatorAt: (text: string, at: number) => string,
  ) {}

  cut(): string[] {
    let line = 0;
    while (this.at < this.text.length) {
      const c = this.text[this.at];
      if (c === "\n") {
        this.endLine();
        line = ++this.at;
      } else if (c === " " || c === "\t" || c === "\r") {
        ++this.at;
      } else {
        const first = !this.started;
        if (first) this.out.push(this.text[line] === "\t" ? TABBED : this.at === line ? FLUSH : LINE_BEGINS);
        this.started = true;
        if (isWord(this.code(this.at))) this.word();
        else if (!this.comment(first)) this.string() || this.operator();
      }
    }
    this.endLine();
    return this.out;
  }

  private code(at: number): number {
    return this.text.charCodeAt(at);
  }

  private isBlank(at: number): boolean {
    return at >= this.text.length || " \t\r\n".includes(this.text[at] as string);
  }

  private endLine(): void {
    if (this.started) this.out.push(LINE_ENDS);
    this.started = false;
  }

  /** A token, whose rest up to the end of the line, or up to and with `until`, is passed over. */
  private passOver(token: string, until?: string): true {
    this.out.push(token);
    const found = this.text.indexOf(until ?? "\n", this.at + token.length);
    this.at = found < 0 ? this.text.length : found + (until?.length ?? 0);
    return true;
  }

  private word(): void {
    const begin = this.at;
    const number = isDigit(this.code(begin));
    while (isWord(this.code(this.at)) || (number && this.text[this.at] === "." && isDigit(this.code(this.at + 1)))) ++this.at;
    this.out.push(number ? NUMBER : this.text.slice(begin, this.at));
  }

  private comment(first: boolean): boolean {
    const { text, at } = this;
    const c = text[at] as string;
    if (first && (c === ";" || c === "%" || c === "'") && this.isBlank(at + 1)) return this.passOver(c);
    if (c === "#" && (first || this.isBlank(at - 1)) && (this.isBlank(at + 1) || (first && text[at + 1] === "!"))) return this.passOver(c);
    const operator = this.operatorAt(text, at);
    switch (operator) {
      case "```":
      case '"""':
      case "'''":
        return this.passOver(operator, operator);
      case "//":
        return text[at - 1] !== ":" && this.passOver(operator);
      case "--":
        return this.isBlank(at + 2) && this.passOver(operator);
      case "/*":
        return this.passOver(operator, "*/");
      case "<!--":
        return this.passOver(operator, "-->");
      case "(*":
        return this.isBlank(at + 2) && this.passOver(operator, "*)");
      case "{-":
        return this.isBlank(at + 2) && this.passOver(operator, "-}");
      default:
        return false;
    }
  }

  private string(): boolean {
    const { text, at } = this;
    const c = text[at] as string;
    if (!(c === '"' || c === "`" || (c === "'" && !(at > 0 && isWord(this.code(at - 1)))))) return false;
    let end = at + 1;
    while (end < text.length && text[end] !== c && text[end] !== "\n") end += text[end] === "\\" ? 2 : 1;
    if (text[end] !== c) return false;
    this.out.push(c + c);
    this.at = end + 1;
    return true;
  }

  private operator(): void {
    const operator = this.operatorAt(this.text, this.at);
    this.out.push(operator);
    this.at += operator.length;
  }
}

export class Guesser {
  private readonly languages: { name: string; of: string | null }[] = [];
  private readonly signs: Sign[] = [];
  private readonly exact = newNode();
  private readonly folded = newNode();
  private readonly operators = new Map<string, string[]>(); // by their first character

  /** `table`: the text of the table of signs. */
  constructor(table: string) {
    let heading = "";
    let root = this.exact;
    for (const line of table.split("\n")) {
      if (line.startsWith("#") || !line.trim()) continue;
      if (!line.startsWith(" ")) {
        const [name = "", flag, of] = line.split(" ");
        heading = name;
        root = flag === "i" ? this.folded : this.exact;
        if (heading !== "operators") this.languages.push({ name, of: flag === "of" && of ? of : null });
      } else if (heading === "operators") {
        for (const operator of line.trim().split(" ")) this.addOperator(operator);
      } else {
        const [, weight, signs] = /^ +(-?\d+) (.+)$/.exec(line) ?? [];
        if (!signs) throw new Error(`a row of signs cannot be read: ${line}`);
        for (const sign of signs.split(" | ")) this.addSign(root, Number(weight), sign);
      }
    }
  }

  /** The language's name, or null when the signs do not tell. */
  guess(text: string): string | null {
    // What a terminal has shown is no program, whatever program it shows.
    if (STYLED.test(text.slice(0, LOOKED_AT))) return null;
    const [best, second] = this.weigh(text);
    if (!best || best.weight < SURE || best.weight < (second?.weight ?? 0) * LEAD) return null;
    return best.name;
  }

  /** What each language's signs weigh together, the greatest first. */
  weigh(text: string): { name: string; weight: number }[] {
    const counts = this.count(this.tokens(text.slice(0, LOOKED_AT)));
    const weights = this.languages.map(({ name }) => ({ name, weight: 0 }));
    this.signs.forEach(({ language, weight }, sign) => {
      const count = counts[sign] as number;
      const row = weights[language];
      if (count && row) row.weight += weight * (1 + AGAIN * (Math.min(count, COUNTED) - 1));
    });
    this.languages.forEach(({ of }, index) => {
      const base = of && weights[this.languages.findIndex(({ name }) => name === of)];
      const row = weights[index];
      if (!base || !row) return;
      if (row.weight >= OWN) {
        row.weight += Math.max(0, base.weight);
        base.weight = 0;
      } else {
        row.weight = 0;
      }
    });
    return weights.sort((a, b) => b.weight - a.weight);
  }

  tokens(text: string): string[] {
    return new Cutter(text, (all, at) => this.operatorAt(all, at)).cut();
  }

  private addOperator(operator: string): void {
    const first = operator[0] as string;
    const list = this.operators.get(first) ?? [];
    list.push(operator);
    this.operators.set(first, list);
  }

  private operatorAt(text: string, at: number): string {
    const c = text[at] as string;
    return this.operators.get(c)?.find((operator) => text.startsWith(operator, at)) ?? c;
  }

  private addSign(root: Node, weight: number, sign: string): void {
    const parts = sign.split(" … ");
    const id = this.signs.push({ language: this.languages.length - 1, weight, parts: parts.length }) - 1;
    parts.forEach((part, index) => {
      let node = root;
      for (const token of part.split(" ").flatMap((piece) => this.tokensOfSign(piece))) {
        const next = node.next.get(token) ?? newNode();
        node.next.set(token, next);
        node = next;
      }
      node.ends.push([id, index]);
    });
  }

  private tokensOfSign(piece: string): string[] {
    if (CLASSES.includes(piece) || STRINGS.includes(piece)) return [piece];
    const text = piece === "\\|" || piece === "\\\\" ? piece.slice(1) : piece;
    const tokens: string[] = [];
    for (let at = 0; at < text.length; ) {
      let end = at;
      while (isWord(text.charCodeAt(end))) ++end;
      if (end === at) end += this.operatorAt(text, at).length;
      tokens.push(text.slice(at, end));
      at = end;
    }
    return tokens;
  }

  /** How often each sign is there. */
  private count(tokens: string[]): Uint16Array {
    const counts = new Uint16Array(this.signs.length);
    const reached = new Map<number, { line: number; part: number; end: number }>();
    let line = 0;
    const found = (sign: number, part: number, begin: number, end: number) => {
      const { parts } = this.signs[sign] as Sign;
      const before = reached.get(sign);
      if (part > 0 && !(before && before.line === line && before.part === part - 1 && before.end <= begin)) return;
      if (part < parts - 1) reached.set(sign, { line, part, end });
      else counts[sign] = (counts[sign] as number) + 1;
    };
    const walk = (node: Node, at: number, begin: number, fold: boolean) => {
      for (const [sign, part] of node.ends) found(sign, part, begin, at);
      const token = tokens[at];
      if (token === undefined) return;
      const step = (key: string) => {
        const next = node.next.get(key);
        if (next) walk(next, at + 1, begin, fold);
      };
      step(fold && !CLASSES.includes(token) ? token.toLowerCase() : token);
      if (token === FLUSH || token === TABBED) step(LINE_BEGINS);
      else if (isWord(token.charCodeAt(0))) step(ANY_WORD);
    };
    tokens.forEach((token, at) => {
      if (token === FLUSH || token === LINE_BEGINS || token === TABBED) ++line;
      walk(this.exact, at, at, false);
      walk(this.folded, at, at, true);
    });
    return counts;
  }
}
