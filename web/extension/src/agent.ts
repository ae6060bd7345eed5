/** The agent's local API as ActivityWatch has it: is somebody there, make a bucket, report. */
import type { Told } from "./state.ts";

const PORTS = [5600, 5666];
const PATIENCE_MS = 3000;
/** Longer than the time between two reports: the same page stays one event. */
const PULSE_S = 60;
const BUCKET = `reteamz-sites-${import.meta.env.MODE}`;

export type Answer = "taken" | "missing" | "refused";

/** The port where an agent answers: the named one, else the known one or the usual ones; 0 for none. */
export async function find(named: number, known: number): Promise<{ port: number; refused: boolean }> {
  let refused = false;
  for (const port of named ? [named] : new Set([known, ...PORTS].filter(Boolean))) {
    const answer = await ask(port, "info");
    if (answer?.ok) return { port, refused: false };
    refused ||= answer?.status === 403;
  }
  return { port: 0, refused };
}

/** Tell what is in front at a moment; what was told stays there until the next moment of the same. */
export async function tell(port: number, told: Told, at: number): Promise<Answer> {
  const beat = { timestamp: new Date(at).toISOString(), duration: 0, data: told };
  const path = `buckets/${BUCKET}/heartbeat?pulsetime=${PULSE_S}`;
  let answer = await ask(port, path, beat);
  if (answer?.status === 404) {
    const bucket = { client: "reteamz-sites", type: "web.tab.current", hostname: "!local" };
    await ask(port, `buckets/${BUCKET}`, bucket);
    answer = await ask(port, path, beat);
  }
  if (answer?.ok) return "taken";
  return answer?.status === 403 ? "refused" : "missing";
}

async function ask(port: number, path: string, body?: object): Promise<Response | null> {
  try {
    return await fetch(`http://127.0.0.1:${port}/api/0/${path}`, {
      method: body ? "POST" : "GET",
      ...(body ? { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } } : {}),
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch {
    return null;
  }
}
