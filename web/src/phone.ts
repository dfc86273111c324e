// The page: signs in, shows what the phone and ccplane say, and passes on what is clicked.

import { forget, isKept, Refused, resume, type Session, signIn, signOut } from "./account";
import { NoMicrophone, openMicrophone } from "./microphone";
import { Ringer } from "./ringer";
import { Phone, type Status } from "./sip";
import { AgentSocket, type Screen, type Waiting } from "./socket";
import { giveUp, onlyHere } from "./tabs";
import { label, otherLanguage, type Text, text } from "./texts";

type Page = "signed-out" | "starting" | "trouble" | "phone";

const KEYS = "123456789*0#";
const at = <E extends HTMLElement = HTMLElement>(id: string) => document.getElementById(id) as E;
const ringer = new Ringer();

// What runs while somebody is signed in here.
interface Desk {
  session: Session;
  microphone: MediaStream;
  phone: Phone;
  socket: AgentSocket;
}

let desk: Desk | null = null;

async function begin(enter: () => Promise<Session>, takeOver = false): Promise<void> {
  show("starting", text("starting"));
  const again = () => begin(enter);
  try {
    if (!(await onlyHere(takeOver, taken))) {
      return show("trouble", text("elsewhere"), "use-here", () => begin(enter, true));
    }
    const session = await enter();
    at("who").textContent = session.agent;
    await sitDown(session);
  } catch (error) {
    if (error instanceof NoMicrophone) show("trouble", text(error.fault), "try-again", () => begin(resume));
    else if (error instanceof Refused) signedOut(error.message);
    else show("trouble", text("unreachable"), "try-again", again);
  }
}

async function sitDown(session: Session): Promise<void> {
  const microphone = await openMicrophone();
  const phone = new Phone(session.phone, microphone, at<HTMLAudioElement>("speaker"), phoneSaid);
  const socket = new AgentSocket(session.token, {
    shown: planeSaid,
    messages: messagesWait,
    answerNow: () => phone.answer(),
    over: (reason) => {
      if (reason === "opened-again") taken();
      else leave(text(reason === "signed-in-elsewhere" ? "signed-in-elsewhere" : "session-over"));
    },
  });
  desk = { session, microphone, phone, socket };
  show("phone");
  phone.start();
  socket.open();
}

const taken = (): void => leave(text("taken"), "use-here", () => begin(resume, true));

// Another one is the phone now: go without a word, so that a talk can follow.
function leave(why: string, action?: Text, act?: () => void): void {
  desk?.phone.vanish();
  getUp();
  if (action) show("trouble", why, action, act);
  else signedOut(why);
}

function signedOut(why = ""): void {
  forget();
  giveUp();
  getUp();
  at("who").textContent = "";
  show("signed-out", why);
}

function getUp(): void {
  desk?.socket.close();
  for (const track of desk?.microphone.getTracks() ?? []) track.stop();
  desk = null;
  ringer.ring(false);
  document.title = `ccplane · ${text("title")}`;
}

// ------------------------------------------------------------------------------------------------------ what is shown

function show(page: Page, notice = "", action?: Text, act?: () => void): void {
  document.body.dataset["page"] = page;
  at("notice").textContent = notice;
  at("again").textContent = action ? text(action) : "";
  at("again").onclick = act ?? null;
  if (desk) phoneSaid(desk.phone.status);
}

function phoneSaid(status: Status): void {
  Object.assign(document.body.dataset, { line: status.line, call: status.call });
  const inCall = status.call !== "none";
  const lost = inCall && status.line === "connecting";
  at("line").textContent = text(lost ? "coming-back" : status.line) + (status.reason ? `: ${status.reason}` : "");
  at("call").textContent = text(status.call);
  at("caller").textContent = status.caller;
  at("mute").textContent = text(status.muted ? "unmute" : "mute");
  at("mute").setAttribute("aria-pressed", String(status.muted));
  document.title = inCall ? `${text(status.call)} ${status.caller}` : `ccplane · ${text("title")}`;
  ringer.ring(status.call === "offered");
}

