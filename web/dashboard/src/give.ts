/** Handing secrets to a person: a code to copy or scan, a kit to save. */
import type { Kit } from "@reteamz/core";
import { encode } from "uqr";
import { byId, onClick } from "./dom.ts";

const SVG = "http://www.w3.org/2000/svg";

/** Show an enrolment code with its QR code and a button that copies it. */
export function showCode(code: string): void {
  byId("code-text").textContent = code;
  drawQr(byId("code-qr"), code);
  onClick(byId("code-copy"), async () => {
    await navigator.clipboard.writeText(code);
    byId("code-copy").classList.add("copied");
  });
}

/** Draw a QR code as one path of a picture. */
export function drawQr(place: HTMLElement, text: string): void {
  const { data, size } = encode(text, { ecc: "L", border: 2 });
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", "The same as a QR code");
  const path = document.createElementNS(SVG, "path");
  const modules = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])));
  path.setAttribute("d", modules.join(""));
  svg.append(path);
  place.replaceChildren(svg);
}

/** Show the code of a kit and offer its file. */
export function showKit(kit: Kit, code: string): void {
  byId("kit-code").textContent = code;
  const link = byId<HTMLAnchorElement>("kit-save");
  URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(new Blob([JSON.stringify(kit, null, 1)], { type: "application/json" }));
  onClick(byId("kit-print"), () => print());
}
