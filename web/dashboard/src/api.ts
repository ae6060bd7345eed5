/** Requests to the server, with the guard against other sites and errors by their codes. */
import { type Code, ReteamzError } from "@reteamz/core";

function csrf(): string {
  return /(?:^|; )csrftoken=([^;]*)/.exec(document.cookie)?.[1] ?? "";
}

/** Send a request; raises what the server says by its code. */
export async function send(method: string, path: string, body?: unknown): Promise<Response> {
  const init: RequestInit = { method, headers: { "x-csrftoken": csrf(), accept: "application/json" } };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { ...init.headers, "content-type": "application/json" };
  }
  let answer: Response;
  try {
    answer = await fetch(path, init);
  } catch {
    throw unreachable();
  }
  if (answer.ok) return answer;
  const problem = (await answer.json().catch(() => null)) as { code?: Code; message?: string } | null;
  if (problem?.code === "session_required") location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
  if (!problem?.code || typeof problem.message !== "string") throw unreachable();
  throw new ReteamzError(problem.code, problem.message.slice(0, 300));
}

function unreachable(): ReteamzError {
  return new ReteamzError("server_unreachable", "The server does not answer as it should; try again in a minute.");
}

export async function get<T>(path: string): Promise<T> {
  return (await send("GET", path)).json() as Promise<T>;
}

export async function post<T>(path: string, body?: unknown): Promise<T> {
  const answer = await send("POST", path, body);
  return (answer.status === 204 ? null : await answer.json().catch(() => null)) as T;
}

export async function put<T = void>(path: string, body: unknown): Promise<T> {
  const answer = await send("PUT", path, body);
  return (answer.status === 204 ? null : await answer.json().catch(() => null)) as T;
}

export async function remove(path: string, body?: unknown): Promise<void> {
  await send("DELETE", path, body);
}
