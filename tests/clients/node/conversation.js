// The conversation with the test: a program writes one line of JSON for what it wants done, such as
// {"visit": URL}, and reads one line with the outcome. Its last line has what it found out.
import { createInterface } from "node:readline";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

export async function ask(wish) {
  console.log(JSON.stringify(wish));
  const { value, done } = await lines.next();
  if (done) throw new Error("the test has gone");
  return value;
}

export function finish(outcome) {
  console.log(JSON.stringify({ outcome }));
  process.stdin.destroy();
}
