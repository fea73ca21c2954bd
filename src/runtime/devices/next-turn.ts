/** Gives the event loop a turn: for timers, signals, the page, and the ends of workers. */

/** A thread with an event loop computes or waits so long at a stretch, but for a launch that takes longer. */
export const STRETCH_MS = 20;
/** Between two results that somebody waits for, a turn is due after so long: most small calls need not pay for one. */
export const BETWEEN_RESULTS_MS = 1;

/** Resolves when timers, signals and the page had their turn; sooner than a timer of 0 ms, which waits 1 or 4. */
export function nextTurn(): Promise<void> {
  if (typeof setImmediate === "function") return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
