// The WebSocket under the phone, and when something last came over it. A socket can be dead for minutes before its
// browser says so (a laptop that slept, a network that went); whoever knows better may drop it.

import type { Socket } from "jssip";

export class Wire implements Socket {
  via_transport = "WS";
  readonly sip_uri: string;
  heardAt = 0;

  // JsSIP's transport puts its own in here before it connects.
  onconnect = (): void => {};
  ondisconnect = (_error: boolean, _code?: number, _reason?: string): void => {};
  ondata = (_message: unknown): void => {};

  private socket: WebSocket | null = null;
  private retired = false;

  constructor(readonly url: string) {
    const { host, protocol } = new URL(url);
    this.sip_uri = `sip:${host};transport=ws`;
    this.via_transport = protocol === "wss:" ? "WSS" : "WS";
  }

  connect(): void {
    if (this.retired) return;
    this.disconnect();
    const socket = new WebSocket(this.url, "sip");
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.onconnect();
    socket.onmessage = ({ data }) => {
      this.heardAt = Date.now();
      this.ondata(data);
    };
    socket.onclose = ({ wasClean, code, reason }) => this.ondisconnect(!wasClean, code, reason);
  }

  disconnect(): void {
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  // Take the socket for dead: JsSIP connects anew, and registers again.
  drop(): void {
    this.disconnect();
    this.ondisconnect(true);
  }

  // Never again.
  retire(): void {
    this.retired = true;
    this.disconnect();
  }

  send(message: string | ArrayBufferLike | Blob | ArrayBufferView): boolean {
    if (!this.isConnected()) return false;
    this.socket!.send(message as string);
    return true;
  }

  isConnected(): boolean {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  isConnecting(): boolean {
    return this.socket?.readyState === WebSocket.CONNECTING;
  }
}
