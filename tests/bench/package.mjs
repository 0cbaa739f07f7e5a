// What the package for JavaScript takes in Node to verify a webhook and to translate it: CPU time of
// the process in microseconds, a line of JSON for each length.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [library, bodies] = process.argv.slice(2);
const { sign, translate, verify } = await import(pathToFileURL(join(library, "node.js")));

const BATCHES = 21;
const BATCH_US = 20_000;
const SECRET = "a-secret-of-the-benchmark-and-of-nothing-else";

for (const file of readdirSync(bodies)) {
  const body = readFileSync(join(bodies, file));
  const signature = sign(body, SECRET);
  const batch = (calls) => {
    const start = process.cpuUsage();
    for (let call = 0; call < calls; call++) {
      if (verify(body, signature, [SECRET])) throw new Error(`${file} is not signed`);
      translate(body);
    }
    const { user, system } = process.cpuUsage(start);
    return (user + system) / calls;
  };
  // The first calls are for the compiler of V8.
  const end = process.cpuUsage().user + 500_000;
  while (process.cpuUsage().user < end) batch(20);
  const calls = Math.max(1, Math.round(BATCH_US / batch(200)));
  const cpu_us = Array.from({ length: BATCHES }, () => batch(calls));
  console.log(JSON.stringify({ bytes: body.length, cpu_us }));
}
