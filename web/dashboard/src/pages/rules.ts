/** Categories and rules: changed here, signed here, judged here; what leaves this page are tokens. */
import { ReteamzError, type RuleTree } from "@reteamz/core";
import { all, byId, maybe, onClick, show, told } from "../dom.ts";
import { Judge, judgeNew, type Survey } from "../judging.ts";
import { guardChanges } from "../lock.ts";
import { openRulebook, type Rulebook, saveRules } from "../rulebook.ts";
import { type Department, type DetailHost, detail, outcome } from "../rules/detail.ts";
import { startImport } from "../rules/importing.ts";
import { outline } from "../rules/outline.ts";
import * as edit from "../rules/tree.ts";
import { takeWish, type Wish } from "../rules/wish.ts";
import type { Member } from "../shell.ts";
import type { OpenKeys } from "../vault.ts";

const SURVEY_MS = 400;

export function startRules(member: Member): void {
  member.decryptor.whenOpen(() => {
    if (member.keys) void open(member.keys);
  });
}

async function open(keys: OpenKeys): Promise<void> {
  try {
    const book = await openRulebook(keys);
    const editor = new Editor(keys, book);
    editor.start();
    if (editor.mayEdit) editor.begin(await takeWish(keys));
  } catch (error) {
    show(byId("problem"), told(error));
  }
}

/** What somebody sees and changes; nothing is in force before it is signed and saved. */
class Editor {
  readonly #keys: OpenKeys;
  readonly #judge: Judge;
  readonly #host: DetailHost;
  #book: Rulebook;
  #tree: RuleTree;
  #selected: number | null = null;
  #survey: Survey | null = null;
  #waiting: ReturnType<typeof setTimeout> | undefined;

  constructor(keys: OpenKeys, book: Rulebook) {
    this.#keys = keys;
    this.#book = book;
    this.#tree = book.tree;
    this.#judge = new Judge(keys);
    this.#host = {
      tree: () => this.#tree,
      survey: () => this.#survey,
      judge: this.#judge,
      departments: departments(),
      mayEdit: book.maySign && byId("rules-editor").dataset.mayEdit !== undefined,
      change: (tree, how) => this.#change(tree, how),
      choose: (id) => this.#choose(id),
    };
  }

  start(): void {
    byId("rules-locked").hidden = true;
    byId("rules-editor").hidden = false;
    for (const element of all("[data-editing]")) element.hidden = !this.#host.mayEdit;
    onClick(byId("add-category"), () => {
      const added = edit.addCategory(this.#tree, null, "New category");
      this.#change(added.tree);
      this.#choose(added.id);
    });
    onClick(byId("rules-save"), () => this.#save(this.#book.head));
    onClick(byId("rules-discard"), () => this.#discard());
    onClick(byId("conflict-mine"), async () => {
      const theirs = await openRulebook(this.#keys);
      await this.#save(theirs.head);
    });
    onClick(byId("conflict-theirs"), () => this.#load());
    startImport((tree) => {
      this.#change(edit.joined(this.#tree, tree));
      this.#choose(this.#tree.categories.at(-tree.categories.length)?.id ?? null);
    });
    guardChanges(() => this.#tree !== this.#book.tree);
    this.#selected = this.#tree.categories[0]?.id ?? null;
    this.#draw();
    this.#look();
  }

  get mayEdit(): boolean {
    return this.#host.mayEdit;
  }

  /** Begin a rule of a name that somebody saw on another page. */
  begin(wish: Wish | null): void {
    if (!wish) return;
    let { tree, id } = { tree: this.#tree, id: this.#selected };
    if (id === null) ({ tree, id } = edit.addCategory(tree, null, "New category"));
    const rule = { category: id, fields: [wish.field], pattern: edit.escaped(wish.name), ignore_case: true };
    this.#change(edit.addRule(tree, rule));
    this.#choose(id);
    show(
      byId("rules-saved"),
      `A rule for “${wish.name}” was begun in “${edit.pathOf(this.#tree, id)}”. Choose its category beside it before you sign.`,
    );
    const field = all(".rule-detail .pattern-field").at(-1);
    field?.focus();
    field?.dispatchEvent(new Event("input"));
  }

  #change(tree: RuleTree, how?: "typing"): void {
    this.#tree = tree;
    if (how === "typing") this.#drawOutline();
    else this.#draw();
    this.#look();
  }

  #choose(id: number | null): void {
    this.#selected = id ?? this.#tree.categories[0]?.id ?? null;
    this.#draw();
  }

  #draw(): void {
    this.#drawOutline();
    const panel = byId("rules-detail");
    panel.replaceChildren(...(this.#selected === null ? [] : [detail(this.#selected, this.#host)]));
    panel.hidden = this.#selected === null;
  }

  #drawOutline(): void {
    const empty = !this.#tree.categories.length;
    byId("rules-empty").hidden = !empty;
    byId("rules-outline").replaceChildren(
      ...(empty ? [] : [outline(this.#tree, this.#selected, this.#survey, (id) => this.#choose(id))]),
    );
    const unsaved = this.#tree !== this.#book.tree;
    byId("rules-orphaned").hidden = !this.#book.orphaned;
    byId("rules-unsaved").hidden = !unsaved && !(this.#book.orphaned && this.mayEdit);
    byId("rules-unsaved-word").hidden = !unsaved;
    byId("rules-discard").hidden = !unsaved;
  }

  /** Judge every name by the rules as they stand here, and say what each decides. */
  #look(): void {
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(async () => {
      const tree = this.#tree;
      try {
        await this.#judge.rules(tree);
        const survey = await this.#judge.survey();
        if (!survey || tree !== this.#tree) return;
        this.#survey = survey;
        show(byId("rules-summary"), `${survey.decided} of ${survey.names} names are decided by a rule.`);
      } catch (error) {
        this.#survey = null;
        // What is wrong with an expression stands at its field.
        show(
          byId("rules-summary"),
          error instanceof ReteamzError && error.code === "pattern_invalid" ? "" : told(error),
        );
      }
      this.#drawOutline();
      for (const item of all("[data-rule]")) {
        const told_ = outcome(Number(item.dataset.rule), this.#survey);
        item.querySelector(".rule-outcome")?.replaceWith(told_);
      }
    }, SURVEY_MS);
  }

  /** Sign and store what stands here as the version after `previous`. */
  async #save(previous: Rulebook["head"]): Promise<void> {
    byId("rules-conflict").hidden = true;
    try {
      const tree = this.#tree;
      const head = await saveRules(this.#keys, previous, tree);
      this.#book = { ...this.#book, head, tree, orphaned: false };
      this.#drawOutline();
      show(byId("rules-saved"), "Saved and signed. Names are judged by the new rules now.");
      await judgeNew(this.#keys);
    } catch (error) {
      if (!(error instanceof ReteamzError) || error.code !== "rules_conflict") throw error;
      byId("rules-conflict").hidden = false;
      byId("rules-conflict").focus();
    }
  }

  /** Show what is stored, and forget what was changed here. */
  async #load(): Promise<void> {
    this.#book = await openRulebook(this.#keys);
    byId("rules-conflict").hidden = true;
    this.#discard();
  }

  #discard(): void {
    this.#tree = this.#book.tree;
    this.#selected = this.#tree.categories[0]?.id ?? null;
    this.#draw();
    this.#look();
  }
}

/** The departments as the page shows them, decrypted in place. */
function departments(): Department[] {
  return all("[data-department]", maybe("rules-departments") ?? document).map((item) => ({
    id: item.dataset.department ?? "",
    name: item.textContent.trim(),
  }));
}
