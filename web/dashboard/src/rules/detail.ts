/** One category: its name, place, rating, what departments say of it, and its rules. */
import { categoryRatings, type Rating, type RuleTree } from "@reteamz/core";
import type { Judge, Survey } from "../judging.ts";
import { button, labelled, made, select } from "../making.ts";
import { RATINGS } from "./outline.ts";
import { ruleEditor } from "./pattern.ts";
import * as edit from "./tree.ts";

export type Department = { id: string; name: string };

/** What the panel needs of the page. `change` takes the next tree; with "typing" the panel stays as it is, for somebody types in it. */
export type DetailHost = {
  tree: () => RuleTree;
  survey: () => Survey | null;
  judge: Judge;
  departments: Department[];
  mayEdit: boolean;
  change: (tree: RuleTree, how?: "typing") => void;
  choose: (id: number | null) => void;
};

export function detail(id: number, host: DetailHost): HTMLElement {
  const category = edit.categoryOf(host.tree(), id);
  const panel = made("div", "rule-detail");
  if (!category) return panel;
  const path = made("h2", "card-title", edit.pathOf(host.tree(), id));
  path.id = "detail-title";
  panel.append(
    made("div", "card-header", path),
    made("div", "card-body", form(id, host), overrides(id, host), rules(id, host)),
  );
  return panel;
}

function form(id: number, host: DetailHost): HTMLElement {
  const category = edit.categoryOf(host.tree(), id);
  const box = made("div", "detail-form");
  if (!category) return box;
  const name = made("input", "form-control");
  name.value = category.name;
  name.maxLength = 200;
  name.autocomplete = "off";
  name.readOnly = !host.mayEdit;
  name.addEventListener("input", () =>
    host.change(edit.changeCategory(host.tree(), id, { name: name.value }), "typing"),
  );
  box.append(labelled("Name", name));
  const moving = edit.within(host.tree(), id);
  const parent = select(
    [["", "at the top"], ...paths(host.tree()).filter(([one]) => !moving.has(Number(one)))],
    String(category.parent ?? ""),
    host.mayEdit,
    (value) => host.change(edit.moveCategory(host.tree(), id, value ? Number(value) : null)),
  );
  box.append(labelled("Below", parent), rating(id, host));
  if (!host.mayEdit) return box;
  const add = button("btn btn-sm", "Add a category below", () => {
    const added = edit.addCategory(host.tree(), id, "New category");
    host.change(added.tree);
    host.choose(added.id);
  });
  const remove = button("btn btn-sm btn-ghost-danger", "Delete", () => {
    host.change(edit.removeCategory(host.tree(), id));
    host.choose(category.parent);
  });
  const count = moving.size - 1;
  remove.title = count ? `Deletes ${count} ${count === 1 ? "category" : "categories"} below as well` : "";
  box.append(made("div", "row-actions", add, remove));
  return box;
}

function rating(id: number, host: DetailHost): HTMLElement {
  const category = edit.categoryOf(host.tree(), id);
  const inherited = category?.parent ? (categoryRatings(host.tree()).get(category.parent) ?? null) : null;
  const word = RATINGS.find((one) => one.rating === inherited)?.word.toLowerCase() ?? "none";
  const nothing = category?.parent ? `as above: ${word}` : "no rating";
  return labelled(
    "Rating",
    ratingSelect(nothing, category?.rating ?? null, host.mayEdit, (chosen) =>
      host.change(edit.changeCategory(host.tree(), id, { rating: chosen })),
    ),
  );
}

function ratingSelect(
  nothing: string,
  chosen: Rating | null,
  mayEdit: boolean,
  changed: (rating: Rating | null) => void,
): HTMLSelectElement {
  return select(
    [["", nothing], ...RATINGS.map((one): [string, string] => [String(one.rating), `${one.sign} ${one.word}`])],
    String(chosen ?? ""),
    mayEdit,
    (value) => changed(value ? (Number(value) as Rating) : null),
  );
}

function overrides(id: number, host: DetailHost): HTMLElement {
  const box = made("details", "detail-overrides");
  if (!host.departments.length) return box;
  const tree = host.tree();
  const given = tree.overrides.filter((one) => one.category === id);
  box.open = given.length > 0;
  box.append(made("summary", "", `Otherwise in departments${given.length ? ` (${given.length})` : ""}`));
  for (const department of host.departments) {
    const chosen = given.find((one) => one.department === department.id)?.rating ?? null;
    const field = ratingSelect("as everywhere", chosen, host.mayEdit, (value) =>
      host.change(edit.override(host.tree(), department.id, id, value)),
    );
    box.append(labelled(department.name, field));
  }
  return box;
}

function rules(id: number, host: DetailHost): HTMLElement {
  const box = made("section", "detail-rules", made("h3", "", "Rules"));
  const found = edit.rulesOf(host.tree(), id);
  if (!found.length)
    box.append(
      made("p", "text-secondary", "No rule yet. A rule is an expression; names in which it is found belong here."),
    );
  for (const { rule, place } of found) {
    const host_ = {
      judge: host.judge,
      mayEdit: host.mayEdit,
      changed: (next: typeof rule) => host.change(edit.changeRule(host.tree(), place, next), "typing"),
    };
    const prefer = button("btn btn-sm", "Let it win", () => host.change(edit.preferRule(host.tree(), place)));
    prefer.title = "Of rules whose categories are equally deep, the last one wins. This makes it the last one.";
    const remove = button("btn btn-sm btn-ghost-danger", "Delete", () =>
      host.change(edit.removeRule(host.tree(), place)),
    );
    remove.setAttribute("aria-label", "Delete the rule");
    const moving = select(paths(host.tree()), String(id), host.mayEdit, (value) => {
      host.change(edit.changeRule(host.tree(), place, { category: Number(value) }));
      host.choose(Number(value));
    });
    moving.setAttribute("aria-label", "Category of the rule");
    moving.classList.add("form-select-sm");
    const actions = [moving, prefer, remove];
    const item = made("article", "rule", ruleEditor(rule, host_, actions), outcome(place, host.survey()));
    item.dataset.rule = String(place);
    box.append(item);
  }
  if (host.mayEdit)
    box.append(
      button("btn", "Add a rule", () => {
        const tree = host.tree();
        host.change(edit.addRule(tree, { category: id, fields: [], pattern: "", ignore_case: true }));
        const patterns = document.querySelectorAll<HTMLInputElement>(".rule-detail .pattern-field");
        patterns[patterns.length - 1]?.focus();
      }),
    );
  return box;
}

/** How many names a rule decides, with some of them. */
export function outcome(place: number, survey: Survey | null): HTMLElement {
  const box = made("div", "rule-outcome text-secondary");
  const found = survey?.rules[place];
  if (!found) return box;
  box.append(`Decides ${found.count} ${found.count === 1 ? "name" : "names"}`);
  if (found.samples.length) box.append(": ");
  for (const [at, sample] of found.samples.entries()) box.append(at ? ", " : "", made("span", "sample", sample));
  if (found.count > found.samples.length) box.append(" …");
  return box;
}

/** Every category as a choice, with the names above it. */
function paths(tree: RuleTree): [string, string][] {
  return tree.categories.map((one) => [String(one.id), edit.pathOf(tree, one.id)]);
}
