// Builds the front end into app/static/dist: modules, their sourcemaps, style sheets, fonts, and all of it packed with
// Brotli and gzip. `node build.mjs` builds, `node build.mjs watch` builds again at every change, `node build.mjs test`
// runs the tests of what needs no browser.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const OUT = join(HERE, "..", "app", "static", "dist");
const NEXT = `${OUT}.next`; // built here and then put in place, so that a running server never sees half of it
const ENTRIES = ["page", "kata", "result"];
const SHEET = "src/kata.css"; // of the pages with an editor or a result
const BUDGET = 250 * 1024; // what the kata page may load, packed; the server's own HTML and style.css want their share
const PACKED = /\.(js|css|map)$/;

const shared = {
    bundle: true,
    format: "esm",
    target: ["es2022", "safari16.4"],
    absWorkingDir: HERE,
    logLevel: "warning",
};

const browser = {
    ...shared,
    entryPoints: [...ENTRIES.map((name) => `src/${name}.ts`), SHEET, "src/math.css"],
    outdir: NEXT,
    splitting: true,
    minify: true,
    sourcemap: true,
    metafile: true,
    chunkNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    loader: { ".woff2": "file", ".woff": "empty", ".ttf": "empty" },
};

function pack(name) {
    const raw = readFileSync(join(NEXT, name));
    const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: raw.length } };
    writeFileSync(join(NEXT, `${name}.br`), brotliCompressSync(raw, options));
    writeFileSync(join(NEXT, `${name}.gz`), gzipSync(raw, { level: 9 }));
}

/** The files that a page loads at once with these entries: they and what they import, not what they import on demand. */
function loadedAtOnce(outputs, entries) {
    const found = new Set();
    const add = (path) => {
        if (found.has(path)) return;
        found.add(path);
        for (const { path: next, kind } of outputs[path].imports) if (kind === "import-statement") add(next);
    };
    for (const path of Object.keys(outputs)) {
        if (entries.includes(outputs[path].entryPoint)) add(path);
    }
    return [...found].map((path) => basename(path));
}

function sizes(outputs) {
    const table = {};
    for (const [page, names] of Object.entries({ every: ["page"], kata: ["page", "kata"], submission: ["page", "result"] })) {
        const entries = names.map((name) => `src/${name}.ts`);
        const files = loadedAtOnce(outputs, names.length > 1 ? [...entries, SHEET] : entries);
        const bytes = files.map((name) => readFileSync(join(NEXT, `${name}.br`)).length);
        table[page] = { bytes: bytes.reduce((sum, next) => sum + next, 0), files };
    }
    return table;
}

/** The licences of the packages that ended up in the bundles. */
function licences(inputs) {
    const folders = Object.keys(inputs).map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]);
    const texts = [...new Set(folders.filter(Boolean))].sort().map((folder) => {
        const { name, version, license } = JSON.parse(readFileSync(join(HERE, folder, "package.json"), "utf8"));
        const file = readdirSync(join(HERE, folder)).find((entry) => /^licen[cs]e/i.test(entry));
        const text = file ? readFileSync(join(HERE, folder, file), "utf8").trim() : license;
        return `${name} ${version} (${license})\n\n${text}\n`;
    });
    return texts.join(`\n${"-".repeat(80)}\n\n`);
}

function putInPlace() {
    const old = `${OUT}.old`;
    rmSync(old, { recursive: true, force: true });
    if (existsSync(OUT)) renameSync(OUT, old);
    renameSync(NEXT, OUT);
    rmSync(old, { recursive: true, force: true });
}

async function build() {
    rmSync(NEXT, { recursive: true, force: true });
    mkdirSync(NEXT, { recursive: true });
    const { metafile } = await esbuild.build(browser);
    for (const name of readdirSync(NEXT)) if (PACKED.test(name)) pack(name);
    const table = sizes(metafile.outputs);
    writeFileSync(join(NEXT, "sizes.json"), `${JSON.stringify(table, null, 2)}\n`);
    writeFileSync(join(NEXT, "LICENSES.txt"), licences(metafile.inputs));
    putInPlace();
    for (const [page, { bytes, files }] of Object.entries(table)) {
        console.log(`front end: ${page} page ${(bytes / 1024).toFixed(0)} KB packed, ${files.length} files`);
    }
    if (table.kata.bytes > BUDGET) {
        console.error(`front end: the kata page would load more than ${BUDGET / 1024} KB`);
        process.exit(1);
    }
}

async function test() {
    const folder = mkdtempSync(join(tmpdir(), "torchkata-front-"));
    try {
        const names = readdirSync(join(HERE, "test")).filter((name) => name.endsWith(".test.ts"));
        await esbuild.build({
            ...shared,
            entryPoints: names.map((name) => `test/${name}`),
            outdir: folder,
            platform: "node",
            target: "node18",
            sourcemap: "inline",
            outExtension: { ".js": ".mjs" },
            define: { __dirname: JSON.stringify(HERE) },
        });
        const files = readdirSync(folder).map((name) => join(folder, name));
        const ran = spawnSync(process.execPath, ["--test", "--enable-source-maps", ...files], { stdio: "inherit" });
        process.exitCode = ran.status ?? 1;
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}

async function watch() {
    const context = await esbuild.context({ ...browser, outdir: OUT, logLevel: "info" });
    await context.watch();
    console.log(`front end: building into ${relative(process.cwd(), OUT)} at every change; Ctrl-C ends it`);
}

await { build, test, watch }[process.argv[2] ?? "build"]();
