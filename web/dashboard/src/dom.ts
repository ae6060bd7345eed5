/** Finding and changing elements; text is always written as text. */
import { ReteamzError } from "@reteamz/core";

/** The element of this id, which the template must have. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element ${id}`);
  return found as T;
}

export function maybe<T extends HTMLElement = HTMLElement>(id: string): T | null {
  return document.getElementById(id) as T | null;
}

export function all<T extends HTMLElement>(selector: string, root: ParentNode = document): T[] {
  return [...root.querySelectorAll<T>(selector)];
}

/** What to tell a person about a failure; what nobody foresaw says nothing about itself. */
export function told(error: unknown): string {
  if (error instanceof ReteamzError) return `${error.message} [${error.code}]`;
  console.error(error);
  return "Something failed in this page; load it again, and tell the operator if it stays.";
}

export function show(element: HTMLElement, text: string): void {
  element.textContent = text;
  element.hidden = !text;
}

/** The problem line of a form or dialog. */
export function problemOf(form: HTMLElement): HTMLElement {
  const found = form.querySelector<HTMLElement>("[role=alert]");
  if (!found) throw new Error("a form without a line for problems");
  return found;
}

/** Do `work` when a form is sent; buttons wait meanwhile, a failure is told in the form. */
export function onSubmit(form: HTMLFormElement, work: () => Promise<void>): void {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void busy(form, work);
  });
}

export async function busy(form: HTMLElement, work: () => Promise<void>): Promise<void> {
  const problem = problemOf(form);
  const buttons = all<HTMLButtonElement>("button", form);
  show(problem, "");
  for (const button of buttons) button.disabled = true;
  form.setAttribute("aria-busy", "true");
  try {
    await work();
  } catch (error) {
    show(problem, told(error));
  } finally {
    form.removeAttribute("aria-busy");
    for (const button of buttons) button.disabled = false;
  }
}

/** Do `work` when a button is pressed; a failure is told at the top of the page. */
export function onClick(button: HTMLElement | null, work: () => Promise<void> | void): void {
  button?.addEventListener("click", async () => {
    try {
      await work();
    } catch (error) {
      show(byId("problem"), told(error));
      byId("problem").scrollIntoView({ block: "nearest" });
    }
  });
}

/** Open a dialog, empty its fields, and call `work` when it is sent; it closes when `work` says so. */
export function ask(id: string, work: () => Promise<"close" | "stay">): HTMLDialogElement {
  const dialog = byId<HTMLDialogElement>(id);
  const form = dialog.querySelector("form") as HTMLFormElement;
  for (const field of all<HTMLInputElement>("input[type=password], input[inputmode]", form)) field.value = "";
  show(problemOf(form), "");
  form.onsubmit = (event) => {
    event.preventDefault();
    void busy(form, async () => {
      if ((await work()) === "close") dialog.close();
    });
  };
  for (const close of all("[data-close]", form)) close.onclick = () => dialog.close();
  dialog.showModal();
  return dialog;
}

export function fieldValue(id: string): string {
  return byId<HTMLInputElement>(id).value;
}
