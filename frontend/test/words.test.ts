import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { clockTime, word, WORDS } from "../src/words";

const rows = Object.entries(WORDS) as [string, { en: string; zh: string }][];
const holes = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!).sort();

test("every text is written in both languages, with the same holes", () => {
    for (const [key, { en, zh }] of rows) {
        assert.ok(en && zh, key);
        assert.deepEqual(holes(en), holes(zh), key);
        if (/[a-z]/.test(en.replace(/\{\w+\}/g, "")) && key !== "nanLegend") assert.match(zh, /[\u4e00-\u9fff]/, key);
    }
});

test("no text shouts", () => {
    for (const [key, { en, zh }] of rows) assert.doesNotMatch(en + zh, /[!！]/, key);
});

test("every text is used", () => {
    const folder = join(__dirname, "src");
    const code = readdirSync(folder)
        .filter((name) => name.endsWith(".ts") && name !== "words.ts")
        .map((name) => readFileSync(join(folder, name), "utf8"))
        .join("\n");
    const byStatus = /^(passed|failed|error|timeout|memory|output_limit|crashed|not_run|invalid|forbidden|fault|queued|expected|actual|difference|columns|rows)$/;
    const unused = rows.map(([key]) => key).filter((key) => !byStatus.test(key) && !new RegExp(`"${key}"`).test(code));
    assert.deepEqual(unused, []);
});

test("holes are filled, and what nobody fills stays to be seen", () => {
    assert.equal(word("saved", { time: "14:02" }, "en"), "saved 14:02");
    assert.equal(word("saved", {}, "zh"), "已保存 {time}");
});

test("a time of today is a clock, one of another day has its date", () => {
    const now = new Date(2026, 10, 28, 14, 2);
    assert.equal(clockTime(now.getTime() / 1000, "en", now), "14:02");
    assert.match(clockTime(now.getTime() / 1000 - 86_400, "en", now), /27 Nov/);
});
