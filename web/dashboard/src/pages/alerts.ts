/** Alerts: seen, sent again; rules made, changed and deleted. Names are searched here and leave as numbers. */
import { ReteamzError } from "@reteamz/core";
import { get, post, remove, send } from "../api.ts";
import { all, ask, byId, fieldValue, maybe, onClick } from "../dom.ts";
import { label } from "../label.ts";
import type { Member } from "../shell.ts";
import { NamePicker } from "./name-picker.ts";

type Kind = { type: string; [parameter: string]: string | number };
type Quiet = { begin: number; end: number };
type Rule = {
  id: string;
  name: string;
  department: string | null;
  kind: Kind;
  entry: string;
  enabled: boolean;
  quiet: Quiet | null;
  mail: string[];
  hook: string;
};
type Made = { id: string; secret: string };

const MINUTES = ["absent", "late", "idle", "overtime", "unconfirmed"];

export function startAlerts(member: Member): void {
  onClick(maybe("all-seen"), async () => {
    await post("/api/alerts/seen", { until: Number(byId("all-seen").dataset.until) });
    location.reload();
  });
  for (const button of all("[data-seen]"))
    onClick(button, async () => {
      await post("/api/alerts/seen", { ids: [Number(button.dataset.seen)] });
      location.reload();
    });
  for (const button of all("[data-again]"))
    onClick(button, async () => {
      await post(`/api/alerts/deliveries/${button.dataset.again}/again`);
      location.reload();
    });
  if (maybe("rule-dialog")) startRules(member);
}

function startRules(member: Member): void {
  const picker = new NamePicker(member);
  for (const id of ["rule-kind", "rule-measure"]) byId(id).addEventListener("change", settle);
  onClick(byId("new-rule"), () => edit(member, picker, null));
  for (const button of all("[data-edit]"))
    onClick(button, async () => edit(member, picker, await ruleOf(button.dataset.edit)));
  for (const button of all("[data-switch]"))
    onClick(button, async () => {
      const rule = await ruleOf(button.dataset.switch);
      await store({ ...rule, enabled: !rule.enabled }, rule.id);
      location.reload();
    });
  for (const button of all("[data-delete]"))
    onClick(button, () => {
      ask("delete-dialog", async () => {
        await remove(`/api/alert-rules/${button.dataset.delete}`);
        location.reload();
        return "close";
      });
    });
}

async function ruleOf(id: string | undefined): Promise<Rule> {
  const found = (await get<Rule[]>("/api/alert-rules")).find((rule) => rule.id === id);
  if (!found) throw new ReteamzError("not_found", "There is no such rule any more; load the page again.");
  return found;
}

async function store(rule: Omit<Rule, "id" | "entry"> & { new_secret?: boolean }, id: string | null): Promise<Made> {
  const { name, department, kind, enabled, quiet, mail, hook } = rule;
  const body = { name, department, kind, enabled, quiet, mail, hook, new_secret: rule.new_secret ?? false };
  const answer = await send(id ? "PUT" : "POST", id ? `/api/alert-rules/${id}` : "/api/alert-rules", body);
  return (await answer.json()) as Made;
}

/** Show the dialog for a new rule, or for one that exists. A name that was decrypted never stands in a field. */
function edit(member: Member, picker: NamePicker, rule: Rule | null): void {
  fill(rule);
  picker.begin(rule?.kind.type === "name" ? { id: Number(rule.kind.name), text: rule.entry } : null);
  byId("rule-ask").hidden = false;
  byId("rule-made").hidden = true;
  const dialog = ask("rule-dialog", async () => {
    const typed = fieldValue("rule-name").trim();
    const name = rule && !typed ? rule.name : await label(member, typed);
    const read = { ...wanted(picker, rule?.mail ?? []), name, enabled: rule?.enabled ?? true };
    const { secret } = await store(read, rule?.id ?? null);
    if (!secret) {
      location.reload();
      return "close";
    }
    byId("rule-ask").hidden = true;
    byId("rule-made").hidden = false;
    submitOf(dialog).hidden = true;
    byId("rule-secret").textContent = secret;
    byId("rule-copy").onclick = () => void navigator.clipboard.writeText(secret);
    dialog.addEventListener("close", () => location.reload(), { once: true });
    return "stay";
  });
  submitOf(dialog).hidden = false;
}

