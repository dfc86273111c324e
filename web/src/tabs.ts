// One phone in a browser: two tabs with one account would take the registration from each other every minute.

const LOCK = "ccplane-phone";

let release: (() => void) | null = null;

// Whether this tab is the phone now, until it is closed or another one takes over (`taken` is called then).
export function onlyHere(takeOver: boolean, taken: () => void): Promise<boolean> {
  if (release) return Promise.resolve(true);
  return new Promise((resolve) => {
    const hold = (lock: Lock | null): Promise<void> | void => {
      resolve(lock !== null);
      if (lock) return new Promise((done) => (release = done));
    };
    navigator.locks.request(LOCK, takeOver ? { steal: true } : { ifAvailable: true }, hold).catch(() => {
      release = null;
      taken();
    });
  });
}

export function giveUp(): void {
  release?.();
  release = null;
}
