// The ring: two soft tones, a second on and two off, until told to stop.

const ON_S = 1;
const CYCLE_MS = 3_000;

export class Ringer {
  private context: AudioContext | null = null;
  private timer = 0;

  ring(on: boolean): void {
    if (on === this.timer > 0) return;
    clearInterval(this.timer);
    this.timer = 0;
    if (on) {
      this.once();
      this.timer = setInterval(() => this.once(), CYCLE_MS);
    } else {
      void this.context?.close();
      this.context = null;
    }
  }

  private once(): void {
    const context = (this.context ??= new AudioContext());
    const volume = new GainNode(context, { gain: 0.1 });
    volume.connect(context.destination);
    for (const frequency of [440, 480]) {
      const tone = new OscillatorNode(context, { frequency });
      tone.connect(volume);
      tone.start();
      tone.stop(context.currentTime + ON_S);
    }
  }
}
