// What a test does to the runtime as a whole: its clock, and its faults.

import { h } from "../dom.js";
import * as runtime from "../runtime.js";
import { announce, ask, choice, field } from "../widgets.js";

export function advance() {
  const minutes = h("input", { type: "number", min: 0, max: 100000, step: "any", value: 15, required: true });
  ask("Advance the clock", {
    text: "The runtime's clock only moves forward. Sessions that would have idled out by then, or outlived their time, end.",
    fields: [field("Minutes", minutes, "15 idle minutes end a session, 8 hours end any, unless the agent is set otherwise.")],
    verb: "Advance",
    async act() {
      await runtime.advance(Number(minutes.value) * 60);
      announce(`The clock is ${minutes.value} minutes further.`);
    },
  });
}

export function arm() {
  const fault = choice(runtime.FAULTS.map(([name, what]) => [name, `${name}: ${what}`]), "throttle");
  const times = h("input", { type: "number", min: 0, max: 1000, value: 1, required: true });
  ask("Arm a fault", {
    text: "The runtime fails on purpose, the next times that it could. It holds for all agents.",
    fields: [field("Fault", fault), field("Times", times, "0 disarms it.")],
    verb: "Arm",
    async act() {
      await runtime.arm(fault.value, Number(times.value));
      announce(`${fault.value} strikes the next ${times.value} time(s).`);
    },
  });
}
