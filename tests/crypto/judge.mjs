/** The browser's side of `test_matching.py`: a question a line, an answer a line. */
import { createInterface } from "node:readline";

const core = await import(process.argv[2]);

const ANSWERS = {
  check({ pattern }) {
    try {
      return { stored: core.checkPattern(pattern) };
    } catch (error) {
      return { code: error.code, position: error.position, message: error.message };
    }
  },
  verdicts({ tree, names }) {
    const matcher = new core.Matcher(tree);
    return names.map(([field, name]) => matcher.verdict(field, name));
  },
  /** Every character that has another case in this engine's Unicode. */
  cased() {
    const found = [];
    for (let code = 0; code < 0x110000; code++)
      if (/\p{L}|\p{M}|\p{N}|\p{S}/u.test(String.fromCodePoint(code)) && /\p{Changes_When_Casemapped}|\p{Changes_When_Casefolded}/u.test(String.fromCodePoint(code)))
        found.push(code);
    return found;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  console.log(JSON.stringify(ANSWERS[question.ask](question)));
}
