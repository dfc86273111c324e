// Bundles the pages: node build.mjs INTO. Every asset bears the hash of its content in its name, so that a browser may
// keep it for ever; the pages name them, and are asked for each time.
import { build } from "esbuild";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";

const into = process.argv[2];
const PAGES = ["phone"];
const SCRIPTS = ["charts"]; // that the wallboard's page loads, which is not built
const LIBRARIES = ["jssip", "debug", "events", "ms", "sdp-transform", "echarts", "zrender", "tslib"]; // all that lands in a bundle

const usual = {
  outdir: `${into}/assets`,
  entryNames: "[name]-[hash]",
  bundle: true,
  minify: true,
  target: "es2022",
  metafile: true,
  logLevel: "warning",
};
const { metafile } = await build({ ...usual, entryPoints: PAGES.flatMap((page) => [`src/${page}.ts`, `src/${page}.css`]) });
const scripts = await build({ ...usual, format: "esm", entryPoints: SCRIPTS.map((script) => `src/${script}.ts`) });

const built = new Map(
  Object.entries(metafile.outputs).map(([path, { entryPoint }]) => [basename(entryPoint), basename(path)]),
);
for (const page of PAGES) {
  const text = await readFile(`src/${page}.html`, "utf8");
  await writeFile(`${into}/${page}.html`, text.replace(/\{\{(.+?)\}\}/g, (_, name) => `/assets/${built.get(name)}`));
}

const used = Object.keys({ ...metafile.inputs, ...scripts.metafile.inputs }).map((path) => path.match(/^node_modules\/([^/]+)/)?.[1]).filter(Boolean);
const unnamed = [...new Set(used)].filter((name) => !LIBRARIES.includes(name));
if (unnamed.length) throw new Error(`bundled without their licence: ${unnamed}; add them to LIBRARIES`);
const licences = await Promise.all(LIBRARIES.map(licence));
await mkdir(`${into}/assets`, { recursive: true });
await writeFile(`${into}/assets/licences.txt`, licences.join("\n\n"));

async function licence(name) {
  const notice = await readFile(`node_modules/${name}/NOTICE`, "utf8").catch(() => "");
  for (const file of ["LICENSE", "LICENSE.md", "license.md", "LICENSE.txt"]) {
    const text = await readFile(`node_modules/${name}/${file}`, "utf8").catch(() => "");
    if (text) return [name, notice, text].filter(Boolean).join("\n\n");
  }
  throw new Error(`${name} has no licence file`);
}
