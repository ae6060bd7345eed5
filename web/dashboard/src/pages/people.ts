/** People and departments: names leave this browser as tokens. */
import { plainEntry, ReteamzError } from "@reteamz/core";
import { post, put, remove } from "../api.ts";
import { all, ask, byId, fieldValue, maybe, onClick, show, told } from "../dom.ts";
import { cipherOf } from "../history.ts";
import type { Member } from "../shell.ts";

export function startPeople(member: Member): void {
  for (const select of all<HTMLSelectElement>("[data-place]"))
    select.addEventListener("change", async () => {
      try {
        await put(`/api/people/${select.dataset.place}`, { department: select.value || null });
      } catch (error) {
        show(byId("problem"), told(error));
      }
    });
  maybe<HTMLFormElement>("add-department")?.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await post("/api/departments", { name: await label(member, fieldValue("department-name")) });
      location.reload();
    } catch (error) {
      show(byId("problem"), told(error));
    }
  });
  for (const button of all("[data-rename]"))
    onClick(button, () => {
      ask("rename-dialog", async () => {
        const name = await label(member, fieldValue("rename-name"));
        await put(`/api/departments/${button.dataset.rename}`, { name });
        location.reload();
        return "close";
      });
    });
  for (const button of all("[data-remove]"))
    onClick(button, () => {
      ask("remove-dialog", async () => {
        await remove(`/api/departments/${button.dataset.remove}`);
        location.reload();
        return "close";
      });
    });
}

/** A label as it may leave this browser. What the server says of the account decides nothing: the open keys do. */
async function label({ keys }: Member, text: string): Promise<string> {
  if (!keys) throw new ReteamzError("input_invalid", "Unlock the names first; a new name is encrypted here.");
  const entry = (await cipherOf(keys)?.encrypt("label", text)) ?? plainEntry("label", text);
  if (!entry) throw new ReteamzError("input_invalid", "A department needs a name; type one.");
  return entry;
}
