// A site of somebody else, on loopback: pages under a policy of their own, and folders as they are.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname } from "node:path";

const TYPES = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };

export class Site {
  #server;

  /**
   * `pages` are documents by path; `folders` are URLs of folders by the path that they are served under. All of
   * them are under this Content-Security-Policy.
   */
  static async start({ policy, pages, folders = {} }) {
    const site = new Site();
    site.#server = createServer((request, response) => {
      const { pathname } = new URL(request.url, "http://site");
      const found = page(pages, pathname) ?? file(folders, pathname);
      response.setHeader("content-security-policy", policy);
      if (found === undefined) response.writeHead(404).end();
      else response.setHeader("content-type", found.type).end(found.content);
    }).listen(0, "127.0.0.1");
    await once(site.#server, "listening");
    site.origin = `http://127.0.0.1:${site.#server.address().port}`;
    return site;
  }

  async stop() {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** A whole document with this body, in a language if one is given. */
export function documentOf(body, lang) {
  return `<!doctype html>
<html${lang ? ` lang="${lang}"` : ""}>
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>A page</title><link rel="icon" href="data:,"></head>
<body>${body}</body>
</html>`;
}

function page(pages, path) {
  return pages[path] && { type: "text/html", content: pages[path] };
}

function file(folders, path) {
  const under = Object.keys(folders).find((prefix) => path.startsWith(prefix));
  if (under === undefined) return undefined;
  const url = new URL(path.slice(under.length), folders[under]);
  return { type: TYPES[extname(path)] ?? "application/octet-stream", content: readFileSync(url) };
}
