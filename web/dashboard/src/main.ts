/** Starts what the page at hand needs; pages are rendered by the server, with tokens as text. */
import "./style.css";
import { byId, show, told } from "./dom.ts";
import { startJudging } from "./judging.ts";
import { startAlerts } from "./pages/alerts.ts";
import { startDevices } from "./pages/devices.ts";
import { startExport } from "./pages/export.ts";
import { startJoin } from "./pages/join.ts";
import { startLive } from "./pages/live.ts";
import { startLog } from "./pages/log.ts";
import { startLogin } from "./pages/login.ts";
import { startMailings } from "./pages/mailings.ts";
import { startMembers } from "./pages/members.ts";
import { startPeople } from "./pages/people.ts";
import { startPolicies } from "./pages/policies.ts";
import { startProfile } from "./pages/profile.ts";
import { startRating } from "./pages/rating.ts";
import { startRecords } from "./pages/records.ts";
import { startRules } from "./pages/rules.ts";
import { startSchedules } from "./pages/schedules.ts";
import { startSignup } from "./pages/signup.ts";
import { startTables } from "./pages/tables.ts";
import { startTimeline } from "./pages/timeline.ts";
import { startTimesheet } from "./pages/timesheet.ts";
import { type Member, startShell } from "./shell.ts";

const PUBLIC: Record<string, () => void> = { join: startJoin, login: startLogin, signup: startSignup };
const MEMBER: Record<string, (member: Member) => void> = {
  alerts: startAlerts,
  attendance: startTimesheet,
  devices: startDevices,
  live: startLive,
  log: startLog,
  "my-day": startTimeline,
  people: (member) => {
    startPeople(member);
    startMembers(member);
  },
  policies: startPolicies,
  profile: startProfile,
  records: startRecords,
  schedules: startSchedules,
  reports: startMailings,
  rules: startRules,
  timeline: startTimeline,
};

async function start(): Promise<void> {
  const page = document.body.dataset.page ?? "";
  if (document.body.classList.contains("public")) {
    // Plain HTTP on anything but this computer has no Web Crypto.
    if (!crypto.subtle) byId("insecure").hidden = false;
    else PUBLIC[page]?.();
    document.documentElement.classList.add("ready");
    return;
  }
  const member = await startShell();
  startTables(member);
  startRating();
  startExport();
  MEMBER[page]?.(member);
  startJudging(member);
  document.documentElement.classList.add("started");
}

start().catch((error: unknown) => {
  document.documentElement.classList.add("ready");
  const problem = document.getElementById("problem");
  if (problem) show(problem, told(error));
});