function submitOf(dialog: HTMLDialogElement): HTMLElement {
  return dialog.querySelector("button[type=submit]") as HTMLElement;
}

function set(id: string, value: string | number | undefined, otherwise: string): void {
  byId<HTMLInputElement>(id).value = value === undefined ? otherwise : String(value);
}

function fill(rule: Rule | null): void {
  const kind: Partial<Kind> = rule?.kind ?? {};
  byId("rule-title").textContent = rule ? "Change the rule" : "Make a rule";
  set("rule-name", "", "");
  byId("rule-keeps").hidden = !rule;
  set("rule-kind", kind.type, "rating");
  set("rule-rating", kind.rating, "0");
  set("rule-side", kind.side, "above");
  set("rule-amount", kind.amount, "60");
  set("rule-measure", kind.measure, "minutes");
  set("rule-least", kind.least, "60");
  set("rule-new", kind.field, "app");
  set("rule-minutes", kind.minutes, "30");
  set("rule-hours", kind.hours, "24");
  const whose = byId<HTMLSelectElement>("rule-department");
  whose.value = rule ? (rule.department ?? "") : (whose.options[0]?.value ?? "");
  set("rule-hook", rule?.hook, "");
  byId("rule-renew").hidden = !rule?.hook;
  byId<HTMLInputElement>("rule-new-secret").checked = false;
  byId<HTMLInputElement>("rule-quiet").checked = rule?.quiet != null;
  set("rule-from", rule?.quiet ? timeOf(rule.quiet.begin) : undefined, "20:00");
  set("rule-until", rule?.quiet ? timeOf(rule.quiet.end) : undefined, "07:00");
  for (const box of mailBoxes()) box.checked = rule?.mail.includes(box.value) ?? false;
  settle();
}

/** Show what the chosen kind asks for; what is hidden asks nothing. */
function settle(): void {
  const kind = fieldValue("rule-kind");
  for (const part of all("[data-for]")) show(part, (part.dataset.for ?? "").split(" ").includes(kind));
  show(byId("rule-share"), ["rating", "name"].includes(kind) && fieldValue("rule-measure") === "share");
}

function show(part: HTMLElement, shown: boolean): void {
  part.hidden = !shown;
  for (const field of all<HTMLInputElement>("input", part)) field.disabled = !shown;
}

function wanted(
  picker: NamePicker,
  mailed: string[],
): Omit<Rule, "id" | "entry" | "name" | "enabled"> & { new_secret: boolean } {
  const quiet = byId<HTMLInputElement>("rule-quiet").checked;
  const offered = mailBoxes();
  // Members whom the viewer is not told of stay as they are.
  const others = mailed.filter((member) => !offered.some((box) => box.value === member));
  return {
    department: fieldValue("rule-department") || null,
    kind: kindOf(picker),
    quiet: quiet ? { begin: minuteOf("rule-from"), end: minuteOf("rule-until") } : null,
    mail: [...others, ...offered.filter((box) => box.checked).map((box) => box.value)],
    hook: fieldValue("rule-hook").trim(),
    new_secret: byId<HTMLInputElement>("rule-new-secret").checked,
  };
}

function kindOf(picker: NamePicker): Kind {
  const type = fieldValue("rule-kind");
  const amount = {
    side: fieldValue("rule-side"),
    measure: fieldValue("rule-measure"),
    amount: Number(fieldValue("rule-amount")),
    least: Number(fieldValue("rule-least")),
  };
  if (type === "rating") return { type, rating: Number(fieldValue("rule-rating")), ...amount };
  if (type === "name") return { type, name: picker.chosen(), ...amount };
  if (type === "first_use") return { type, field: fieldValue("rule-new") };
  if (type === "silent") return { type, hours: Number(fieldValue("rule-hours")) };
  return MINUTES.includes(type) ? { type, minutes: Number(fieldValue("rule-minutes")) } : { type };
}

function mailBoxes(): HTMLInputElement[] {
  return all<HTMLInputElement>("input[name=mail]", byId("rule-dialog"));
}

function minuteOf(id: string): number {
  const [hours = 0, minutes = 0] = fieldValue(id).split(":").map(Number);
  return hours * 60 + minutes;
}

function timeOf(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}
