// The agent's screen, live: what ccplane says of the agent and their call, and what the agent asks of it. Each message
// holds all, so the last one is the truth; a line that breaks is taken up again where it was.

export interface Agent {
  state: string;
  next: string;
  reason: string;
  since: string | null; // since when it is in this state: names the work after a call that is meant
  wrap_up_until: string | null; // when time ends the work after a call; null where the agent does
  wrap_up_extendable_until: string | null; // when, if it were extended; null where it can't be
}

export interface Call {
  offer: string;
  queue: string;
  number_dialled: string;
  waited_ms: number;
  menu_path: { name: string }[];
  data: Record<string, string>; // what the program has noted
  customer?: { name: string; note: string }; // where the centre knows their number
}

export interface Screen {
  at: number; // ccplane's time of this message, in ms, and by our own clock when it came
  heard: number;
  agent: Agent;
  call: Call | null;
}

// Messages of callers that the agent may answer: that nobody has, that they have, and of both those that are late.
export interface Waiting {
  new: number;
  mine: number;
  overdue: number;
}

export interface Listener {
  shown(screen: Screen): void;
  messages(waiting: Waiting): void;
  answerNow(): void;
  over(reason: string): void; // the session has ended; there is no coming back
}

export type Wish = "ready" | "pause" | "wrap-up-done" | "wrap-up-extend";

const FINAL = new Set([4001, 4002, 4003, 4004, 4007]);
const NONE: Waiting = { new: 0, mine: 0, overdue: 0 };
const PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;
const WISH_MS = 30_000; // a click is meant for now; later the agent has seen that it did nothing

interface Message extends Partial<Waiting> {
  type?: string;
  epoch?: number;
  seq?: number;
  at?: string;
  agent?: Agent;
  call?: Call | null;
}

export class AgentSocket {
  private socket: WebSocket | null = null;
  private seen: { epoch: number; seq: number } | null = null;
  private tries = 0;
  private again = 0;
  private asked = 0;
  private wish: { said: string; at: number } | null = null;

  constructor(
    private readonly token: string,
    private readonly listener: Listener,
  ) {}

  open(): void {
    const address = new URL("/api/v1/agents/me/socket", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    this.socket = socket;
    socket.onopen = () => {
      const resume = this.seen && { resume: this.seen };
      socket.send(JSON.stringify({ type: "hello", token: this.token, ...resume }));
      if (this.wish && performance.now() - this.wish.at < WISH_MS) socket.send(this.wish.said);
      this.wish = null;
    };
    socket.onmessage = ({ data }) => this.read(JSON.parse(data));
    socket.onclose = ({ code, reason }) => {
      if (FINAL.has(code)) return this.listener.over(reason);
      const pause = Math.min(PAUSE_MS * 2 ** this.tries++, LONGEST_PAUSE_MS);
      this.again = setTimeout(() => this.open(), pause * (0.5 + Math.random()));
    };
  }

  close(): void {
    clearTimeout(this.again);
    if (this.socket) this.socket.onclose = this.socket.onmessage = null;
    this.socket?.close();
  }

  /** While there is no connection the last wish waits for the next one. */
  ask(wish: Wish, more: { since?: string | undefined } = {}): void {
    const said = JSON.stringify({ id: `${Date.now()}-${this.asked++}`, do: wish, ...more });
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(said);
    else this.wish = { said, at: performance.now() };
  }

  private read(message: Message): void {
    this.tries = 0;
    const { type, epoch, seq, at, agent, call } = message;
    if (seq !== undefined) this.seen = { epoch: epoch ?? this.seen?.epoch ?? 0, seq };
    if (type === "welcome" || type === "resumed") this.listener.messages(NONE);
    if (type === "answer-now") this.listener.answerNow();
    else if (type === "messages") this.listener.messages({ ...NONE, ...message });
    else if (agent && at) {
      this.listener.shown({ at: Date.parse(at), heard: performance.now(), agent, call: call ?? null });
    }
  }
}
