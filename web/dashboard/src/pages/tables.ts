/** Tables sorted and searched by name, after decryption, in the page: the server cannot do it. */
import { all, maybe } from "../dom.ts";
import type { Member } from "../shell.ts";

const order = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

export function startTables({ decryptor }: Member): void {
  for (const table of all<HTMLTableElement>("table[data-sort-names]")) decryptor.whenOpen(() => sort(table, 1));
  for (const button of all<HTMLButtonElement>("[data-sort-column]")) {
    let direction = -1;
    button.addEventListener("click", () => {
      direction = -direction;
      const head = button.closest("th") as HTMLElement;
      head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
      sort(button.closest("table") as HTMLTableElement, direction);
    });
  }
  for (const field of all<HTMLInputElement>("[data-filter-table]")) {
    const table = maybe<HTMLTableElement>(field.dataset.filterTable ?? "");
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLowerCase();
      const rows = rowsOf(table);
      for (const row of rows) row.hidden = !nameOf(row).toLowerCase().includes(wanted);
      const none = maybe(`${field.dataset.filterTable}-none`);
      if (none) none.hidden = rows.some((row) => !row.hidden);
    });
  }
}

function rowsOf(table: HTMLTableElement | null): HTMLTableRowElement[] {
  return [...(table?.tBodies[0]?.rows ?? [])];
}

function nameOf(row: HTMLTableRowElement): string {
  return row.cells[0]?.textContent.trim() ?? "";
}

function sort(table: HTMLTableElement, direction: number): void {
  const rows = rowsOf(table).map((row) => ({ row, name: nameOf(row) }));
  rows.sort((a, b) => direction * order.compare(a.name, b.name));
  table.tBodies[0]?.append(...rows.map(({ row }) => row));
}
