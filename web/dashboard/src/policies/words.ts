/** What settings say, in words, and what people type, as settings. */
import { type Detail, type Hours, type Resolved, ReteamzError, type SealedKind } from "@reteamz/core";

export const DETAIL_WORDS: Record<Detail, string> = {
  off: "Nothing at all",
  applications: "Applications only",
  names: "Applications, titles, sites, documents",
  everything: "All of that, and the records chosen below",
};
export const KIND_WORDS: Record<SealedKind, string> = {
  screenshot: "Screenshots",
  text: "Typed text",
  clipboard: "Clipboard text",
  chat: "Chat text",
  camera: "Camera pictures",
  sound: "Sound",
};
export const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/** At any hour, said by a level that must not take what is above it. */
export const ALWAYS: Hours = DAYS.map(() => [[0, 1440]]);
const PART = /^(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})$/;

/** Each setting in a few words. */
export function spoken(settings: Resolved): Record<Exclude<keyof Resolved, "exclusions">, string> {
  const { detail, urls, records, hours, idle_limit, screenshot, camera, sound } = settings;
  const blur = screenshot.blur ? `, blurred by ${screenshot.blur}` : "";
  return {
    detail: DETAIL_WORDS[detail].toLowerCase(),
    urls: yesNo(urls),
    records: records.map((kind) => KIND_WORDS[kind].toLowerCase()).join(", ") || "none",
    hours: hoursTold(hours),
    idle_limit: `${lasting(idle_limit / 1000)}`,
    screenshot: `every ${lasting(screenshot.every_s)}, ${screenshot.monitors === "all" ? "all monitors" : "the active monitor"}${blur}${screenshot.grey ? ", grey" : ""}`,
    camera: `every ${lasting(camera.every_s)}`,
    sound: `${lasting(sound.length_s)} every ${lasting(sound.every_s)}`,
    private: yesNo(settings.private),
    meetings: yesNo(settings.meetings),
  };
}

function yesNo(said: boolean): string {
  return said ? "yes" : "no";
}

/** Seconds as people say them. */
function lasting(seconds: number): string {
  return seconds % 60 ? `${seconds} s` : `${seconds / 60} min`;
}

/** A week in one line: equal days that follow each other are one. */
export function hoursTold(hours: Hours | null): string {
  if (hours === null || isAlways(hours)) return "at any hour";
  const told: string[] = [];
  for (let start = 0; start < 7; ) {
    let end = start;
    while (end < 6 && partsTold(hours[end + 1]) === partsTold(hours[start])) end++;
    const parts = partsTold(hours[start]);
    const [first, last] = [start, end].map((day) => DAYS[day]?.slice(0, 3));
    if (parts) told.push(`${first}${end > start ? `–${last}` : ""} ${parts}`);
    start = end + 1;
  }
  return told.join("; ") || "never";
}

function isAlways(hours: Hours): boolean {
  return hours.every((day) => day.length === 1 && day[0]?.[0] === 0 && day[0][1] === 1440);
}

/** The parts of one day as somebody types them. */
export function partsTold(parts: [number, number][] = []): string {
  return parts.map(([begin, end]) => `${clock(begin)}–${clock(end)}`).join(", ");
}

/** The parts of a day out of what somebody typed, "" for none. Raises `input_invalid`, with the day. */
export function partsTyped(text: string, day: string): [number, number][] {
  const wrong = (why: string) => new ReteamzError("input_invalid", `${day}: ${why}, such as 08:00–12:00, 13:00–17:00.`);
  const parts = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part)
    .map((part): [number, number] => {
      const found = PART.exec(part);
      if (!found) throw wrong("write times");
      const [begin = 0, end = 0] = [1, 3].map((at) => Number(found[at]) * 60 + Number(found[at + 1]));
      if (Number(found[2]) > 59 || Number(found[4]) > 59 || end > 1440 || begin >= end)
        throw wrong("every part ends after it begins, at 24:00 at the latest");
      return [begin, end];
    });
  if (parts.length > 8 || parts.some(([begin], at) => begin < (parts[at - 1]?.[1] ?? 0)))
    throw wrong("at most eight parts, one after the other");
  return parts;
}

function clock(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}
