/** The popup: what the agent on this computer is told, or why it is told nothing. */
import { HOST, LOOK, type Memory, remembered, type State } from "./state.ts";

const TEXT: Record<State, [string, string]> = {
  told: ["Recording", "The agent on this computer is told the page in front:"],
  resting: ["Nothing to tell", "There is no page of the web in front. The agent on this computer answers."],
  private: ["Private window", "Nothing of private windows is told to anybody."],
  missing: [
    "Agent not found",
    "No Reteamz agent answers on this computer. Start it, or name its port in the options. The extension goes on looking.",
  ],
  refused: [
    "Agent of somebody else",
    "The agent that answers here records another person. Start your own, or name its port in the options.",
  ],
  forbidden: ["Not allowed to ask", "The browser does not let this extension reach the agent on this computer."],
};

async function show(): Promise<void> {
  const own = await chrome.windows.getCurrent();
  // A popup of a private window says so by itself; in other windows the page below it is looked at first.
  if (!own.incognito) await chrome.runtime.sendMessage(LOOK);
  write(own.incognito ? { state: "private", port: 0, told: null, at: 0 } : await remembered());
}

function write(memory: Memory): void {
  const [title, text] = TEXT[memory.state];
  document.body.dataset.state = memory.state;
  put("title", title);
  put("text", text);
  put("site", memory.told ? new URL(memory.told.url).host : "");
  put("page", memory.told?.title ?? "");
  element("allow").hidden = memory.state !== "forbidden";
  element("seen").hidden = !memory.port;
  if (memory.port) element<HTMLAnchorElement>("seen").href = `http://127.0.0.1:${memory.port}/`;
}

function put(id: string, text: string): void {
  element(id).textContent = text;
  element(id).hidden = !text;
}

function element<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

element("options").addEventListener("click", () => chrome.runtime.openOptionsPage());
element("allow").addEventListener("click", async () => {
  await chrome.permissions.request({ origins: [HOST] });
  await show();
});
void show();
