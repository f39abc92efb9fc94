// One line on stderr per step of the set-up, with its seconds: rewritten in place on a terminal, started and
// finished elsewhere. stdout stays free for what a command answers.

const TICK_MS = 1000;

/**
 * @typedef {{ line(text: string): void, start(label: string): { note(text: string): void, end(outcome: string): void } }} Progress
 * @param {{ write(text: string): unknown, isTTY?: boolean }} [out]
 * @returns {Progress}
 */
export function createProgress(out = process.stderr) {
  return {
    line: (text) => void out.write(`[setup] ${text}\n`),
    start(label) {
      const began = Date.now();
      const seconds = () => `${((Date.now() - began) / 1000).toFixed(1)} s`;
      if (!out.isTTY) {
        out.write(`[setup] ${label} …\n`);
        return {
          note: (text) => void out.write(`${text}\n`),
          end: (outcome) => void out.write(`[setup] ${label}: ${outcome} (${seconds()})\n`),
        };
      }
      const draw = () => out.write(`\r\x1b[K[setup] ${label} … ${seconds()}`);
      draw();
      const timer = setInterval(draw, TICK_MS);
      return {
        note(text) {
          out.write(`\r\x1b[K${text}\n`);
          draw();
        },
        end(outcome) {
          clearInterval(timer);
          out.write(`\r\x1b[K[setup] ${label}: ${outcome} (${seconds()})\n`);
        },
      };
    },
  };
}
