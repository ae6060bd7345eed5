/** Pictures of the gallery: thumbnails where there are some, what is wrong where not. */
import type { Caption } from "@reteamz/core";
import {
  absenceOf,
  type Record,
  type Refusal,
  refusalOf,
  type Sealed,
  type Told,
  tellMoment,
  toldBy,
} from "../sealed.ts";

/** So many moments are opened at a time. */
const AT_ONCE = 3;

/** What a button of the gallery leads to: the whole picture, and the smaller one that is shown in its place when there is one. */
export type Shot = { picture: Told; caption: Caption };

export class Shots {
  readonly #sealed: Sealed;
  readonly #shown = new WeakMap<HTMLButtonElement, Shot | Refusal>();
  readonly #filling = new WeakMap<HTMLButtonElement, Promise<void>>();
  #waiting: (() => void)[] = [];
  #busy = 0;

  constructor(sealed: Sealed) {
    this.#sealed = sealed;
  }

  /** The buttons in the order in which the page has them. */
  get buttons(): HTMLButtonElement[] {
    return [...document.querySelectorAll<HTMLButtonElement>("#records .shot")];
  }

  /** What a button shows, once {@link fill} is through. */
  shown(button: HTMLButtonElement): Shot | Refusal | undefined {
    return this.#shown.get(button);
  }

  wait(button: HTMLButtonElement): void {
    stateOf(button, "Sealed");
  }

  /** Open what belongs to a button, and show it. A picture of a further monitor gets a button of its own beside it. */
  fill(button: HTMLButtonElement): Promise<void> {
    const known = this.#filling.get(button);
    if (known) return known;
    const filling = this.#next(() => this.#fill(button));
    this.#filling.set(button, filling);
    return filling;
  }

  async #next(work: () => Promise<void>): Promise<void> {
    if (this.#busy >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#busy++;
    try {
      await work();
    } finally {
      this.#busy--;
      this.#waiting.shift()?.();
    }
  }

  async #fill(button: HTMLButtonElement): Promise<void> {
    stateOf(button, "Opening…");
    const told = toldBy(button);
    const found = new Map<string, { picture: Told; record: Record }>();
    const named = new Set<string>();
    let refusal: Refusal | null = null;
    for (const blob of told) {
      // Its thumbnail was opened already: the picture itself is opened when somebody asks for it.
      if (named.has(blob.sha256)) continue;
      const absence = absenceOf(blob);
      if (absence) {
        refusal ??= absence;
        continue;
      }
      try {
        const record = await this.#sealed.open(blob);
        const picture = told.find(({ sha256 }) => sha256 === record.caption.of) ?? blob;
        this.#sealed.address(record);
        named.add(picture.sha256);
        found.set(picture.sha256, { picture, record });
      } catch (error) {
        refusal = refusalOf(error);
        // What was planted beside it says more than the picture.
        if (refusal.how === "damaged") found.clear();
        if (refusal.how !== "missing") break;
      }
    }
    const [first, ...others] = [...found.values()].sort(byMonitor);
    if (!first) return this.#refuse(button, refusal ?? { how: "missing", code: "", text: "Not here" });
    let last = button.parentElement;
    for (const other of others) {
      const item = last?.cloneNode(true) as HTMLElement;
      last?.after(item);
      last = item;
      const further = item.querySelector<HTMLButtonElement>(".shot");
      if (!further) continue;
      this.#filling.set(further, Promise.resolve());
      this.#show(further, other.picture, other.record);
    }
    this.#show(button, first.picture, first.record);
  }

  #show(button: HTMLButtonElement, picture: Told, record: Record): void {
    const { caption } = record;
    const image = document.createElement("img");
    image.alt = picture.kind === "camera" ? "Camera picture" : "Screenshot";
    image.src = this.#sealed.address(record);
    image.onerror = () =>
      this.#refuse(button, { how: "damaged", code: "blob_damaged", text: "Damaged: no picture that can be shown" });
    button.querySelector(".shot-frame")?.replaceChildren(image);
    const place = button.querySelector(".shot-window");
    if (place && picture.kind === "screenshot") place.textContent = windowOf(caption);
    this.#shown.set(button, { picture, caption });
    tellMoment(button, picture);
    delete button.dataset.how;
    button.classList.add("shot-filled");
  }

  #refuse(button: HTMLButtonElement, refusal: Refusal): void {
    stateOf(button, refusal.code ? `${refusal.text} [${refusal.code}]` : refusal.text);
    button.dataset.how = refusal.how;
    this.#shown.set(button, refusal);
  }
}

/** The window of a caption in words. */
export function windowOf({ app, title, site }: Caption): string {
  return title || site || app || "";
}

function byMonitor(one: { record: Record }, other: { record: Record }): number {
  return (one.record.caption.monitor ?? 0) - (other.record.caption.monitor ?? 0);
}

function stateOf(button: HTMLButtonElement, text: string): void {
  const place = document.createElement("span");
  place.className = "shot-state";
  place.textContent = text;
  button.querySelector(".shot-frame")?.replaceChildren(place);
}
