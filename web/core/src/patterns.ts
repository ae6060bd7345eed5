/** Which expressions rules may use, told without an engine, so that every end refuses the same ones at the same place (spec 12.5). */
import { utf8 } from "./encoding.ts";
import { ReteamzError } from "./errors.ts";
import { SPACES } from "./names.ts";

const BYTES = 4_095;
const REPEAT = 1_000;
const SIZE = 5_000;
const NESTING = 100;
const GROUP = /^\((?:\?(?:(?:[ims]+(?:-[ims]+)?|-[ims]+)(\))|(?:[ims]+(?:-[ims]+)?|-[ims]+)?:)|(?!\?))/;
const COUNT = /^\{(0|[1-9][0-9]{0,5})(?:(,)(0|[1-9][0-9]{0,5})?)?\}/;
const CODE = /^\\x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})/;
/** The longest thing that one of the three finds: `{100000,100000}`. */
const AHEAD = 16;
const CONTROLS: Record<string, number> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };

/** An expression that is not taken; `position` is the offset of the character (code point) that is wrong in its NFC form. */
export class PatternError extends ReteamzError {
  readonly position: number;

  constructor(position: number, reason: string) {
    super("pattern_invalid", `At character ${position + 1}: ${reason}`);
    this.position = position;
  }
}

/** The expression in the form in which it is stored. Raises `pattern_invalid` for what is outside the subset or too large. */
export function checkPattern(pattern: string): string {
  const text = pattern.normalize("NFC");
  const characters = [...text];
  if (!text) throw new PatternError(0, "An empty expression matches everything; write one.");
  for (const position of [0, characters.length - 1])
    if (SPACES.test(characters[position] ?? ""))
      throw new PatternError(position, "A space at the edge is lost; write \\x20.");
  const half = characters.findIndex((character) => !character.isWellFormed());
  if (half >= 0) throw new PatternError(half, "This is half of a character; write the whole one.");
  if (utf8(text).length > BYTES)
    throw new PatternError(0, `The expression is longer than ${BYTES} bytes; split it into several rules.`);
  new Checker(characters).check();
  return text;
}

/** What a repetition would repeat: its size, and how often something in it is repeated at most. */
type Atom = { size: number; repeat: number };
type Group = Atom & { start: number };

class Checker {
  readonly #text: string[];
  #at = 0;
  #group: Group = { start: 0, size: 0, repeat: 1 };
  readonly #outer: Group[] = [];
  #atom: Atom | null = null;
  /** Whether the last thing was a repetition. */
  #repeated = false;

  constructor(text: string[]) {
    this.#text = text;
  }

  check(): void {
    while (this.#at < this.#text.length) this.#step(this.#text[this.#at] as string);
    if (this.#outer.length)
      throw new PatternError(this.#group.start, "The group that opens here is never closed; add ).");
  }

  #step(character: string): void {
    if ("*+?{".includes(character)) {
      this.#repeat(character);
      return;
    }
    this.#repeated = false;
    if (character === "(") this.#open();
    else if (character === ")") this.#close();
    else if (character === "|") {
      this.#atom = null;
      this.#at++;
    } else if ("^$".includes(character)) this.#assertion(1);
    else if (character === "[") this.#class();
    else if (character === "\\") this.#escape();
    else this.#take(1, character === "." ? 4 : 1);
  }

  /** What follows from an offset, as far as any sign reaches. */
  #ahead(at: number): string {
    return this.#text.slice(at, at + AHEAD).join("");
  }

  #take(length: number, size: number): void {
    this.#add({ size, repeat: 1 });
    this.#at += length;
  }

