/** Policies: what computers may record of whom, changed here, tried out here, signed here; what leaves this page are tokens and hashes. */
import { ReteamzError, resolveSettings, type Settings } from "@reteamz/core";
import { all, byId, fieldValue, maybe, onClick, show, told } from "../dom.ts";
import { Judge } from "../judging.ts";
import { guardChanges } from "../lock.ts";
import { button, made } from "../making.ts";
import { detail } from "../policies/detail.ts";
import { Preview } from "../policies/preview.ts";
import {
  above,
  type Draft,
  draftOf,
  EVERYBODY,
  fetchPeople,
  isSilent,
  movesOf,
  nameOf,
  onTopOf,
  ownOf,
  type People,
  placeOf,
  type Scope,
  treeOf,
  withOwn,
} from "../policies/scopes.ts";
import { openPolicybook, type PolicyBook, savePolicy } from "../policybook.ts";
import type { Member } from "../shell.ts";
import type { OpenKeys } from "../vault.ts";

/** Persons that are listed without being looked for. */
const LISTED = 100;

export function startPolicies(member: Member): void {
  if (!maybe("policy-editor")) return;
  member.decryptor.whenOpen(() => {
    if (member.keys) void open(member.keys);
  });
}

async function open(keys: OpenKeys): Promise<void> {
  try {
    const [book, people] = await Promise.all([openPolicybook(keys), fetchPeople(keys)]);
    new Editor(keys, book, people).start();
  } catch (error) {
    show(byId("problem"), told(error));
  }
}

/** What somebody sees and changes; nothing is in force before it is signed and saved. */
class Editor {
  readonly #keys: OpenKeys;
  readonly #people: People;
  readonly #judge: Judge;
  readonly #preview = new Preview();
  readonly #whole = byId("policy-editor").dataset.whole !== undefined;
  #book: PolicyBook;
  /** What the stored policy says, and what stands here. */
  #stored: Draft;
  #draft: Draft;
  #selected = EVERYBODY;

  constructor(keys: OpenKeys, book: PolicyBook, people: People) {
    this.#keys = keys;
    this.#book = book;
    this.#people = people;
    this.#stored = draftOf(book.tree, people);
    this.#draft = this.#stored;
    this.#judge = new Judge(keys);
  }

