// Verifies X-Hub-Signature-256 and does nothing else: what one would write with Node alone, and
// what Envoy's ext_authz would ask. Told to `answer`, it reads the body and does not verify.

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const secret = process.env.GENESYS_WEBHOOK_SECRET;
const [port, task] = process.argv.slice(2);

function isSigned(body, header) {
  if (!header?.startsWith("sha256=")) return false;
  const given = Buffer.from(header.slice("sha256=".length), "base64");
  const wanted = createHmac("sha256", secret).update(body).digest();
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks);
    const passes = task === "answer" || isSigned(body, request.headers["x-hub-signature-256"]);
    response.writeHead(passes ? 200 : 401, { "content-length": 0 }).end();
  });
});
// The load's connections wait for their turn between two lengths.
server.keepAliveTimeout = 120_000;
server.listen(Number(port), "127.0.0.1");
