/** Ratings: three buttons wherever a name is seen; what was recorded before follows at once. */
import { put } from "../api.ts";
import { all, byId, show, told } from "../dom.ts";
import { keepWish } from "../rules/wish.ts";

const CHOICES = [
  { rating: 2, word: "Productive", sign: "+" },
  { rating: 1, word: "Neutral", sign: "○" },
  { rating: 0, word: "Unproductive", sign: "−" },
];

/** Rows that have their buttons at once; further ones get them when they come near the window. */
const AT_ONCE = 200;

/** Put the buttons in their places. They are made here, not sent: a table may have thousands of rows. */
export function startRating(): void {
  const made = document.createElement("template");
  for (const { rating, word, sign } of CHOICES) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = `rate-button rate-${rating}`;
    button.dataset.value = String(rating);
    button.title = word;
    button.setAttribute("aria-label", word);
    button.textContent = sign;
    made.content.append(button);
  }
  if (document.body.dataset.rules !== undefined) made.content.append(ruleButton());
  const fill = (place: HTMLElement) => {
    place.setAttribute("role", "group");
    place.setAttribute("aria-label", "Rating of the name in this row");
    place.append(made.content.cloneNode(true));
    mark(place, place.dataset.rating ?? "");
  };
  const near = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        fill(target as HTMLElement);
      }
    },
    { rootMargin: "800px" },
  );
  for (const [index, place] of all("[data-rate]").entries()) {
    if (index < AT_ONCE) fill(place);
    else near.observe(place);
  }
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>(".rate-button");
    const place = button?.closest<HTMLElement>("[data-rate]");
    if (!button || !place) return;
    if (button.dataset.value !== undefined) void rate(place, button.dataset.value);
    else {
      keepWish(place.dataset.rate ?? "");
      location.assign("/rules");
    }
  });
}

/** Leads to the page of rules, with an expression for the name of the row. */
function ruleButton(): HTMLElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "rate-button rate-rule";
  button.title = "Make a rule of this name";
  button.setAttribute("aria-label", "Make a rule of this name");
  button.textContent = "…";
  return button;
}

/** Pressing the rating that holds takes it away; in a department the account's holds again then. */
async function rate(place: HTMLElement, value: string): Promise<void> {
  const before = place.dataset.rating ?? "";
  const rating = value === before ? null : Number(value);
  mark(place, rating === null ? (place.dataset.inherited ?? "") : value);
  try {
    await put(`/api/ratings/${place.dataset.rate}`, { rating, department: place.dataset.in ?? null });
  } catch (error) {
    mark(place, before);
    show(byId("problem"), told(error));
  }
}

function mark(place: HTMLElement, value: string): void {
  place.dataset.rating = value;
  for (const button of all<HTMLButtonElement>(".rate-button", place)) {
    const { value: own } = button.dataset;
    if (own === undefined) continue;
    button.setAttribute("aria-pressed", String(own === value));
    // What a rule says holds as long as nobody rates the name itself.
    const ruled = value === "" && own === place.dataset.ruled;
    button.classList.toggle("rate-ruled", ruled);
    const word = CHOICES.find(({ rating }) => String(rating) === own)?.word ?? "";
    button.title = ruled ? `${word} by a rule` : word;
    button.setAttribute("aria-label", button.title);
  }
}
