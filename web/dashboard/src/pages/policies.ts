/** Policies: what computers may record of whom, changed here, tried out here, signed here; what leaves this page are tokens and hashes. */
import { ReteamzError, resolveSettings, type Settings } from "@reteamz/core";
import { all, byId, fieldValue, maybe, onClick, show, told } from "../dom.ts";
import { Judge } from "../judging.ts";
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
  nameOf,
  ownOf,
  type People,
  type Scope,
  sameTree,
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
    onClick(byId("policy-save"), () => this.#save(this.#book.head));
    onClick(byId("policy-discard"), () => this.#discard());
    onClick(byId("conflict-mine"), async () => this.#save((await openPolicybook(this.#keys)).head));
    onClick(byId("conflict-theirs"), async () => {
      this.#take(await openPolicybook(this.#keys));
      byId("policy-conflict").hidden = true;
    });
    byId("policy-search").addEventListener("input", () => this.#drawScopes());
    addEventListener("beforeunload", (event) => {
      if (this.#changed) event.preventDefault();
    });
    byId("policy-search-line").hidden = this.#people.persons.length < 8;
    this.#draw();
  }

  get #mayEdit(): boolean {
    return this.#book.maySign;
  }

  get #changed(): boolean {
    return this.#draft !== this.#stored;
  }

  /** Whether people are in other departments than the policy in force says. */
  get #moved(): boolean {
    const { tree } = this.#book;
    return tree !== null && !sameTree(tree, treeOf(this.#stored, this.#people, this.#whole));
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
    this.#drawScopes();
    const host = {
      draft: () => this.#draft,
      people: this.#people,
      judge: this.#judge,
      mayEdit: this.#mayEdit,
      change: (settings: Settings, how?: "typing") => this.#change(settings, how),
    };
    const focused = document.activeElement?.id;
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
    byId("policy-unsaved").hidden = !this.#mayEdit || !(unsaved || this.#moved || orphaned);
    byId("policy-discard").hidden = !unsaved;
    byId("policy-unsaved-word").textContent = unsaved ? "Unsaved changes" : "";
    byId("policy-moved").hidden = !this.#moved || orphaned;
    byId("policy-orphaned").hidden = !orphaned;
    byId("policy-version").textContent = head.version
      ? `Version ${head.version} is in force.`
      : "Nobody has signed a policy; computers follow the default.";
  }

  #row(scope: Scope): HTMLElement {
    const own = ownOf(this.#draft, scope);
    const item = button("outline-row", "", () => this.#choose(scope));
    item.append(made("span", "outline-name", nameOf(this.#people, scope)));
    if (!isSilent(own)) item.append(made("span", "outline-count", "own"));
    if (scope.kind === this.#selected.kind && scope.id === this.#selected.id) item.setAttribute("aria-current", "true");
    return made("li", "", item);
  }

  /** Sign and store what stands here as the version after `previous`. */
  async #save(previous: PolicyBook["head"]): Promise<void> {
    byId("policy-conflict").hidden = true;
    this.#requireValid();
    try {
      const tree = treeOf(this.#draft, this.#people, this.#whole);
      const head = await savePolicy(this.#keys, previous, tree);
      this.#take({ ...this.#book, head, tree, orphaned: false });
      show(byId("policy-saved"), "Saved and signed. Computers follow it with their next poll, within a minute.");
    } catch (error) {
      if (!(error instanceof ReteamzError) || error.code !== "policy_conflict") throw error;
      byId("policy-conflict").hidden = false;
      byId("policy-conflict").focus();
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
