/** Elements that a page makes itself: text becomes text, every field has its label. */

/** Make an element with a class and what is in it; text becomes text. */
export function made<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  style: string,
  ...content: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (style) element.className = style;
  element.append(...content);
  return element;
}

export function button(style: string, word: string, work: () => void): HTMLButtonElement {
  const element = made("button", style, word);
  element.type = "button";
  element.addEventListener("click", work);
  return element;
}

let labels = 0;

/** A field with its label. */
export function labelled(word: string, field: HTMLInputElement | HTMLSelectElement): HTMLElement {
  field.id ||= `field-${++labels}`;
  const label = made("label", "form-label", word);
  label.htmlFor = field.id;
  return made("div", "detail-field", label, field);
}

/** A choice of one. */
export function select(
  choices: [value: string, word: string][],
  chosen: string,
  mayEdit: boolean,
  changed: (value: string) => void,
): HTMLSelectElement {
  const field = made("select", "form-select");
  for (const [value, word] of choices) {
    const option = made("option", "", word);
    option.value = value;
    option.selected = value === chosen;
    field.append(option);
  }
  field.disabled = !mayEdit;
  field.addEventListener("change", () => changed(field.value));
  return field;
}

/** A box to tick, with what it means. */
export function checkbox(
  word: string,
  on: boolean,
  mayEdit: boolean,
  changed: (box: HTMLInputElement) => void,
): HTMLElement {
  const box = made("input", "form-check-input");
  box.type = "checkbox";
  box.checked = on;
  box.disabled = !mayEdit;
  box.addEventListener("change", () => changed(box));
  return made("label", "form-check", box, " ", made("span", "form-check-label", word));
}
