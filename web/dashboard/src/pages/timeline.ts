/** The timeline: what a stretch was, on pointing at it and by the keyboard; and zoom. */
import { all, byId, maybe } from "../dom.ts";

const ZOOM_MOST = 4;

export function startTimeline(): void {
  startZoom();
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

/** Widen the lanes around the middle of what is seen: by the buttons, and by + and − on the keyboard. */
function startZoom(): void {
  const board = maybe("timeline-board");
  if (!board) return;
  const buttons = all<HTMLButtonElement>("[data-zoom-by]");
  let zoom = 0;
  const change = (by: number) => {
    const next = Math.max(0, Math.min(zoom + by, ZOOM_MOST));
    if (next === zoom) return;
    const middle = (board.scrollLeft + board.clientWidth / 2) / board.scrollWidth;
    zoom = next;
    board.dataset.zoom = String(zoom);
    board.scrollLeft = middle * board.scrollWidth - board.clientWidth / 2;
    for (const button of buttons) button.disabled = zoom === (Number(button.dataset.zoomBy) > 0 ? ZOOM_MOST : 0);
  };
  for (const button of buttons) button.addEventListener("click", () => change(Number(button.dataset.zoomBy)));
  board.addEventListener("keydown", (event) => {
    const by = { "+": 1, "-": -1 }[event.key];
    if (by) change(by);
  });
}

function tell(stretch: HTMLElement): void {
  const app = maybe("timeline-apps")?.querySelector<HTMLElement>(`[data-id="${stretch.dataset.app}"]`);
  const name = app?.textContent.trim() ?? "";
  byId("timeline-detail").textContent = [stretch.dataset.told, name].filter(Boolean).join(" · ");
}
