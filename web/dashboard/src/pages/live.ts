/** Who is at work now: asked again every half minute while somebody looks. */
import { get } from "../api.ts";
import { byId, maybe, show, told } from "../dom.ts";
import { momentsIn } from "../moments.ts";

const EVERY_MS = 30_000;
const WORDS: Record<string, string> = {
  active: "Active",
  meeting: "Meeting",
  idle: "Idle",
  locked: "Locked",
  private: "Private",
  away: "Away",
};

type Row = { id: number; name: string; kind: string; app: string; title: string; seen_ms: number };

export function startLive(): void {
  const table = maybe<HTMLTableElement>("live");
  if (!table) return;
  setInterval(() => {
    if (!document.hidden) void again(table);
  }, EVERY_MS);
}

async function again(table: HTMLTableElement): Promise<void> {
  try {
    const answer = await get<{ at_ms: number; rows: Row[] }>(`/api/reports/live?${table.dataset.query}`);
    const moment = momentsIn(table.dataset.zone);
    table.tBodies[0]?.replaceChildren(...answer.rows.map((row) => made(row, moment)));
    byId("live-at").textContent = `as of ${moment.format(answer.at_ms)}`;
  } catch (error) {
    show(byId("problem"), told(error));
  }
}

/** Tokens stand in text nodes; the page's decryptor sees them come. */
function made(row: Row, moment: Intl.DateTimeFormat): HTMLTableRowElement {
  const line = document.createElement("tr");
  const person = document.createElement("th");
  person.scope = "row";
  person.className = "name-cell";
  person.append(row.id ? linked(row) : name("", "unconfirmed computers"));
  const kind = cell("nowrap");
  const dot = document.createElement("i");
  dot.className = `dot kind-${row.kind in WORDS ? row.kind : "away"}`;
  kind.append(dot, ` ${WORDS[row.kind] ?? ""}`);
  const app = cell();
  app.append(name(row.app, "–"));
  const title = cell("name-cell wide");
  title.append(name(row.title, "–"));
  const seen = cell("num wide");
  seen.textContent = moment.format(row.seen_ms);
  line.append(person, kind, app, title, seen);
  return line;
}

function linked(row: Row): HTMLAnchorElement {
  const link = document.createElement("a");
  link.href = `/timeline?range=today&view=week&person=${row.id}`;
  link.append(name(row.name, ""));
  return link;
}

function cell(style = ""): HTMLTableCellElement {
  const made = document.createElement("td");
  made.className = style;
  return made;
}

function name(entry: string, missing: string): HTMLElement {
  const shown = document.createElement("span");
  shown.className = entry ? "name" : "text-secondary";
  // A plain entry is its field, a colon and the name (spec 4.7).
  shown.textContent = entry ? entry.replace(/^(?:person|app|title):/, "") : missing;
  return shown;
}
