/** Looks at what is in front when something changes and every half minute, and tells the agent. */
import { find, tell } from "./agent.ts";
import { front, same } from "./front.ts";
import { HOST, LOOK, type Memory, namedPort, remember, remembered, type State } from "./state.ts";

const EVERY_MIN = 0.5;
/** After this time without a report it is not known that the page stayed in front. */
const STALE_MS = 60_000;

let work: Promise<void> = Promise.resolve();

/** Look once more after the looks that wait. */
function look(): Promise<void> {
  work = work.then(once).catch(console.error);
  return work;
}

async function once(): Promise<void> {
  const memory = await remembered();
  const now = Date.now();
  const page = await front();
  if (page === "coming") return;
  const before = memory.told && now - memory.at < STALE_MS ? memory.told : null;
  const next: Memory = { ...memory, told: null, at: now };
  if (before && memory.port && !(page && page !== "private" && same(before, page))) {
    // What was in front was there until now.
    await tell(memory.port, before, now - 1);
  }
  if (page === "private") {
    next.state = "private";
  } else if (!(await chrome.permissions.contains({ origins: [HOST] }))) {
    Object.assign(next, { state: "forbidden", port: 0 });
  } else {
    const found = await find(await namedPort(), memory.port);
    next.port = found.port;
    next.state = found.port ? "resting" : found.refused ? "refused" : "missing";
    if (found.port && page) {
      const answer = await tell(found.port, page, now);
      next.state = answer === "taken" ? "told" : answer;
      if (answer === "taken") next.told = page;
    }
  }
  await remember(next);
  await badge(next.state);
}

async function badge(state: State): Promise<void> {
  const failed = state === "missing" || state === "refused" || state === "forbidden";
  await chrome.action.setBadgeText({ text: failed ? "!" : "" });
  await chrome.action.setTitle({ title: failed ? "Reteamz Sites: no agent takes what is in front" : "Reteamz Sites" });
}

chrome.tabs.onActivated.addListener(() => void look());
chrome.tabs.onUpdated.addListener((_id, change, tab) => {
  const told = change.url ?? change.title ?? change.audible ?? change.status;
  if (tab.active && told !== undefined) void look();
});
chrome.windows.onFocusChanged.addListener(() => void look());
chrome.storage.local.onChanged.addListener(() => void look());
chrome.permissions.onAdded.addListener(() => void look());
chrome.runtime.onStartup.addListener(() => void look());
chrome.runtime.onInstalled.addListener(() => void look());
chrome.alarms.onAlarm.addListener(() => void look());
void chrome.alarms.create(LOOK, { periodInMinutes: EVERY_MIN });

chrome.runtime.onMessage.addListener((message, _sender, answer) => {
  if (message !== LOOK) return false;
  void look().then(answer);
  return true;
});
