/** The options: the port of the agent, for computers on which it has another. */
import { LOOK, namedPort, remembered } from "./state.ts";

const form = document.querySelector("form") as HTMLFormElement;
const field = document.getElementById("port") as HTMLInputElement;
const note = document.getElementById("note") as HTMLElement;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  await chrome.storage.local.set({ port: field.value ? field.valueAsNumber : 0 });
  await chrome.runtime.sendMessage(LOOK);
  const { port } = await remembered();
  note.textContent = port ? `Saved. The agent answers on port ${port}.` : "Saved. No agent answers; is it started?";
});

field.value = String((await namedPort()) || "");
