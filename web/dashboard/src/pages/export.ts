/** Tables as CSV files (RFC 4180), made here from decrypted rows: the server could only write tokens. */
import { all, maybe } from "../dom.ts";

export function startExport(): void {
  for (const button of all<HTMLElement>("[data-export]"))
    button.addEventListener("click", () => {
      const table = maybe<HTMLTableElement>(button.dataset.export ?? "");
      if (table) save(`${button.dataset.name}.csv`, csv(table));
    });
}

/** The rows that are shown, header first; `data-value` says numbers as programs read them. */
export function csv(table: HTMLTableElement): string {
  const rows = [...table.rows].filter((row) => !row.hidden);
  return rows.map((row) => [...row.cells].filter(wanted).map(field).join(",")).join("\r\n");
}

function wanted(cell: HTMLTableCellElement): boolean {
  return cell.dataset.skip === undefined;
}

function field(cell: HTMLTableCellElement): string {
  const value = cell.dataset.value;
  const text = value ?? cell.textContent.replace(/\s+/g, " ").trim();
  // A title may begin as a formula does; a spreadsheet must not run it.
  const safe = value === undefined && /^[=+\-@\t]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function save(name: string, text: string): void {
  // The mark at the start tells spreadsheets that this is UTF-8.
  const url = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
