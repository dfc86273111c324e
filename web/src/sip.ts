// The phone: one account, one call at a time, and each change told. It knows nothing of the page.
//
// A page that goes away says nothing to the switch (JsSIP has no unload handler, and `stop` is only for signing out):
// its socket closes, the switch forgets where it was, and the agent is `rejoining` until they are back.

import { UA } from "jssip";
import { Wire } from "./wire";

type Session = ReturnType<UA["call"]>;
type Incoming = { originator: string; session: Session; request: { getHeader(name: string): string | undefined } };

export interface Account {
  web_username: string;
  secret: string;
  websocket: string;
}

export type Line = "connecting" | "registered" | "refused";

export type Call = "none" | "offered" | "answering" | "talking";

export interface Status {
  line: Line;
  reason: string; // why the switch refused
  call: Call;
  caller: string;
  muted: boolean;
}

const EXPIRES_S = 60;
const LOOK_EVERY_MS = 5_000;
const QUIET_MS = 20_000; // the switch asks every 15 s whether we are there: silence for longer is suspicious
const PROOF_MS = 5_000; // and this long it may take to answer a REGISTER
const GATHERING_MS = 500; // a network that gives no more candidates (a VPN) must not hold up an answer

export class Phone {
  status: Status = { line: "connecting", reason: "", call: "none", caller: "", muted: false };

  private readonly wire: Wire;
  private readonly ua: UA;
  private session: Session | null = null;
  private looking = 0;
  private lookedAt = Date.now();
  private proofBy = 0;

  constructor(
    account: Account,
    private readonly microphone: MediaStream,
    private readonly speaker: HTMLAudioElement,
    private readonly tell: (status: Status) => void,
  ) {
    const host = new URL(account.websocket).hostname;
    this.wire = new Wire(account.websocket);
    this.ua = new UA({
      sockets: this.wire,
      uri: `sip:${account.web_username}@${host}`,
      password: account.secret,
      register_expires: EXPIRES_S,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 4,
      user_agent: "ccplane phone",
    });
    this.ua.on("registered", () => this.registered());
    this.ua.on("registrationFailed", ({ response, cause }) => this.refused(response?.status_code, cause));
    this.ua.on("disconnected", () => this.change({ line: "connecting" }));
    this.ua.on("newRTCSession", (event: unknown) => this.rang(event as Incoming));
  }

  start(): void {
    this.ua.start();
    this.looking = setInterval(this.look, LOOK_EVERY_MS);
    for (const sign of ["online", "pageshow"]) addEventListener(sign, this.prove);
    document.addEventListener("visibilitychange", this.prove);
  }

  // Sign out: ends the call, and tells the switch that nobody is here any more.
  stop(): void {
    this.rest();
    this.ua.stop();
  }

  // Go without a word, as a page does that is closed.
  vanish(): void {
    this.rest();
    this.session?.connection?.close();
    this.session = null;
    this.wire.retire();
  }

  answer(): void {
    if (this.status.call !== "offered" || !this.session) return;
    for (const track of this.microphone.getAudioTracks()) track.enabled = true;
    this.change({ call: "answering", muted: false });
    this.session.answer({ mediaStream: this.microphone });
  }

  reject(): void {
    if (this.status.call === "offered") this.session?.terminate({ status_code: 603 });
  }

  hangUp(): void {
    if (this.status.call !== "none") this.session?.terminate();
  }

  mute(muted: boolean): void {
    if (muted) this.session?.mute({ audio: true });
    else this.session?.unmute({ audio: true });
    this.change({ muted });
  }

  press(key: string): void {
    if (this.status.call === "talking") this.session?.sendDTMF(key, { transportType: "RFC2833" as never });
  }

  // ---------------------------------------------------------------------------------------------------- a call comes

  private rang({ originator, session, request }: Incoming): void {
    if (originator !== "remote") return;
    if (this.session && !this.isDead(this.session)) return session.terminate({ status_code: 486 });
    if (this.session) this.leave(this.session);
    this.session = session;
    this.follow(session);
    this.change({ call: "offered", caller: nameOf(session) });
    const back = request.getHeader("X-Ccplane-Rejoin") !== undefined;
    if (back || request.getHeader("Call-Info")?.includes("answer-after=0")) this.answer();
  }

  // Sound may well go on while the line to the switch was cut; 486 then says that we have never left.
  private isDead(session: Session): boolean {
    return session.isEstablished() && !["connected", "completed"].includes(session.connection.iceConnectionState);
  }

  // We are called back into a talk whose old leg carries nothing any more.
  private leave(session: Session): void {
    session.removeAllListeners();
    session.connection?.close();
    session.terminate();
  }

  private follow(session: Session): void {
    session.on("peerconnection", ({ peerconnection }) => {
      peerconnection.addEventListener("track", ({ track, streams }) => {
        this.speaker.srcObject = streams[0] ?? new MediaStream([track]);
        void this.speaker.play();
      });
    });
    let gathering = 0;
    session.on("icecandidate", ({ ready }) => {
      gathering ||= setTimeout(ready, GATHERING_MS);
    });
    session.on("confirmed", () => this.change({ call: "talking" }));
    for (const end of ["ended", "failed"] as const) session.on(end, () => this.over());
  }

  private over(): void {
    this.session = null;
    this.speaker.srcObject = null;
    this.change({ call: "none", caller: "", muted: false });
  }

  // ------------------------------------------------------------------------------------------------ is the line alive

  // Timers stop while a machine sleeps: a look that comes late means that we slept, and the socket may be dead.
  private look = (): void => {
    const now = Date.now();
    const slept = now - this.lookedAt > 3 * LOOK_EVERY_MS;
    this.lookedAt = now;
    if (this.proofBy && this.wire.heardAt > this.proofBy - PROOF_MS) this.proofBy = 0;
    if (this.proofBy && now > this.proofBy) {
      this.proofBy = 0;
      this.wire.drop();
    } else if (slept || now - this.wire.heardAt > QUIET_MS) {
      this.prove();
    }
  };

  // Ask something that must be answered; `look` draws the conclusion.
  private prove = (): void => {
    if (!this.wire.isConnected() || this.proofBy) return;
    this.proofBy = Date.now() + PROOF_MS;
    this.ua.register();
  };

  // In a talk that came over an earlier socket the switch must be told where we are now, or its BYE would not reach us.
  // And if it has ended the talk meanwhile, it says so. With the network the way of the sound may be another, too.
  private registered(): void {
    this.change({ line: "registered", reason: "" });
    if (this.session?.isEstablished()) this.session.renegotiate({ rtcOfferConstraints: { iceRestart: true } });
  }

  private refused(status: number | undefined, cause: unknown): void {
    if (status) this.change({ line: "refused", reason: `${status} ${cause}` });
    else this.change({ line: "connecting" });
  }

  private rest(): void {
    clearInterval(this.looking);
    for (const sign of ["online", "pageshow"]) removeEventListener(sign, this.prove);
    document.removeEventListener("visibilitychange", this.prove);
  }

  private change(change: Partial<Status>): void {
    this.status = { ...this.status, ...change };
    this.tell(this.status);
  }
}

function nameOf({ remote_identity }: Session): string {
  const number = remote_identity.uri.user;
  const name = remote_identity.display_name;
  return name && name !== number ? `${name} (${number})` : number;
}