  #assertion(length: number): void {
    this.#add({ size: 1, repeat: 1 });
    this.#atom = null;
    this.#at += length;
  }

  #add(atom: Atom): void {
    this.#group.size += atom.size;
    this.#group.repeat = Math.max(this.#group.repeat, atom.repeat);
    if (this.#group.size > SIZE)
      throw new PatternError(
        this.#at,
        "The expression grows too large here; repeat less, or split it into several rules.",
      );
    this.#atom = atom;
  }

  #open(): void {
    const found = GROUP.exec(this.#ahead(this.#at));
    if (!found)
      throw new PatternError(
        this.#at,
        "Groups of this kind are not taken; write ( or (?:, and no looking ahead, back or names.",
      );
    if (!found[1]) {
      if (this.#outer.length >= NESTING)
        throw new PatternError(this.#at, "Groups are nested too deep here; take some away.");
      this.#outer.push(this.#group);
      this.#group = { start: this.#at, size: 0, repeat: 1 };
    }
    this.#atom = null;
    this.#at += found[0].length;
  }

  #close(): void {
    const outer = this.#outer.pop();
    if (!outer) throw new PatternError(this.#at, "This closes a group that never opened; write \\).");
    const { size, repeat } = this.#group;
    this.#group = outer;
    this.#add({ size, repeat });
    this.#at++;
  }

  #repeat(sign: string): void {
    const start = this.#at;
    let most = 1;
    let length = 1;
    if (sign === "{") {
      const found = COUNT.exec(this.#ahead(start));
      if (!found) throw new PatternError(start, "This begins no repetition such as {2,5}; write \\{.");
      const least = Number(found[1]);
      most = found[3] ? Number(found[3]) : least;
      length = found[0].length;
      if (Math.max(least, most) > REPEAT) throw new PatternError(start, `A repetition counts to ${REPEAT} at most.`);
      if (most < least) throw new PatternError(start, "The counts of this repetition are in the wrong order.");
    }
    if (this.#repeated)
      throw new PatternError(start, "What is repeated already cannot be repeated again; put it into (?: ).");
    const atom = this.#atom;
    if (!atom)
      throw new PatternError(start, "There is nothing before this that could be repeated; write a \\ before it.");
    const times = Math.max(most, 1);
    const repeat = atom.repeat * times;
    if (repeat > REPEAT)
      throw new PatternError(start, `Repetitions inside each other multiply to more than ${REPEAT}.`);
    this.#add({ size: atom.size * (times - 1), repeat });
    this.#at = start + length;
    if (this.#text[this.#at] === "?") this.#at++;
    this.#repeated = true;
    this.#atom = null;
  }

  #escape(): void {
    const following = this.#text[this.#at + 1] ?? "";
    if (/^[dDsSwW]$/.test(following)) this.#take(2, 4);
    else if (/^[bAz]$/.test(following)) this.#assertion(2);
    else this.#take(this.#character(this.#at)[1], 1);
  }

  /** Code point and length of the character at an offset, which may be escaped. */
  #character(at: number): [code: number, length: number] {
    const character = this.#text[at] as string;
    if (character !== "\\") return [character.codePointAt(0) as number, 1];
    const following = this.#text[at + 1] ?? "";
    const control = CONTROLS[following];
    if (control !== undefined) return [control, 2];
    if (/^[ -~]$/.test(following) && !/[0-9A-Za-z]/.test(following)) return [following.codePointAt(0) as number, 2];
    const found = CODE.exec(this.#ahead(at));
    if (found) {
      const code = Number.parseInt(found[1] ?? (found[2] as string), 16);
      if (code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)) return [code, found[0].length];
    }
    throw new PatternError(at, "This escape is not taken; write \\\\ for the character itself.");
  }

  #class(): void {
    const start = this.#at;
    const text = this.#text;
    let at = start + 1;
    if (text[at] === "^") at++;
    if (text[at] === "]") throw new PatternError(at, "A class cannot be empty; write \\] for the character.");
    let items = 0;
    while (text[at] !== "]") {
      if (at >= text.length) throw new PatternError(start, "The class that opens here is never closed; add ].");
      if (text[at] === "[" && /^[:=.]$/.test(text[at + 1] ?? ""))
        throw new PatternError(at, "Named classes are not taken; write \\[ for the character.");
      items++;
      if (text[at] === "\\" && /^[dDsSwW]$/.test(text[at + 1] ?? "")) {
        at += 2;
        continue;
      }
      const [first, length] = this.#character(at);
      let end = at + length;
      if (text[end] === "-" && end + 1 < text.length && text[end + 1] !== "]") {
        const [last, more] = this.#character(end + 1);
        if (last < first) throw new PatternError(at, "The ends of this range are in the wrong order.");
        end += 1 + more;
      }
      at = end;
    }
    this.#take(at + 1 - start, 4 + items);
  }
}
