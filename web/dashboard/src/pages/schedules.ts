/** Working hours, holidays and absences: names leave this browser as tokens, days and minutes as they are. */
import { ReteamzError } from "@reteamz/core";
import { post, put, remove } from "../api.ts";
import { all, ask, byId, fieldValue, maybe, onClick, onSubmit } from "../dom.ts";
import { label } from "../label.ts";
import type { Member } from "../shell.ts";

type WorkDay = { begin_min: number; end_min: number; break_min: number };
type Week = (WorkDay | null)[];

const DAYS = [0, 1, 2, 3, 4, 5, 6];
const WORDS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const INHERIT: Record<string, string> = {
  account: "No working hours from then on",
  department: "The hours of everybody again",
  person: "The hours of the department, or of everybody, again",
};

export function startSchedules(member: Member): void {
  for (const button of all("[data-hours]:not([data-remove-hours])")) onClick(button, () => change(button));
  for (const button of all("[data-remove-hours]"))
    askRemoval(button, "What was expected from that day on follows from the hours before it, also in the past.", () =>
      address(button, button.dataset.removeHours ?? ""),
    );
  for (const button of all("[data-remove-holiday]"))
    askRemoval(
      button,
      "Work is expected on that day then, as on any other.",
      () => `/api/holidays/${button.dataset.removeHoliday}`,
    );
  for (const button of all("[data-remove-absence]"))
    askRemoval(button, "Work is expected on these days then.", () => `/api/absences/${button.dataset.removeAbsence}`);
  onClick(maybe("hours-copy"), () => {
    for (const day of DAYS.slice(1, 5))
      for (const what of ["begin", "end", "break"]) input(`${what}-${day}`).value = fieldValue(`${what}-0`);
  });
  maybe("hours-inherit")?.addEventListener("change", showOwn);
  const holiday = maybe<HTMLFormElement>("add-holiday");
  if (holiday)
    onSubmit(holiday, async () => {
      const department = maybe<HTMLSelectElement>("holiday-department")?.value || null;
      const name = await label(member, fieldValue("holiday-name"));
      await post("/api/holidays", { day: fieldValue("holiday-day"), name, department });
      location.reload();
    });
  const absence = maybe<HTMLFormElement>("add-absence");
  if (absence)
    onSubmit(absence, async () => {
      const first = fieldValue("absence-first");
      const note = fieldValue("absence-note").trim();
      await post("/api/absences", {
        person: Number(fieldValue("absence-person")),
        first,
        last: fieldValue("absence-last") || first,
        kind: fieldValue("absence-kind"),
        half: fieldValue("absence-half") || null,
        note: note ? await label(member, note) : null,
      });
      location.reload();
    });
}

function change(button: HTMLElement): void {
  const kind = button.dataset.hours ?? "account";
  fill(JSON.parse(button.dataset.week || "null") as Week | null);
  if (button.dataset.week !== "null") input("hours-grace").value = button.dataset.grace ?? "";
  byId("hours-who").textContent = button.closest("tr")?.cells[0]?.textContent.trim() ?? "";
  byId("hours-inherit-word").textContent = INHERIT[kind] ?? "";
  input("hours-inherit").checked = false;
  showOwn();
  ask("hours-dialog", async () => {
    const week = input("hours-inherit").checked ? null : typed();
    await put(address(button, fieldValue("hours-since")), { week, grace_min: Number(fieldValue("hours-grace")) });
    location.reload();
    return "close";
  });
}

function address(button: HTMLElement, since: string): string {
  const { hours, scope } = button.dataset;
  return `/api/schedules/${since}${hours === "account" ? "" : `?${hours}=${scope}`}`;
}

function askRemoval(button: HTMLElement, text: string, path: () => string): void {
  onClick(button, () => {
    byId("remove-text").textContent = text;
    ask("remove-dialog", async () => {
      await remove(path());
      location.reload();
      return "close";
    });
  });
}

function showOwn(): void {
  byId("hours-own").hidden = input("hours-inherit").checked;
}

function fill(week: Week | null): void {
  for (const day of DAYS) {
    const hours = week?.[day] ?? null;
    input(`begin-${day}`).value = hours ? clock(hours.begin_min) : "";
    input(`end-${day}`).value = hours ? clock(hours.end_min) : "";
    input(`break-${day}`).value = hours ? String(hours.break_min) : "";
  }
}

function typed(): Week {
  return DAYS.map((day) => {
    const begin = minutes(fieldValue(`begin-${day}`));
    const end = minutes(fieldValue(`end-${day}`));
    if (begin === null && end === null) return null;
    const pause = Number(fieldValue(`break-${day}`));
    // An end of 00:00 is the midnight after.
    const until = end === 0 ? 1440 : (end ?? 0);
    if (begin === null || until - begin <= pause)
      throw new ReteamzError("input_invalid", `${WORDS[day]} has to end after it begins, by more than its break.`);
    return { begin_min: begin, end_min: until, break_min: pause };
  });
}

function clock(value: number): string {
  const minute = value % 1440;
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}

function minutes(text: string): number | null {
  const match = /^(\d{2}):(\d{2})/.exec(text);
  return match ? Number(match[1]) * 60 + Number(match[2]) : null;
}

function input(id: string): HTMLInputElement {
  return byId<HTMLInputElement>(id);
}
