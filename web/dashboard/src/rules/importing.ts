/** Import of ActivityWatch's categories: a file is read here, shown with what is wrong in it, and joined to the tree. */
import { type Imported, importCategories, type RuleTree } from "@reteamz/core";
import { ask, byId, onClick, told } from "../dom.ts";
import { made } from "../making.ts";
import { badge } from "./outline.ts";
import { below, rulesOf } from "./tree.ts";

/** Let the button open the dialog; `take` gets the categories that were chosen. */
export function startImport(take: (tree: RuleTree) => void): void {
  let found: Imported | null = null;
  const field = byId<HTMLInputElement>("import-file");
  const read = async (file: File | undefined): Promise<void> => {
    found = null;
    let shown: HTMLElement[] = [];
    try {
      if (file) found = importCategories(await file.text());
      if (found) shown = preview(found);
    } catch (error) {
      shown = [made("p", "import-problems", told(error))];
    }
    byId("import-preview").replaceChildren(...shown);
    byId<HTMLButtonElement>("import-take").disabled = !found?.tree.categories.length;
  };
  field.addEventListener("change", () => void read(field.files?.[0]));
  const zone = byId("import-drop");
  zone.addEventListener("dragover", (event) => event.preventDefault());
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    void read(event.dataTransfer?.files[0]);
  });
  onClick(byId("rules-import"), () => {
    field.value = "";
    void read(undefined);
    ask("import-dialog", async () => {
      if (found) take(found.tree);
      return "close";
    });
  });
}

/** The tree that would be added, and below it what is left out and why. */
function preview({ tree, left_out }: Imported): HTMLElement[] {
  const parts: HTMLElement[] = [];
  if (tree.categories.length) {
    const count = `Categories: ${tree.categories.length}, rules: ${tree.rules.length}`;
    parts.push(made("p", "m-0", count), level(tree, null));
  }
  if (left_out.length) {
    const list = made("ul", "import-problems");
    for (const { category, pattern, reason } of left_out)
      list.append(
        made("li", "", made("strong", "", category.join(" › ")), ": ", reason, " ", made("code", "", pattern)),
      );
    parts.push(list);
  }
  return parts;
}

function level(tree: RuleTree, parent: number | null): HTMLElement {
  const list = made("ul", "outline outline-plain");
  for (const category of below(tree, parent)) {
    const patterns = rulesOf(tree, category.id).map(({ rule }) => made("code", "sample", rule.pattern));
    const item = made("li", "", made("span", "outline-row", badge(category.rating), category.name, ...patterns));
    if (below(tree, category.id).length) item.append(level(tree, category.id));
    list.append(item);
  }
  return list;
}
