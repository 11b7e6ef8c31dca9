/*
 * Builds the scripts and writes them as C, so that the module serves them
 * without anything beside it: node build.mjs [DIR] writes the C to
 * DIR/cxm_script_text.c (default ../core/api) and the scripts to dist/.
 */

import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2] || join(here, "../core/api");
const scripts = ["cxm", "cxm-survey", "cxm-account"];
const LINE = 72;

mkdirSync(join(here, "dist"), { recursive: true });
await build({
    absWorkingDir: here,
    entryPoints: scripts.map(name => `src/${name}.ts`),
    outdir: "dist",
    target: "es2019",
    minify: true,
    charset: "ascii",
    legalComments: "none",
});

/* One string literal a line; an escape is never cut. */
const literal = text => {
    const parts = text.match(/\n|[^\n]/g).map(c =>
        c == "\n" ? "\\n" : c == "\\" || c == '"' ? "\\" + c
            : c == "?" ? "\\?" : c);
    const lines = [""];
    for (const part of parts) {
        if (lines[lines.length - 1].length + part.length > LINE) {
            lines.push("");
        }
        lines[lines.length - 1] += part;
    }
    return lines.map(line => `    "${line}"`).join("\n");
};

let c = `/*
 * Made by web/build.mjs from web/src: change it there.
 */

#include "cxm_script.h"


const cxm_script_t  cxm_scripts[] = {
`;
for (const name of scripts) {
    const text = readFileSync(join(here, `dist/${name}.js`), "utf8");
    const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
    console.log(`${name}.js: ${text.length} bytes, `
        + `${gzipSync(text, { level: 9 }).length} with gzip`);
    c += `    { "${name}.js", "${hash}", ${text.length},\n${literal(text)} },\n`;
}
c += `    { NULL, NULL, 0, NULL }
};
`;
writeFileSync(join(target, "cxm_script_text.c"), c);