  start(): void {
    byId("policy-locked").hidden = true;
    byId("policy-editor").hidden = false;
    onClick(byId("policy-save"), () => this.#save());
    onClick(byId("policy-discard"), () => this.#discard());
    onClick(byId("conflict-mine"), async () => {
      const newest = await openPolicybook(this.#keys);
      const draft = onTopOf(draftOf(newest.tree, this.#people), this.#stored, this.#draft);
      this.#take(newest);
      this.#draft = draft;
      await this.#save();
      this.#draw();
    });
    onClick(byId("conflict-theirs"), async () => {
      this.#take(await openPolicybook(this.#keys));
      byId("policy-conflict").hidden = true;
    });
    byId("policy-search").addEventListener("input", () => this.#drawScopes());
    guardChanges(() => this.#changed);
    byId("policy-search-line").hidden = this.#people.persons.length < 8;
    this.#draw();
  }

  get #mayEdit(): boolean {
    return this.#book.maySign;
  }

  get #changed(): boolean {
    return this.#draft !== this.#stored;
  }

  /** In which other departments people are than the policy in force says. */
  get #moves(): string[] {
    const { tree } = this.#book;
    return tree ? movesOf(tree, treeOf(this.#stored, this.#people, this.#whole), this.#people) : [];
  }

  #change(settings: Settings, how?: "typing"): void {
    this.#draft = withOwn(this.#draft, this.#selected, settings);
    if (how === "typing") this.#drawScopes();
    else this.#draw();
    this.#tellPreview();
  }

  #choose(scope: Scope): void {
    this.#selected = scope;
    this.#draw();
  }

  #draw(): void {
    const focused = document.activeElement?.id;
    this.#drawScopes();
    const host = {
      draft: () => this.#draft,
      people: this.#people,
      judge: this.#judge,
      mayEdit: this.#mayEdit,
      change: (settings: Settings, how?: "typing") => this.#change(settings, how),
    };
    byId("policy-detail").replaceChildren(detail(this.#selected, host));
    // The line that was changed is made anew; whoever uses the keyboard stays in it.
    if (focused?.startsWith("policy-")) maybe(focused)?.focus();
    this.#tellPreview();
  }

  #tellPreview(): void {
    const layers = above(this.#draft, this.#people, this.#selected).map(([, settings]) => settings);
    const said = resolveSettings(...layers, ownOf(this.#draft, this.#selected));
    this.#preview.by(said, nameOf(this.#people, this.#selected));
  }

  #drawScopes(): void {
    const { departments, persons } = this.#people;
    const search = fieldValue("policy-search").trim().toLowerCase();
    const found = persons.filter(({ name }) => name.toLowerCase().includes(search));
    const listed = found.slice(0, LISTED);
    const list = made("ul", "outline");
    list.append(this.#row(EVERYBODY));
    const group = (word: string, scopes: Scope[]) => {
      if (!scopes.length) return;
      list.append(made("li", "policy-group-word", word), ...scopes.map((scope) => this.#row(scope)));
    };
    group(
      "Departments",
      departments.map(({ id }): Scope => ({ kind: "department", id })),
    );
    group(
      "People",
      listed.map(({ hash }): Scope => ({ kind: "person", id: hash })),
    );
    if (found.length > LISTED)
      list.append(made("li", "text-secondary", `${found.length - LISTED} more; search for them.`));
    byId("policy-scopes").replaceChildren(list);
    this.#drawBar();
  }

  #drawBar(): void {
    const { head, orphaned } = this.#book;
    const unsaved = this.#changed;
    const moves = this.#moves;
    byId("policy-unsaved").hidden = !this.#mayEdit || !(unsaved || moves.length || orphaned);
    byId("policy-discard").hidden = !unsaved;
    byId("policy-unsaved-word").textContent = unsaved ? "Unsaved changes" : "";
    byId("policy-moved").hidden = !moves.length;
    byId("policy-moves").replaceChildren(...moves.map((move) => made("li", "", move)));
    byId("policy-orphaned").hidden = !orphaned;
    byId("policy-version").textContent = orphaned
      ? `Version ${head.version} was signed by somebody who was removed.`
      : head.version
        ? `Version ${head.version} is in force.`
        : "Nobody has signed a policy; computers follow the default.";
  }

  #row(scope: Scope): HTMLElement {
    const own = ownOf(this.#draft, scope);
    const item = button("outline-row", "", () => this.#choose(scope));
    item.id = `policy-scope-${scope.kind}-${scope.id}`;
    item.append(made("span", "outline-name", nameOf(this.#people, scope)));
    const place = placeOf(this.#people, scope);
    if (place) item.append(made("span", "outline-count", place));
    if (!isSilent(own)) item.append(made("span", "outline-count", "own"));
    if (scope.kind === this.#selected.kind && scope.id === this.#selected.id) item.setAttribute("aria-current", "true");
    return made("li", "", item);
  }

  /** Sign and store what stands here as the next version. */
  async #save(): Promise<void> {
    byId("policy-conflict").hidden = true;
    this.#requireValid();
    const buttons = all<HTMLButtonElement>("#policy-unsaved button");
    for (const one of buttons) one.disabled = true;
    const signed = this.#draft;
    try {
      const tree = treeOf(signed, this.#people, this.#whole);
      const head = await savePolicy(this.#keys, this.#book.head, tree);
      const draft = this.#draft;
      this.#take({ ...this.#book, head, tree, orphaned: false });
      // What was typed while it was signed is unsaved.
      if (draft !== signed) {
        this.#draft = draft;
        this.#draw();
      }
      show(byId("policy-saved"), "Saved and signed. Computers follow it with their next poll, within a minute.");
    } catch (error) {
      if (!(error instanceof ReteamzError) || error.code !== "policy_conflict") throw error;
      byId("policy-conflict").hidden = false;
      byId("policy-conflict").focus();
    } finally {
      for (const one of buttons) one.disabled = false;
    }
  }

  /** What is typed but wrong stands at its field; nothing is signed beside it. */
  #requireValid(): void {
    const wrong = all("#policy-detail [aria-invalid=true], #policy-detail input:invalid")[0];
    if (!wrong) return;
    wrong.focus();
    throw new ReteamzError("input_invalid", "Something that was typed cannot be used; it says why at its place.");
  }

  #take(book: PolicyBook): void {
    this.#book = book;
    this.#stored = draftOf(book.tree, this.#people);
    this.#discard();
  }

  #discard(): void {
    this.#draft = this.#stored;
    this.#draw();
  }
}
