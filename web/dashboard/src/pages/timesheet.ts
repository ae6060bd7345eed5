/** The timesheet: a line for every person and day, made here from the attendance report after decryption. */
import { ReteamzError } from "@reteamz/core";
import { get } from "../api.ts";
import type { Cell } from "../cells.ts";
import { all, onClick } from "../dom.ts";
import type { Member } from "../shell.ts";
import { saveSheets } from "./export.ts";

type Day = {
  day: string;
  first_ms: number | null;
  last_ms: number | null;
  work_ms: number;
  state: "present" | "absent" | "open" | "free";
  over: boolean;
  expected_ms: number;
  late_ms: number;
  early_ms: number;
  balance_ms: number;
  off: string;
  half: string;
  label: string;
};
type Row = { id: number; name: string; days: Day[] } & Record<
  "work_ms" | "expected_ms" | "balance_ms" | "late" | "early" | "absent",
  number
>;

const MINUTE_MS = 60_000;
const OFF: Record<string, string> = { holiday: "Holiday", vacation: "Vacation", sick: "Sick", other: "Away" };
const HEAD = ["Date", "Person", "Begin", "End", "Break", "Worked", "Expected", "Balance, hours", "Note"];
const TOTALS = ["Person", "Worked", "Expected", "Balance, hours", "Days late", "Days left early", "Days absent"];
const order = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

export function startTimesheet({ decryptor }: Member): void {
  const readable = async (entry: string): Promise<string> => {
    if (!entry.startsWith("rtz1.")) return entry.replace(/^[a-z]+:/, "");
    if (!decryptor.reader)
      throw new ReteamzError("input_invalid", "Unlock the names first; a timesheet has names in it.");
    return decryptor.reader.replace(entry);
  };
  for (const button of all<HTMLElement>("[data-timesheet]"))
    onClick(button, async () => {
      const answer = await get<{ rows: Row[] }>(button.dataset.timesheet ?? "");
      const named = await Promise.all(
        answer.rows.filter((row) => row.id).map(async (row) => ({ ...row, name: await readable(row.name) })),
      );
      named.sort((a, b) => order.compare(a.name, b.name));
      const lines: Cell[][] = [HEAD];
      for (const row of named)
        for (const day of row.days)
          if (day.state !== "open") lines.push(line(row.name, day, day.label && (await readable(day.label))));
      await saveSheets(button.dataset.name ?? "timesheet", [
        { name: "Timesheet", rows: lines },
        { name: "Totals", rows: [TOTALS, ...named.map(total)] },
      ]);
    });
}

function line(person: string, day: Day, label: string): Cell[] {
  const { first_ms: first, last_ms: last } = day;
  const there = first !== null && last !== null;
  return [
    { as: "date", value: day.day },
    person,
    there ? { as: "time", value: first } : "",
    there ? { as: "time", value: last } : "",
    there ? { as: "duration", value: Math.max(0, last - first - day.work_ms) } : "",
    { as: "duration", value: day.work_ms },
    { as: "duration", value: day.expected_ms },
    day.over ? { as: "balance", value: day.balance_ms } : "",
    notes(day, label).join("; "),
  ];
}

function notes(day: Day, label: string): string[] {
  const off = day.off && `${OFF[day.off] ?? "Away"}${day.half && `, ${day.half}`}${label && `: ${label}`}`;
  return [
    off,
    day.state === "absent" ? "absent" : "",
    day.late_ms ? `${minutes(day.late_ms)} min late` : "",
    day.early_ms ? `left ${minutes(day.early_ms)} min early` : "",
  ].filter(Boolean);
}

function minutes(ms: number): number {
  return Math.round(ms / MINUTE_MS);
}

function total(row: Row): Cell[] {
  return [
    row.name,
    { as: "duration", value: row.work_ms },
    { as: "duration", value: row.expected_ms },
    { as: "balance", value: row.balance_ms },
    ...[row.late, row.early, row.absent].map((value): Cell => ({ as: "number", value })),
  ];
}
