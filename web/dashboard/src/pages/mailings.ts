/** Reports by mail: made, changed, paused, deleted, and one sent now. */
import { post, put, remove } from "../api.ts";
import { all, ask, byId, fieldValue, onClick } from "../dom.ts";

type Mailing = {
  rhythm: string;
  weekday: number;
  day: number;
  hour: number;
  department: string | null;
  enabled: boolean;
};

const NEW: Mailing = { rhythm: "daily", weekday: 0, day: 1, hour: 7, department: null, enabled: true };

export function startMailings(): void {
  byId("mailing-rhythm").addEventListener("change", settle);
  onClick(byId("new-mailing"), () => edit("Mail me a report", NEW, (made) => post("/api/mailings", made)));
  for (const row of all("[data-mailing]")) {
    const where = `/api/mailings/${row.dataset.mailing}`;
    const kept = mailingOf(row);
    on(row, "[data-send]", async () => {
      await post(`${where}/send`);
      location.reload();
    });
    on(row, "[data-switch]", async () => {
      await put(where, { ...kept, enabled: !kept.enabled });
      location.reload();
    });
    on(row, "[data-edit]", () => edit("Change the report", kept, (made) => put(where, made)));
    on(row, "[data-delete]", () => {
      ask("delete-dialog", async () => {
        await remove(where);
        location.reload();
        return "close";
      });
    });
  }
}

function on(row: HTMLElement, button: string, work: () => Promise<void> | void): void {
  onClick(row.querySelector<HTMLElement>(button), work);
}

function mailingOf(row: HTMLElement): Mailing {
  const { rhythm = "", weekday, day, hour, department } = row.dataset;
  return {
    rhythm,
    weekday: Number(weekday),
    day: Number(day),
    hour: Number(hour),
    department: department || null,
    enabled: row.dataset.enabled !== undefined,
  };
}

function edit(title: string, shown: Mailing, store: (made: Mailing) => Promise<unknown>): void {
  byId("mailing-title").textContent = title;
  for (const part of ["rhythm", "weekday", "day", "hour", "department"] as const)
    byId<HTMLInputElement>(`mailing-${part}`).value = String(shown[part] ?? "");
  settle();
  ask("mailing-dialog", async () => {
    await store({
      rhythm: fieldValue("mailing-rhythm"),
      weekday: Number(fieldValue("mailing-weekday")),
      day: Number(fieldValue("mailing-day")),
      hour: Number(fieldValue("mailing-hour")),
      department: fieldValue("mailing-department") || null,
      enabled: shown.enabled,
    });
    location.reload();
    return "close";
  });
}

/** Show what the chosen rhythm asks for; what is hidden asks nothing. */
function settle(): void {
  for (const part of all("[data-for]")) {
    part.hidden = part.dataset.for !== fieldValue("mailing-rhythm");
    for (const field of all<HTMLInputElement>("input", part)) field.disabled = part.hidden;
  }
}
