/** The manifest of each kind of browser: the same but for how the background is started and what only one of them reads. */
import pack from "./package.json" with { type: "json" };

export type Kind = "chromium" | "firefox";

const ICONS = { 16: "icon-16.png", 32: "icon-32.png", 48: "icon-48.png", 128: "icon-128.png" };

export function manifest(kind: Kind): object {
  return {
    manifest_version: 3,
    name: "Reteamz Sites",
    version: pack.version,
    description:
      "Tells the Reteamz agent on this computer which site is in front. Nothing else, and nothing anywhere else.",
    icons: ICONS,
    action: { default_popup: "popup.html", default_icon: ICONS },
    options_ui: { page: "options.html", open_in_tab: true },
    // "tabs" shows address and title without access to pages; a host pattern names no port in Firefox.
    permissions: ["alarms", "storage", "tabs"],
    host_permissions: ["http://127.0.0.1/*"],
    // Firefox's own policy would ask for https even of this computer.
    content_security_policy: {
      extension_pages:
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src http://127.0.0.1:*",
    },
    ...(kind === "chromium"
      ? { background: { service_worker: "background.js", type: "module" }, minimum_chrome_version: "120" }
      : {
          background: { scripts: ["background.js"], type: "module" },
          browser_specific_settings: {
            gecko: {
              id: "sites@reteamz",
              strict_min_version: "142.0",
              data_collection_permissions: { required: ["browsingActivity"] },
            },
          },
        }),
  };
}
