/** Changes of a rule tree, each as a new tree; parents stay before their children (spec 12.2). */
import type { Category, Rating, Rule, RuleTree } from "@reteamz/core";

/** A tree without anything. */
export const EMPTY: RuleTree = { categories: [], rules: [], overrides: [] };

export function categoryOf(tree: RuleTree, id: number): Category | undefined {
  return tree.categories.find((category) => category.id === id);
}

/** Categories of a level, in the order of the list. */
export function below(tree: RuleTree, parent: number | null): Category[] {
  return tree.categories.filter((category) => category.parent === parent);
}

/** A category and everything below it. */
export function within(tree: RuleTree, id: number): Set<number> {
  const found = new Set([id]);
  // Parents come first, so one pass finds every generation.
  for (const category of tree.categories)
    if (category.parent !== null && found.has(category.parent)) found.add(category.id);
  return found;
}

/** Names from the top down to a category. */
export function pathOf(tree: RuleTree, id: number): string {
  const category = categoryOf(tree, id);
  if (!category) return "";
  return category.parent === null ? category.name : `${pathOf(tree, category.parent)} › ${category.name}`;
}

/** The rules of a category with their places in the list. */
export function rulesOf(tree: RuleTree, id: number): { rule: Rule; place: number }[] {
  return tree.rules.map((rule, place) => ({ rule, place })).filter(({ rule }) => rule.category === id);
}

export function addCategory(
  tree: RuleTree,
  parent: number | null,
  name: string,
  rating: Rating | null = null,
): { tree: RuleTree; id: number } {
  const id = Math.max(0, ...tree.categories.map((category) => category.id)) + 1;
  return { tree: { ...tree, categories: [...tree.categories, { id, parent, name, rating }] }, id };
}

export function changeCategory(tree: RuleTree, id: number, change: Partial<Category>): RuleTree {
  return { ...tree, categories: tree.categories.map((one) => (one.id === id ? { ...one, ...change } : one)) };
}

/** Put a category below another one, or at the top; a place within itself changes nothing. */
export function moveCategory(tree: RuleTree, id: number, parent: number | null): RuleTree {
  const moving = within(tree, id);
  if (parent !== null && moving.has(parent)) return tree;
  const changed = changeCategory(tree, id, { parent });
  const staying = changed.categories.filter((one) => !moving.has(one.id));
  return { ...changed, categories: [...staying, ...changed.categories.filter((one) => moving.has(one.id))] };
}

/** Take a category away, with everything below it and their rules. */
export function removeCategory(tree: RuleTree, id: number): RuleTree {
  const gone = within(tree, id);
  return {
    categories: tree.categories.filter((one) => !gone.has(one.id)),
    rules: tree.rules.filter((one) => !gone.has(one.category)),
    overrides: tree.overrides.filter((one) => !gone.has(one.category)),
  };
}

/** How a department rates a category; null as the account does. */
export function override(tree: RuleTree, department: string, category: number, rating: Rating | null): RuleTree {
  const others = tree.overrides.filter((one) => one.department !== department || one.category !== category);
  return { ...tree, overrides: rating === null ? others : [...others, { department, category, rating }] };
}

/** Add a rule as the last one, which wins among equals. */
export function addRule(tree: RuleTree, rule: Rule): RuleTree {
  return { ...tree, rules: [...tree.rules, rule] };
}

export function changeRule(tree: RuleTree, place: number, change: Partial<Rule>): RuleTree {
  return { ...tree, rules: tree.rules.map((one, at) => (at === place ? { ...one, ...change } : one)) };
}

export function removeRule(tree: RuleTree, place: number): RuleTree {
  return { ...tree, rules: tree.rules.filter((_, at) => at !== place) };
}

/** Let a rule win among equals. */
export function preferRule(tree: RuleTree, place: number): RuleTree {
  const rule = tree.rules[place];
  return rule ? addRule(removeRule(tree, place), rule) : tree;
}

/** Both trees in one: the second one's categories get new ids. */
export function joined(tree: RuleTree, more: RuleTree): RuleTree {
  const ids = new Map<number, number>();
  let whole = tree;
  for (const category of more.categories) {
    const parent = category.parent === null ? null : (ids.get(category.parent) ?? null);
    const added = addCategory(whole, parent, category.name, category.rating);
    ids.set(category.id, added.id);
    whole = added.tree;
  }
  const rules = more.rules.map((rule) => ({ ...rule, category: ids.get(rule.category) ?? 0 }));
  return { ...whole, rules: [...whole.rules, ...rules] };
}

/** An expression that matches a text literally. */
export function escaped(text: string): string {
  return text.replace(/[\\.^$|?*+()[\]{}]/g, "\\$&");
}
