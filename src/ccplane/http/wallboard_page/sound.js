// A sound when a figure becomes a worry. Browsers stay silent until somebody has clicked: then the page says so.

const SOUNDS = {
  chime: [[880, 0, 0.25], [1175, 0.2, 0.5]],
  alarm: [[740, 0, 0.3], [988, 0.35, 0.3], [740, 0.7, 0.3], [988, 1.05, 0.3]],
};
const RANK = ["", "warn", "alarm"];

export class Sound {
  constructor(figures, told) {
    this.worries = new Map();
    this.told = told; // whether it is muted
    this.audio = null;
    if (!Object.values(figures).some((figure) => figure.sound !== "none")) return;
    this.audio = new AudioContext();
    this.audio.addEventListener("statechange", () => this.#tell());
    for (const gesture of ["click", "keydown"]) addEventListener(gesture, () => this.audio.resume());
    this.#tell();
  }

  // `worries`: by what they are of, how bad and with which sound. Played is what has become worse, the worst alone.
  hear(worries) {
    const worse = worries.filter(({ key, worry }) => RANK.indexOf(worry) > RANK.indexOf(this.worries.get(key) ?? ""));
    this.worries = new Map(worries.map(({ key, worry }) => [key, worry]));
    const sounds = worse.map(({ sound }) => sound);
    const sound = sounds.includes("alarm") ? "alarm" : sounds.find((each) => each in SOUNDS);
    if (sound) this.#play(sound);
  }

  #play(sound) {
    if (this.audio?.state !== "running") return;
    document.body.dataset.sounds = sound; // the last that was played
    for (const [hz, after, long] of SOUNDS[sound]) {
      const [tone, volume] = [new OscillatorNode(this.audio, { frequency: hz }), new GainNode(this.audio, { gain: 0 })];
      const begin = this.audio.currentTime + after;
      volume.gain.setValueAtTime(0, begin);
      volume.gain.linearRampToValueAtTime(0.4, begin + 0.02);
      volume.gain.linearRampToValueAtTime(0, begin + long);
      tone.connect(volume).connect(this.audio.destination);
      tone.start(begin);
      tone.stop(begin + long);
      tone.onended = () => volume.disconnect();
    }
  }

  #tell() {
    this.told(this.audio.state !== "running");
  }
}
