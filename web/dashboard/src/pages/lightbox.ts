/** One picture large: before and after by buttons and arrow keys, full size, closed by Escape. */
import { byId } from "../dom.ts";
import { momentOf, refusalOf, type Sealed } from "../sealed.ts";
import { type Shots, windowOf } from "./shots.ts";

export function startLightbox(sealed: Sealed, shots: Shots): void {
  const box = byId<HTMLDialogElement>("lightbox");
  const stage = byId("lightbox-stage");
  const zoom = byId<HTMLButtonElement>("lightbox-zoom");
  let at: HTMLButtonElement | null = null;
  const enlarge = (full: boolean) => {
    stage.classList.toggle("lightbox-full", full);
    zoom.setAttribute("aria-pressed", String(full));
  };
  const go = (by: number) => {
    const buttons = shots.buttons;
    const next = buttons[(at ? buttons.indexOf(at) : -1) + by];
    if (next) void show(next);
  };
  const show = async (button: HTMLButtonElement) => {
    at = button;
    enlarge(false);
    const buttons = shots.buttons;
    const place = buttons.indexOf(button);
    byId<HTMLButtonElement>("lightbox-before").disabled = place === 0;
    byId<HTMLButtonElement>("lightbox-after").disabled = place === buttons.length - 1;
    byId("lightbox-place").textContent = `${place + 1} of ${buttons.length}`;
    write(stage, "", "Opening…", "");
    await shots.fill(button);
    const shot = shots.shown(button);
    if (at !== button || !shot) return;
    if (!("picture" in shot)) return write(stage, "", shot.code ? `${shot.text} [${shot.code}]` : shot.text, "");
    const { day, clock } = momentOf(shot.picture);
    const when = [`${day}, ${clock}`, shot.picture.person].filter(Boolean).join(" · ");
    const title = windowOf(shot.caption) || (shot.picture.kind === "camera" ? "Camera" : "Screenshot");
    const monitor = shot.caption.monitor;
    const told = [when, shot.caption.title ? shot.caption.app : "", monitor ? `monitor ${monitor + 1}` : ""];
    write(stage, title, "Opening…", told.filter(Boolean).join(" · "));
    try {
      const record = await sealed.open(shot.picture);
      if (at !== button) return;
      const image = document.createElement("img");
      // What the caption says names the picture for those who do not see it, without standing in an attribute.
      image.alt = "Picture";
      image.setAttribute("aria-labelledby", "lightbox-title lightbox-told");
      image.src = sealed.address(record);
      image.onerror = () => write(stage, title, "Damaged: no picture that can be shown [blob_damaged]", when);
      stage.replaceChildren(image);
    } catch (error) {
      const refusal = refusalOf(error);
      if (at === button) write(stage, title, refusal.code ? `${refusal.text} [${refusal.code}]` : refusal.text, when);
    }
  };
  byId("records").addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>(".shot");
    if (!button) return;
    if (!box.open) box.showModal();
    stage.focus();
    void show(button);
  });
  byId("lightbox-before").addEventListener("click", () => go(-1));
  byId("lightbox-after").addEventListener("click", () => go(1));
  byId("lightbox-close").addEventListener("click", () => box.close());
  zoom.addEventListener("click", () => enlarge(!stage.classList.contains("lightbox-full")));
  box.addEventListener("click", (event) => {
    if (event.target === box) box.close();
  });
  box.addEventListener("close", () => {
    const shown = at;
    at = null;
    stage.replaceChildren();
    shown?.focus();
  });
  box.addEventListener("keydown", (event) => {
    const full = stage.classList.contains("lightbox-full");
    const acts: Record<string, () => void> = {
      z: () => enlarge(!full),
      "+": () => enlarge(true),
      "-": () => enlarge(false),
      PageUp: () => go(-1),
      PageDown: () => go(1),
      // At full size the arrows move the picture.
      ...(full ? {} : { ArrowLeft: () => go(-1), ArrowRight: () => go(1) }),
    };
    const act = acts[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
}

function write(stage: HTMLElement, title: string, state: string, told: string): void {
  const line = document.createElement("p");
  line.className = "lightbox-state";
  line.setAttribute("role", "status");
  line.textContent = state;
  stage.replaceChildren(line);
  byId("lightbox-title").textContent = title || "Picture";
  byId("lightbox-told").textContent = told;
}
