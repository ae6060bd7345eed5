/** Screens & records: pictures open as they come into view, texts and sound by their buttons; all of it inside this page. */
import { type TextRecord, textsOf } from "@reteamz/core";
import { all, byId, maybe } from "../dom.ts";
import { absenceOf, momentOf, type Refusal, refusalOf, Sealed, type Told, tellMoment, toldBy } from "../sealed.ts";
import type { Member } from "../shell.ts";
import { startLightbox } from "./lightbox.ts";
import { Shots } from "./shots.ts";

/** So much before a picture comes into view it is opened: opened means seen, so it is not much. */
const MARGIN = "80px";

export function startRecords(member: Member): void {
  if (!maybe("records")) return;
  const places = all(".shot-state, .said-state");
  for (const place of places) if (!member.keys) place.textContent = "Locked";
  const here = document.querySelector<HTMLElement>("[data-here]");
  here?.scrollIntoView({ block: "center" });
  member.decryptor.whenOpen(() => {
    if (!member.keys) return;
    const sealed = new Sealed(member.account, member.keys, member.decryptor);
    // Locking loads the page again, and leaving it may keep it for going back: nothing of what was opened stays.
    addEventListener("pagehide", () => {
      sealed.close();
      for (const shown of all("#records img, #records audio, #lightbox img")) shown.remove();
    });
    addEventListener("pageshow", (event) => {
      if (event.persisted) location.reload();
    });
    startShots(sealed);
    startSaid(sealed);
    if (here instanceof HTMLButtonElement) here.focus();
  });
}

function startShots(sealed: Sealed): void {
  const buttons = all<HTMLButtonElement>("#records .shot");
  if (!buttons.length) return;
  const shots = new Shots(sealed);
  startLightbox(sealed, shots);
  const seen = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries)
        if (isIntersecting) {
          seen.unobserve(target);
          void shots.fill(target as HTMLButtonElement);
        }
    },
    { rootMargin: MARGIN },
  );
  for (const button of buttons) {
    shots.wait(button);
    seen.observe(button);
  }
}

function startSaid(sealed: Sealed): void {
  const items = all<HTMLLIElement>("#records .said");
  for (const item of items) {
    const button = item.querySelector<HTMLButtonElement>(".said-open");
    const [told] = toldBy(item);
    const absence = told && absenceOf(told);
    if (absence) refuse(item, absence);
    if (!button || !told || absence) continue;
    button.disabled = false;
    state(item).textContent = "sealed";
    button.addEventListener("click", async () => {
      button.disabled = true;
      state(item).textContent = "opening…";
      try {
        const record = await sealed.open(told);
        const sound = told.kind === "sound" ? player(sealed.address(record), told) : null;
        item.append(sound ?? texts(textsOf(record.opened)));
        tellMoment(item, told);
        state(item).textContent = "";
        button.hidden = true;
        item.classList.add("said-opened");
      } catch (error) {
        refuse(item, refusalOf(error));
        button.disabled = false;
      }
    });
  }
  const every = maybe<HTMLButtonElement>("records-all");
  if (!every || !items.length) return;
  every.hidden = false;
  every.addEventListener("click", () => {
    every.disabled = true;
    for (const button of all<HTMLButtonElement>("#records .said-open:not(:disabled)")) button.click();
  });
}

function state(item: HTMLElement): HTMLElement {
  return item.querySelector<HTMLElement>(".said-state") as HTMLElement;
}

function refuse(item: HTMLElement, refusal: Refusal): void {
  const place = state(item);
  place.textContent = refusal.code ? `${refusal.text} [${refusal.code}]` : refusal.text;
  item.dataset.how = refusal.how;
}

/** Texts beside their window and time. What was decrypted stands in text nodes only. */
function texts(records: TextRecord[]): HTMLElement {
  const clock = new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZone: byId("records").dataset.zone,
  });
  const list = document.createElement("ol");
  list.className = "said-texts";
  for (const { at, app, title, site, text } of records) {
    const line = document.createElement("li");
    const where = document.createElement("p");
    where.className = "said-where";
    const when = document.createElement("time");
    when.textContent = clock.format(at);
    where.append(when, ` ${[title || app, title ? app : "", site].filter(Boolean).join(" · ")}`);
    const said = document.createElement("p");
    said.className = "said-text";
    said.textContent = text;
    line.append(where, said);
    list.append(line);
  }
  return list;
}

function player(address: string, told: Told): HTMLElement {
  const box = document.createElement("p");
  box.className = "said-player";
  const audio = document.createElement("audio");
  audio.controls = true;
  audio.preload = "metadata";
  audio.src = address;
  audio.setAttribute("aria-label", `Sound of ${momentOf(told).clock}`);
  box.append(audio);
  return box;
}
