/** Exclusions: windows that are hidden or skipped, those of a scope's own and those that it takes from above. */
import type { Effect, Exclusion, Settings } from "@reteamz/core";
import type { Judge } from "../judging.ts";
import { button, made, select } from "../making.ts";
import { ruleEditor } from "../rules/pattern.ts";

type Host = { judge: Judge; mayEdit: boolean; put: (exclusions: Exclusion[], how?: "typing") => void };

const EFFECTS: [Effect, string][] = [
  ["hide", "keep the time alone"],
  ["skip", "keep nothing at all"],
];

/** The exclusions of a scope's own, which can be changed, and of the layers above. */
export function exclusions(own: Exclusion[], layers: [string, Settings][], host: Host): HTMLElement {
  const box = made("section", "detail-rules policy-exclusions", made("h3", "", "Exclusions"));
  box.append(
    made(
      "p",
      "text-secondary",
      "Windows in whose names an expression is found. Exclusions of all levels hold together.",
    ),
  );
  for (const [name, { exclusions: theirs }] of layers)
    for (const one of theirs) {
      const told = made("span", "", made("code", "", one.pattern), ` – ${wordOf(one.effect)}`);
      box.append(made("p", "policy-above", told, made("span", "text-secondary", ` · from ${name}`)));
    }
  let current = own;
  const put = (some: Exclusion[], how?: "typing") => {
    current = some;
    host.put(some, how);
  };
  for (const [place, one] of own.entries()) {
    const changed = (change: Partial<Exclusion>) =>
      put(
        current.map((other, at) => (at === place ? { ...other, ...change } : other)),
        "typing",
      );
    const effect = select(EFFECTS, one.effect, host.mayEdit, (value) => changed({ effect: value as Effect }));
    effect.setAttribute("aria-label", "What is done");
    effect.classList.add("form-select-sm");
    const remove = button("btn btn-sm btn-ghost-danger", "Delete", () => put(current.filter((_, at) => at !== place)));
    remove.setAttribute("aria-label", "Delete the exclusion");
    const { fields, pattern, ignore_case } = one;
    const rule = { category: 0, fields, pattern, ignore_case };
    const editor = ruleEditor(
      rule,
      { judge: host.judge, mayEdit: host.mayEdit, changed: ({ category: _, ...change }) => changed(change) },
      [effect, remove],
    );
    const item = made("article", "rule", editor);
    if (!host.mayEdit) item.append(made("p", "text-secondary m-0", wordOf(one.effect)));
    box.append(item);
  }
  if (host.mayEdit)
    box.append(
      button("btn", "Add an exclusion", () => {
        put([...current, { fields: [], pattern: "", ignore_case: true, effect: "hide" }]);
        const fields = document.querySelectorAll<HTMLInputElement>(".policy-exclusions .pattern-field");
        fields[fields.length - 1]?.focus();
      }),
    );
  else if (!own.length) box.append(made("p", "text-secondary m-0", "None of its own."));
  return box;
}

function wordOf(effect: Effect): string {
  return EFFECTS.find(([one]) => one === effect)?.[1] ?? "";
}
