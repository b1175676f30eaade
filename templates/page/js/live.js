// A view's work: what is asked again and again while it is seen, and what it ends with.

/** Call `ask` at once, then `milliseconds` after each answer while the page is seen, until `signal` says that the view has
 * gone. `tell` hears how each went: of null, or of an ApiError. */
export async function poll(signal, milliseconds, ask, tell) {
  while (!signal.aborted) {
    try {
      await ask();
      if (!signal.aborted) tell(null);
    } catch (error) {
      if (signal.aborted) return;
      tell(error);
    }
    await pause(milliseconds, signal);
    await seen(signal);
  }
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}

function seen(signal) {
  if (document.visibilityState === "visible") return undefined;
  return new Promise((resolve) => {
    document.addEventListener("visibilitychange", resolve, { once: true });
    signal.addEventListener("abort", resolve, { once: true });
  });
}

/** Do `work` on each item, a few at a time; what one of them comes to grief with is its own. */
export async function each(items, work, atOnce = 4) {
  const left = [...items];
  const worker = async () => {
    while (left.length) await work(left.shift());
  };
  await Promise.allSettled(Array.from({ length: Math.min(atOnce, left.length) }, worker));
}

/** Of questions whose answers take each other's place only the latest counts: call what this gives when one is asked, and
 * what that gives, `() => boolean`, when it is answered. */
export function latest() {
  let asked = 0;
  return () => {
    const mine = ++asked;
    return () => mine === asked;
  };
}
