/** The timeline: what a stretch was, on pointing at it and by the keyboard. */
import { all, byId, maybe } from "../dom.ts";

export function startTimeline(): void {
  for (const lane of all<HTMLElement>(".lane-bar")) {
    const stretches = all<HTMLElement>("rect[data-told]", lane);
    let at = -1;
    const go = (place: number) => {
      stretches[at]?.classList.remove("stretch-here");
      at = Math.max(0, Math.min(place, stretches.length - 1));
      const here = stretches[at];
      if (!here) return;
      here.classList.add("stretch-here");
      tell(here);
    };
    lane.addEventListener("pointerover", (event) => {
      const place = stretches.indexOf(event.target as HTMLElement);
      if (place >= 0) go(place);
    });
    lane.addEventListener("focus", () => go(Math.max(at, 0)));
    lane.addEventListener("keydown", (event) => {
      const moves: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: stretches.length };
      const place = moves[event.key];
      if (place === undefined) return;
      event.preventDefault();
      go(place);
    });
  }
}

function tell(stretch: HTMLElement): void {
  const app = maybe("timeline-apps")?.querySelector<HTMLElement>(`[data-id="${stretch.dataset.app}"]`);
  const name = app?.textContent.trim() ?? "";
  byId("timeline-detail").textContent = [stretch.dataset.told, name].filter(Boolean).join(" · ");
}
