// Who this page is the phone of: a session, kept in this browser, so that a page that comes back goes on by itself.

import type { Account } from "./sip";

export interface Session {
  agent: string;
  token: string;
  phone: Account;
}

export class Refused extends Error {
  constructor(
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }
}

const KEPT = "ccplane-phone";

// With a PIN, else with an administrator's token; at their own seat unless another is named. The agent's offers ring in
// this browser from then on.
export async function signIn(agent: string, secret: string, seat: string): Promise<Session> {
  const place = seat ? { device: "web", seat } : { device: "web" };
  const opened = /^\d{1,12}$/.test(secret)
    ? await ask("POST", "session", { body: { agent, pin: secret, ...place } })
    : await ask("POST", `agents/${encodeURIComponent(agent)}/session`, { body: place, token: secret });
  return keep({ agent, token: opened.token, phone: opened.phone });
}

export const isKept = (): boolean => localStorage.getItem(KEPT) !== null;

// The session that this browser has. Refused if it is over.
export async function resume(): Promise<Session> {
  const kept = localStorage.getItem(KEPT);
  if (!kept) throw new Refused("signed-out", "");
  const { agent, token } = JSON.parse(kept);
  const { phone } = await ask("GET", "session", { token });
  return { agent, token, phone };
}

export async function signOut({ token }: Session): Promise<void> {
  forget();
  await ask("DELETE", "session", { token });
}

export function forget(): void {
  localStorage.removeItem(KEPT);
}

function keep(session: Session): Session {
  localStorage.setItem(KEPT, JSON.stringify({ agent: session.agent, token: session.token }));
  return session;
}

async function ask(method: string, path: string, { body, token }: { body?: object; token?: string }) {
  const headers: Record<string, string> = {};
  if (body) headers["Content-Type"] = "application/json";
  if (token) headers["Authorization"] = `Bearer ${token}`;
  const answer = await fetch(`/api/v1/${path}`, {
    method,
    headers,
    cache: "no-store",
    ...(body && { body: JSON.stringify(body) }),
  });
  const said = answer.status === 204 ? {} : await answer.json();
  if (!answer.ok) throw new Refused(said.code, said.detail);
  return said;
}
