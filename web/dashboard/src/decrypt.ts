/** Decryption in the page: text nodes only, written as text, once (cryptography page, "Decrypting into a page"). */
import { DAMAGED, findTokens, TokenReader } from "@reteamz/core";
import { maybe, show } from "./dom.ts";
import type { OpenKeys } from "./vault.ts";

const LOCKED = "••••••";
const SKIPPED = new Set(["SCRIPT", "STYLE", "TEXTAREA", "TITLE", "NOSCRIPT"]);
const DAMAGE = "This name was altered after it was encrypted. Verify the log.";

/** Turns the tokens of a page into names while unlocked, into a neutral mark while locked. */
export class PageDecryptor {
  readonly #originals = new WeakMap<Text, string>();
  /** What each text was written with; a row that only moved is not written again. */
  readonly #written = new WeakMap<Text, TokenReader | null>();
  readonly #done: (() => void)[] = [];
  #reader: TokenReader | null = null;
  #damaged = 0;

  /** Begin with the page as it is, and follow what is added to it. */
  async start(keys: OpenKeys | null): Promise<void> {
    this.#reader = keys ? new TokenReader(keys.tokens) : null;
    new MutationObserver((changes) => {
      for (const change of changes) for (const node of change.addedNodes) void this.#within(node);
    }).observe(document.body, { childList: true, subtree: true });
    await this.#within(document.body);
    document.documentElement.classList.add("ready");
  }

  /** Turn the tokens into names, now that the keys are here. */
  async unlock(keys: OpenKeys): Promise<void> {
    this.#reader = new TokenReader(keys.tokens);
    await this.#within(document.body);
    for (const done of this.#done) done();
  }

  /** Call `work` once the names can be read. */
  whenOpen(work: () => void): void {
    if (this.#reader) work();
    else this.#done.push(work);
  }

  get reader(): TokenReader | null {
    return this.#reader;
  }

  async #within(root: Node): Promise<void> {
    const found: Text[] = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (
      let node: Node | null = root.nodeType === Node.TEXT_NODE ? root : walker.nextNode();
      node;
      node = walker.nextNode()
    ) {
      const text = node as Text;
      if (this.#originals.has(text) ? this.#written.get(text) !== this.#reader : isFor(text)) found.push(text);
    }
    if (!found.length) return;
    await Promise.all(found.map((text) => this.#write(text)));
    const line = maybe("damaged");
    if (line && this.#damaged)
      show(
        line,
        `${this.#damaged} ${this.#damaged === 1 ? "name" : "names"} on this page did not pass the check and ${this.#damaged === 1 ? "is" : "are"} marked. Verify the log; do not trust this server's reports before.`,
      );
  }

  async #write(text: Text): Promise<void> {
    const original = this.#originals.get(text) ?? text.data;
    this.#originals.set(text, original);
    this.#written.set(text, this.#reader);
    const parent = text.parentElement;
    if (!this.#reader) {
      text.data = masked(original);
      parent?.classList.add("locked");
      return;
    }
    const name = await this.#reader.replace(original);
    text.data = name;
    parent?.classList.remove("locked");
    if (name.includes(DAMAGED)) {
      this.#damaged++;
      parent?.classList.add("damaged");
      parent?.setAttribute("title", DAMAGE);
    }
  }
}

function isFor(text: Text): boolean {
  if (!text.data.includes("rtz1.")) return false;
  const parent = text.parentElement;
  if (!parent || SKIPPED.has(parent.tagName.toUpperCase())) return false;
  return parent.tagName !== "OPTION" || parent.hasAttribute("value");
}

function masked(text: string): string {
  let out = "";
  let at = 0;
  for (const [start, end] of findTokens(text)) {
    out += text.slice(at, start) + LOCKED;
    at = end;
  }
  return out + text.slice(at);
}
