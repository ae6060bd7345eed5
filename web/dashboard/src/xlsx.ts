/** Writes XLSX files (ECMA-376, SpreadsheetML in a ZIP): values and their formats, no formula ever (ADR 0018). Loaded when somebody saves one. */
import { strToU8, zipSync } from "fflate";
import type { Cell } from "./cells.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const EPOCH_MS = Date.UTC(1899, 11, 30);
const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE = "http://schemas.openxmlformats.org/package/2006";
const TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml";
const TEXT_MOST = 32_767;
const WIDTHS = [9, 60] as const;

/** Number formats by kind, in the order of the styles; 1 is a head. Spreadsheets show no negative time of day, so a balance is in hours. */
const FORMATS = [
  "General",
  "General",
  "0",
  "[h]:mm",
  "+0.00;-0.00;0.00",
  "0.0%",
  "hh:mm",
  "yyyy-mm-dd",
  "yyyy-mm-dd hh:mm:ss",
];
const STYLES = { number: 2, duration: 3, balance: 4, percent: 5, time: 6, date: 7, moment: 8 };

export type Sheet = { name: string; rows: Cell[][] };

/** The bytes of a workbook; the first row of every sheet is its head and stays in view. */
export function xlsx(sheets: Sheet[]): Uint8Array<ArrayBuffer> {
  const parts: Record<string, string> = {
    "[Content_Types].xml": `<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${TYPES}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="${TYPES}.styles+xml"/>${sheets.map((_, at) => `<Override PartName="/xl/worksheets/sheet${at + 1}.xml" ContentType="${TYPES}.worksheet+xml"/>`).join("")}</Types>`,
    "_rels/.rels": `<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    "xl/workbook.xml": `<workbook xmlns="${MAIN}" xmlns:r="${RELATIONS}"><sheets>${sheets.map((sheet, at) => `<sheet name="${escaped(sheetName(sheet.name))}" sheetId="${at + 1}" r:id="rId${at + 1}"/>`).join("")}</sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": `<Relationships xmlns="${PACKAGE}/relationships">${sheets.map((_, at) => `<Relationship Id="rId${at + 1}" Type="${RELATIONS}/worksheet" Target="worksheets/sheet${at + 1}.xml"/>`).join("")}<Relationship Id="rId${sheets.length + 1}" Type="${RELATIONS}/styles" Target="styles.xml"/></Relationships>`,
    "xl/styles.xml": styles(),
  };
  sheets.forEach((sheet, at) => {
    parts[`xl/worksheets/sheet${at + 1}.xml`] = worksheet(sheet.rows);
  });
  const files = Object.fromEntries(Object.entries(parts).map(([path, text]) => [path, strToU8(XML + text)]));
  return zipSync(files) as Uint8Array<ArrayBuffer>;
}

function styles(): string {
  const formats = FORMATS.map((code, at) => `<numFmt numFmtId="${164 + at}" formatCode="${escaped(code)}"/>`).join("");
  const cells = FORMATS.map((code, at) => {
    const format = code === "General" ? 0 : 164 + at;
    return `<xf numFmtId="${format}" fontId="${at === 1 ? 1 : 0}" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>`;
  }).join("");
  return `<styleSheet xmlns="${MAIN}"><numFmts count="${FORMATS.length}">${formats}</numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="${FORMATS.length}">${cells}</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`;
}

function worksheet(rows: Cell[][]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, at) => {
    const longest = Math.max(...rows.map((row) => lengthOf(row[at] ?? "")));
    return `<col min="${at + 1}" max="${at + 1}" width="${Math.min(Math.max(longest + 2, WIDTHS[0]), WIDTHS[1])}" customWidth="1"/>`;
  });
  const lines = rows.map((row, at) => {
    const cells = row.map((cell, column) => written(cell, `${letters(column)}${at + 1}`, at === 0));
    return `<row r="${at + 1}">${cells.join("")}</row>`;
  });
  const view = `<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>`;
  const sized = widths.length ? `<cols>${widths.join("")}</cols>` : "";
  return `<worksheet xmlns="${MAIN}">${view}${sized}<sheetData>${lines.join("")}</sheetData></worksheet>`;
}

function written(cell: Cell, place: string, head: boolean): string {
  if (cell === "") return "";
  if (typeof cell === "string") {
    // Text stays text: it is no formula, whatever it begins with.
    return `<c r="${place}" t="inlineStr" s="${head ? 1 : 0}"><is><t xml:space="preserve">${escaped(cell.slice(0, TEXT_MOST))}</t></is></c>`;
  }
  return `<c r="${place}" s="${STYLES[cell.as]}"><v>${serial(cell)}</v></c>`;
}

/** The number that a spreadsheet keeps: days since 1899-12-30 for days and times. */
function serial(cell: Exclude<Cell, string>): number {
  switch (cell.as) {
    case "number":
    case "percent":
      return cell.value;
    case "balance":
      return cell.value / HOUR_MS;
    case "duration":
    case "time":
      return cell.value / DAY_MS;
    case "date":
    case "moment":
      return (Date.parse(cell.as === "date" ? cell.value : `${cell.value}Z`) - EPOCH_MS) / DAY_MS;
  }
}

function lengthOf(cell: Cell): number {
  return typeof cell === "string" ? cell.length : 10;
}

/** Column 0 is A, 26 is AA. */
function letters(column: number): string {
  const last = String.fromCharCode(65 + (column % 26));
  return column < 26 ? last : letters(Math.floor(column / 26) - 1) + last;
}

function sheetName(name: string): string {
  return name.replace(/[[\]:*?/\\]/g, " ").slice(0, 31) || "Sheet";
}

/** Text of an element or attribute: XML 1.0 has no other control characters, and spreadsheets read `_x0041_` as A. */
function escaped(text: string): string {
  return (
    text
      .toWellFormed()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 does not have
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
      .replace(/_(?=x[0-9A-Fa-f]{4}_)/g, "_x005F_")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
  );
}
