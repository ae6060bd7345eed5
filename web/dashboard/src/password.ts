/** A rough measure of a password, told while it is typed. */
import { maybe } from "./dom.ts";

const WORDS = ["too short", "weak", "fair", "good", "strong"];

/** 0…4; every character class and every four further characters count. */
export function strength(password: string): number {
  if (password.length < 10) return 0;
  const classes = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((one) => one.test(password)).length;
  const distinct = new Set(password).size;
  if (distinct < 6) return 1;
  return Math.min(4, Math.max(1, Math.floor((password.length - 6) / 4) + Math.floor(classes / 2)));
}

/** Show the strength of a field beside it. */
export function startMeter(field: HTMLInputElement): void {
  const meter = maybe<HTMLMeterElement>("meter");
  const text = maybe("meter-text");
  field.addEventListener("input", () => {
    const score = strength(field.value);
    if (meter) meter.value = score;
    if (text) text.textContent = field.value ? `This password is ${WORDS[score]}.` : "";
  });
}
