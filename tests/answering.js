// Stands before every driver in one module: a job a line, and a line for its answer.

/** @param {(job: any) => any} answer */
async function answering(answer) {
  const { createInterface } = await import("node:readline");
  for await (const line of createInterface({ input: process.stdin })) {
    let reply;
    try {
      reply = answer(JSON.parse(line));
    } catch (error) {
      reply = { error: String(error.stack) };
    }
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
}
