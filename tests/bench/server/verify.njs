// Verifies X-Hub-Signature-256 and does nothing else: what one would write for nginx with njs.

const crypto = require("crypto");

// njs has no comparison in constant time.
function same(given, wanted) {
  if (given.length !== wanted.length) return false;
  let difference = 0;
  for (let i = 0; i < wanted.length; i++) difference |= given.charCodeAt(i) ^ wanted.charCodeAt(i);
  return difference === 0;
}

function request(r) {
  const given = r.headersIn["X-Hub-Signature-256"] || "";
  const keyed = crypto.createHmac("sha256", process.env.GENESYS_WEBHOOK_SECRET);
  const body = r.requestBuffer;
  if (body && body.length > 0) keyed.update(body);
  const wanted = `sha256=${keyed.digest("base64")}`;
  if (same(given, wanted)) r.internalRedirect("@verified");
  else r.return(401);
}

export default { request };
