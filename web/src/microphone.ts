// The microphone. It is opened when the agent signs in and stays open: a call is answered without a question of the
// browser's, and a page that listens is neither frozen nor slowed down while another one is in front.

export type Fault = "denied" | "missing" | "busy" | "insecure";

export class NoMicrophone extends Error {
  constructor(readonly fault: Fault) {
    super(fault);
  }
}

const WANTED = { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } };

export async function openMicrophone(): Promise<MediaStream> {
  if (!navigator.mediaDevices) throw new NoMicrophone("insecure");
  try {
    return await navigator.mediaDevices.getUserMedia(WANTED);
  } catch (error) {
    throw new NoMicrophone(faultOf(error instanceof DOMException ? error.name : ""));
  }
}

function faultOf(name: string): Fault {
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return "missing";
  }
}
