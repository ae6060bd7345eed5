/** What is in front: the active tab of the browser's window that has the focus, never of a private one. */
import type { Told } from "./state.ts";

export type Front = Told | "private" | "coming" | null;

/** The page in front; "private" for a private window, "coming" for one without a title yet, null for no page, or when another program has the focus. */
export async function front(): Promise<Front> {
  const window = await chrome.windows.getLastFocused().catch(() => null);
  if (!window?.focused) return null;
  if (window.incognito) return "private";
  const [tab] = await chrome.tabs.query({ active: true, windowId: window.id as number });
  return tab ? pageOf(tab) : null;
}

/** What may be told of a tab: a page of the web, without the name and password that an address may carry. */
export function pageOf(tab: chrome.tabs.Tab): Front {
  if (tab.incognito) return "private";
  const url = URL.parse(tab.url ?? "");
  if (!url || !/^https?:$/.test(url.protocol)) return null;
  url.username = url.password = "";
  // As long as a page has no title, browsers show its address in its place.
  if (tab.status === "loading" && (!tab.title || url.href.includes(tab.title))) return "coming";
  return { url: url.href, title: tab.title ?? "", audible: tab.audible ?? false };
}

export function same(one: Told, other: Told): boolean {
  return one.url === other.url && one.title === other.title && one.audible === other.audible;
}
