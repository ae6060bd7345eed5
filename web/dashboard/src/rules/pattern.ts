/** A field for an expression: what is wrong with it stands below, with a mark under the character; what it matches, below that. */
import { checkPattern, PatternError, RULE_FIELDS, type Rule, type RuleField } from "@reteamz/core";
import { type Found, type Judge, JudgeError } from "../judging.ts";
import { button, checkbox, made } from "../making.ts";

const WORDS: Record<RuleField, string> = {
  app: "Applications",
  title: "Titles",
  site: "Sites",
  url: "Addresses",
  doc: "Documents",
};
const WAIT_MS = 200;
const AROUND = 24;

let fields_ = 0;

/** What the field needs of the page. */
export type RuleHost = {
  judge: Judge;
  mayEdit: boolean;
  changed: (rule: Rule) => void;
};

/** Everything of one rule that can be changed; `actions` come after it. */
export function ruleEditor(rule: Rule, host: RuleHost, actions: HTMLElement[]): HTMLElement {
  let current = rule;
  const id = `pattern-${++fields_}`;
  const field = made("input", "form-control pattern-field");
  field.id = id;
  field.value = rule.pattern;
  field.spellcheck = false;
  field.autocomplete = "off";
  field.readOnly = !host.mayEdit;
  field.setAttribute("aria-describedby", `${id}-wrong ${id}-found`);
  const label = made("label", "form-label", "Expression");
  label.htmlFor = id;
  const wrong = made("div", "pattern-wrong");
  wrong.id = `${id}-wrong`;
  wrong.setAttribute("role", "alert");
  const found = made("div", "pattern-found text-secondary");
  found.id = `${id}-found`;
  found.setAttribute("aria-live", "polite");
  const change = (part: Partial<Rule>): void => {
    current = { ...current, ...part };
    host.changed(current);
    tryOut();
  };
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const tryOut = (): void => {
    clearTimeout(waiting);
    const problem = problemOf(current.pattern);
    field.setAttribute("aria-invalid", String(problem !== null));
    wrong.replaceChildren(...(problem ? explain(current.pattern, problem.message, problem.position) : []));
    found.replaceChildren();
    if (problem) return;
    waiting = setTimeout(async () => {
      const asked = current;
      try {
        const matches = await host.judge.trial(asked);
        if (matches && asked === current) found.replaceChildren(...listed(matches));
      } catch (error) {
        if (!(error instanceof JudgeError)) throw error;
        wrong.replaceChildren(...explain(asked.pattern, error.message, error.position ?? 0));
      }
    }, WAIT_MS);
  };
  field.addEventListener("input", () => change({ pattern: field.value }));
  const box = made("div", "rule-editor", label, field, wrong, options(current, host, change), found);
  const tried = button("btn btn-sm", "Try it out", tryOut);
  box.append(made("div", "row-actions", tried, ...(host.mayEdit ? actions : [])));
  return box;
}

/** What is wrong with an expression, told while it is typed. */
function problemOf(pattern: string): PatternError | null {
  try {
    checkPattern(pattern);
    return null;
  } catch (error) {
    if (error instanceof PatternError) return error;
    throw error;
  }
}

/** The sentence, and the expression around the character that is wrong with a mark below it. */
function explain(pattern: string, message: string, position: number): HTMLElement[] {
  const characters = [...pattern.normalize("NFC")];
  const start = Math.max(0, position - AROUND);
  const shown = characters.slice(start, position + AROUND).join("");
  const before = start ? "…" : "";
  const mark = made("pre", "pattern-mark", `${before}${shown}\n${" ".repeat(before.length + position - start)}^`);
  mark.setAttribute("aria-hidden", "true");
  return [made("p", "m-0", message), mark];
}

function options(rule: Rule, host: RuleHost, change: (part: Partial<Rule>) => void): HTMLElement {
  const group = made("fieldset", "rule-options", made("legend", "visually-hidden", "Where it is looked for"));
  let fields = rule.fields.length ? rule.fields : [...RULE_FIELDS];
  for (const name of RULE_FIELDS)
    group.append(
      checkbox(WORDS[name], fields.includes(name), host.mayEdit, (box) => {
        const chosen = RULE_FIELDS.filter((one) => (one === name ? box.checked : fields.includes(one)));
        // A rule looks somewhere: the last one stays.
        if (chosen.length) fields = chosen;
        else box.checked = true;
        change({ fields: fields.length === RULE_FIELDS.length ? [] : fields });
      }),
    );
  group.append(checkbox("Ignore case", rule.ignore_case, host.mayEdit, (box) => change({ ignore_case: box.checked })));
  return group;
}

function listed(found: Found): HTMLElement[] {
  const list = made("ul", "pattern-names");
  for (const { field, name } of found.samples) list.append(made("li", "", badgeOf(field), " ", made("span", "", name)));
  const more = found.count > found.samples.length ? `, the first ${found.samples.length} of them` : "";
  const sentence = `Matches ${found.count} of ${found.names} names${found.count ? more : ""}`;
  return [made("p", "m-0", sentence), list];
}

function badgeOf(field: RuleField): HTMLElement {
  return made("span", "field-badge", field);
}
