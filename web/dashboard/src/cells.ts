/** Cells of tables as values: what CSV and XLSX files are made of. */

/** Text, or a value with its kind. Durations and balances are milliseconds, percents fractions of 1, times of day milliseconds from midnight. */
export type Cell =
  | string
  | { as: "number" | "duration" | "balance" | "percent" | "time"; value: number }
  | { as: "date" | "moment"; value: string };

const NUMBERS = new Set(["number", "duration", "balance", "percent", "time"]);

/** The rows of a table that are shown, header first; `data-value` and `data-as` say what programs read. */
export function cellsOf(table: HTMLTableElement): Cell[][] {
  // A sum among rows would be counted twice by whoever adds them up.
  const rows = [...table.rows].filter((row) => !row.hidden && row.parentElement !== table.tFoot);
  return rows.map((row) => [...row.cells].filter((cell) => cell.dataset.skip === undefined).map(cellOf));
}

function cellOf(cell: HTMLTableCellElement): Cell {
  const { value, as = "text" } = cell.dataset;
  const chosen = cell.querySelector("select")?.selectedOptions[0];
  if (value === undefined) return chosen ? textOf(chosen) : textOf(cell);
  if (NUMBERS.has(as)) return { as, value: Number(value) } as Cell;
  if (as === "date" || as === "moment") return { as, value };
  return value;
}

/** What somebody reads in a cell, parts of it apart; a dash that stands for nothing is nothing. */
function textOf(cell: HTMLElement): string {
  const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  const parts: string[] = [];
  while (walker.nextNode()) {
    const text = (walker.currentNode.textContent ?? "").replace(/\s+/g, " ").trim();
    if (text) parts.push(text);
  }
  const told = parts.join(" ");
  return told === "–" ? "" : told;
}
