/** The tree of categories as a list of buttons, each with the sign of its rating and the number of names that it decides. */
import { type Category, categoryRatings, type Rating, type RuleTree } from "@reteamz/core";
import type { Survey } from "../judging.ts";
import { button, made } from "../making.ts";
import { below, rulesOf, within } from "./tree.ts";

export const RATINGS: { rating: Rating; word: string; sign: string }[] = [
  { rating: 2, word: "Productive", sign: "+" },
  { rating: 1, word: "Neutral", sign: "○" },
  { rating: 0, word: "Unproductive", sign: "−" },
];

/** The sign of a rating, with its word for those who do not see it. */
export function badge(rating: Rating | null): HTMLElement {
  const found = RATINGS.find((one) => one.rating === rating);
  const sign = made("span", `rating-badge rating-badge-${rating ?? "none"}`, found?.sign ?? "·");
  sign.title = found?.word ?? "No rating";
  sign.setAttribute("role", "img");
  sign.setAttribute("aria-label", found?.word ?? "No rating");
  return sign;
}

/** The whole tree; `choose` is called with the category that somebody picks. */
export function outline(
  tree: RuleTree,
  selected: number | null,
  survey: Survey | null,
  choose: (id: number) => void,
): HTMLElement {
  const ratings = categoryRatings(tree);
  const level = (parent: number | null): HTMLElement => {
    const list = made("ul", "outline");
    for (const category of below(tree, parent)) {
      const item = made("li", "", row(category));
      if (below(tree, category.id).length) item.append(level(category.id));
      list.append(item);
    }
    return list;
  };
  const row = (category: Category): HTMLElement => {
    const name = made("span", "outline-name", category.name);
    const found = button("outline-row", "", () => choose(category.id));
    found.append(badge(ratings.get(category.id) ?? null), name);
    if (survey) found.append(made("span", "outline-count", String(decided(tree, survey, category.id))));
    if (category.id === selected) found.setAttribute("aria-current", "true");
    return found;
  };
  return level(null);
}

/** How many names the rules of a category and those below it decide. */
export function decided(tree: RuleTree, survey: Survey, id: number): number {
  let count = 0;
  for (const one of within(tree, id))
    for (const { place } of rulesOf(tree, one)) count += survey.rules[place]?.count ?? 0;
  return count;
}
