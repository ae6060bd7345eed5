/** People and departments: names leave this browser as tokens. */
import { post, put, remove } from "../api.ts";
import { all, ask, byId, fieldValue, maybe, onClick, show, told } from "../dom.ts";
import { label } from "../label.ts";
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
