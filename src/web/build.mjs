// Builds the pages into target/web: one file for each entry, without a hash in its name.
//
//   node build.mjs            everything, and prints what each file weighs
//   node build.mjs --modules  the modules that need no browser, for the tests, into target/web-modules

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

const room = dirname(fileURLToPath(import.meta.url));
const target = join(room, "..", "..", "target");

/** The name of each bundle, and where it begins. */
const BUNDLES = {
  "baton-chat": "chat/baton-chat.ts",
  console: "console/console.ts",
  inspector: "inspector/inspector.ts",
};

/** What goes along as it is. */
const COPIES = [
  join(room, "console/index.html"),
  join(room, "inspector/inspector.html"),
  join(target, "edge/js/baton_edge_bg.wasm"),
];

/** What the tests ask without a browser. */
const MODULES = [
  "client",
  "connection",
  "conversation",
  "following",
  "grouping",
  "memory",
  "protocol",
  "reconnecting",
  "requests",
  "taking",
  "text",
  "typing",
  "texts/choice",
];

/** The same of the console's pages. */
const PAGE_MODULES = [
  "console/access",
  "console/desk",
  "console/entry",
  "console/entry_words",
  "console/event_stream",
  "console/faults",
  "console/feed",
  "console/row_window",
  "console/timeline",
  "inspector/examples",
  "inspector/findings",
  "inspector/handover",
  "inspector/webhook_body",
  "look/json_text",
];

const common = {
  absWorkingDir: room,
  alias: { "@baton/edge": join(target, "edge/js/web.js") },
  bundle: true,
  charset: "utf8",
  format: "esm",
  logLevel: "warning",
  target: "es2022",
  write: false,
};

if (process.argv.includes("--modules")) {
  const outdir = join(target, "web-modules");
  const chat = MODULES.map((module) => join("chat", `${module}.ts`));
  const pages = PAGE_MODULES.map((module) => `${module}.ts`);
  const built = await Promise.all([
    build({ ...common, entryPoints: chat, outdir, outbase: "chat", splitting: true }),
    build({ ...common, entryPoints: pages, outdir, outbase: ".", splitting: true }),
  ]);
  for (const { path, contents } of built.flatMap(({ outputFiles }) => outputFiles)) put(path, contents);
} else {
  const outdir = join(target, "web");
  const bundled = await build({
    ...common,
    entryPoints: BUNDLES,
    outdir,
    minify: true,
    metafile: true,
    // The whole licences are put in their place.
    legalComments: "none",
  });
  const bundles = bundled.outputFiles.map(({ path, contents }) => ({
    path,
    contents: Buffer.concat([contents, Buffer.from(licences(bundled.metafile.outputs[relative(room, path)]))]),
  }));
  const copies = COPIES.filter(isThere).map((path) => ({
    path: join(outdir, basename(path)),
    contents: readFileSync(path),
  }));
  for (const { path, contents } of [...bundles, ...copies]) {
    put(path, contents);
    console.log(weight(path, contents));
  }
}

/** Writes the file if that changes it: what embeds it is built anew when it is touched. */
function put(path, contents) {
  mkdirSync(dirname(path), { recursive: true });
  if (!existsSync(path) || !readFileSync(path).equals(contents)) writeFileSync(path, contents);
}

/** The licences of the packages that went into a bundle, as a comment: who passes it on passes them on. */
function licences({ inputs }) {
  const packages = new Map();
  for (const input of Object.keys(inputs)) {
    const name = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
    if (name === undefined) continue;
    const licence = readFileSync(join(room, "node_modules", name, "LICENSE"), "utf8").trim();
    packages.set(licence, (packages.get(licence) ?? new Set()).add(name));
  }
  const told = [...packages].map(([licence, names]) => `${[...names].sort().join(", ")}\n\n${licence}`);
  return told.length > 0 ? `/*! With parts of ${told.join("\n\n")}\n*/\n` : "";
}

function isThere(path) {
  const there = existsSync(path);
  if (!there) console.warn(`${basename(path)} is not there yet, and was left out.`);
  return there;
}

/** The file's name, its size, and its size compressed, in KiB. */
function weight(path, contents) {
  const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`.padStart(10);
  const compressed = gzipSync(contents, { level: 9 }).length;
  return `${basename(path).padEnd(20)} ${kib(contents.length)} ${kib(compressed)} compressed`;
}
