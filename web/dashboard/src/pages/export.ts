/** Tables as files, made here from decrypted rows: the server could only write tokens. */
import { type Cell, cellsOf } from "../cells.ts";
import { all, maybe, onClick } from "../dom.ts";

const HOUR_MS = 3_600_000;
const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

export function startExport(): void {
  for (const button of all<HTMLElement>("[data-export]"))
    onClick(button, async () => {
      const table = maybe<HTMLTableElement>(button.dataset.export ?? "");
      const name = [button.dataset.name, ...days()].join("-");
      if (!table) return;
      // The mark at the start tells spreadsheets that this is UTF-8.
      if (button.dataset.as === "csv") save(`${name}.csv`, "text/csv", ["\ufeff", csv(cellsOf(table))]);
      else await saveSheets(name, [{ name, rows: cellsOf(table) }]);
    });
}

/** The days that the page is about, for the name of a file. */
function days(): string[] {
  const [first, last] = ["from", "to"].map((id) => maybe<HTMLInputElement>(id)?.value);
  return first && last ? (first === last ? [first] : [first, last]) : [];
}

/** Save sheets as one XLSX file; its writer is loaded when it is needed. */
export async function saveSheets(name: string, sheets: { name: string; rows: Cell[][] }[]): Promise<void> {
  const { xlsx } = await import("../xlsx.ts");
  save(`${name}.xlsx`, XLSX, [xlsx(sheets)]);
}

/** Rows as CSV (RFC 4180). Durations are hours, days and moments ISO 8601 (without a zone). */
export function csv(rows: Cell[][]): string {
  return rows.map((row) => row.map(field).join(",")).join("\r\n");
}

function field(cell: Cell): string {
  // A title may begin as a formula does, also behind what other spreadsheets take for the end of a cell: none must run it.
  const text =
    typeof cell === "string"
      ? cell.replace(/(^|[;\t\r\n])(?=[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])/g, "$1'")
      : written(cell);
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function written(cell: Exclude<Cell, string>): string {
  switch (cell.as) {
    case "date":
    case "moment":
      return cell.value;
    case "number":
      return String(cell.value);
    case "percent":
      return cell.value.toFixed(4);
    case "duration":
    case "balance":
    case "time":
      return (cell.value / HOUR_MS).toFixed(4);
  }
}

function save(name: string, type: string, parts: BlobPart[]): void {
  const url = URL.createObjectURL(new Blob(parts, { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