let screen: Screen | null = null;

function planeSaid(said: Screen): void {
  screen = said;
  const { agent, call } = said;
  document.body.dataset["agent"] = agent.state;
  const next = agent.next === agent.state ? "" : ` → ${state(agent.next)}`;
  at("state").textContent = state(agent.state) + next + (agent.reason ? ` (${agent.reason})` : "");
  const path = call?.menu_path.map((step) => step.name).join(" › ");
  at("about").textContent = call
    ? [call.number_dialled, path, call.queue, `${Math.round(call.waited_ms / 1000)} s`].filter(Boolean).join(" · ")
    : "";
  at("customer").textContent = [call?.customer?.name, call?.customer?.note].filter(Boolean).join(" · ");
  at("noted").textContent = Object.entries(call?.data ?? {}).map(([name, value]) => `${name} ${value}`).join(" · ");
  showWrapUp();
}

let waiting: Waiting = { new: 0, mine: 0, overdue: 0 };

function messagesWait(now: Waiting): void {
  waiting = now;
  const parts = [
    now.new ? `${text("messages-new")}: ${now.new}` : "",
    now.mine ? `${text("messages-mine")}: ${now.mine}` : "",
    now.overdue ? `${text("messages-overdue")}: ${now.overdue}` : "",
  ];
  at("messages").textContent = parts.filter(Boolean).join(" · ");
  at("messages").classList.toggle("overdue", now.overdue > 0);
}

// What is left of the work after a call, by ccplane's clock: this machine's may be wrong.
function showWrapUp(): void {
  if (!screen) return;
  const { at: told, heard, agent } = screen;
  const left = (until: string): number => Date.parse(until) - told - (performance.now() - heard);
  const minutes = (ms: number): string => {
    const seconds = Math.max(0, Math.ceil(ms / 1000));
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  };
  const { wrap_up_until: until, wrap_up_extendable_until: further } = agent;
  at("wrap-up-left").textContent = until ? minutes(left(until)) : "";
  const more = until && further ? Math.round((Date.parse(further) - Date.parse(until)) / 1000) : 0;
  at("wrap-up-extend").textContent = more ? `${text("wrap-up-extend")} (+${more} s)` : "";
}

const state = (name: string): string => text(`state-${name}` as Text);

// ---------------------------------------------------------------------------------------------------- what is clicked

at<HTMLFormElement>("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = new FormData(event.target as HTMLFormElement);
  const said = (name: string) => String(form.get(name)).trim();
  void begin(() => signIn(said("agent"), said("secret"), said("seat")));
});
at("sign-out").onclick = () => {
  const session = desk?.session;
  desk?.phone.stop();
  signedOut();
  if (session) void signOut(session);
};
at("ready").onclick = () => desk?.socket.ask("ready");
at("pause").onclick = () => desk?.socket.ask("pause");
at("wrap-up-done").onclick = () => desk?.socket.ask("wrap-up-done", { since: screen?.agent.since ?? undefined });
at("wrap-up-extend").onclick = () => desk?.socket.ask("wrap-up-extend");
at("answer").onclick = () => desk?.phone.answer();
at("reject").onclick = () => desk?.phone.reject();
at("hang-up").onclick = () => desk?.phone.hangUp();
at("mute").onclick = () => desk?.phone.mute(!desk.phone.status.muted);
at("language").onclick = () => {
  otherLanguage();
  label();
  if (desk) phoneSaid(desk.phone.status);
  if (screen) planeSaid(screen);
  messagesWait(waiting);
};
for (const key of KEYS) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: key });
  button.onclick = () => desk?.phone.press(key);
  at("keys").append(button);
}

setInterval(showWrapUp, 200);
label();
document.title = `ccplane · ${text("title")}`;
if (isKept()) void begin(resume);
