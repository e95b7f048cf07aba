import assert from "node:assert/strict";
import { test } from "node:test";
import { Text } from "@codemirror/state";
import { differing } from "../src/differing";
import { readRecord } from "../src/draft-link";
import { readSplit, settle } from "../src/panes";
import { rangeOf } from "../src/syntax";

function patched(before: string, after: string): string {
    const { from, to, insert } = differing(before, after);
    return before.slice(0, from) + insert + before.slice(to);
}

test("only what differs is replaced", () => {
    assert.deepEqual(differing("abcdef", "abXdef"), { from: 2, to: 3, insert: "X" });
    assert.deepEqual(differing("aaa", "aa"), { from: 2, to: 3, insert: "" });
    assert.deepEqual(differing("same", "same"), { from: 4, to: 4, insert: "" });
});

test("any text becomes any other", () => {
    const texts = ["", "a", "aa", "aba", "b", "多头", "\u{1F600}", "\u{1F601}", "a\u{1F600}b", "a\u{1F601}b"];
    for (const before of texts) for (const after of texts) assert.equal(patched(before, after), after);
});

test("no pair of surrogates is cut in two", () => {
    const { from, to, insert } = differing("a\u{1F600}b", "a\u{1F601}b");
    assert.deepEqual([from, to, insert], [1, 3, "\u{1F601}"]);
});

const spot = (line: number, column: number, end_line: number, end_column: number) => ({ line, column, end_line, end_column, message: "" });

test("a syntax error is marked where it is, at least one character long", () => {
    const doc = Text.of(["def f(:", "", "x"]);
    assert.deepEqual(rangeOf(doc, spot(1, 7, 1, 8)), { from: 6, to: 7 });
    assert.deepEqual(rangeOf(doc, spot(1, 8, 1, 8)), { from: 6, to: 7 });
    assert.deepEqual(rangeOf(doc, spot(2, 1, 2, 1)), { from: 8, to: 8 });
});

test("a place outside the text is pulled into it", () => {
    const doc = Text.of(["ab"]);
    assert.deepEqual(rangeOf(doc, spot(0, 0, 99, 99)), { from: 0, to: 2 });
    assert.deepEqual(rangeOf(doc, spot(7, 7, 1, 1)), { from: 1, to: 2 });
});

test("panes are kept as two numbers, and nonsense is the default", () => {
    assert.deepEqual(readSplit("30:70"), { columns: 30, rows: 70 });
    for (const nonsense of [undefined, null, "", "x:y", 7]) assert.deepEqual(readSplit(nonsense), { columns: 42, rows: 60 });
    assert.deepEqual(readSplit("-5:400"), { columns: 0, rows: 100 });
});

test("a pane is folded or wide enough to be read", () => {
    assert.deepEqual([0, 3, 8, 50, 91, 97, 100].map(settle), [0, 0, 12, 50, 88, 100, 100]);
});

test("a record of this browser that is damaged is none", () => {
    for (const damaged of [null, "", "{", "null", "[]", '{"device":"a","base":1,"baseText":"x","steps":[]}']) {
        assert.equal(readRecord(damaged), null);
    }
    const record = { device: "a", base: 1, baseText: "x", steps: [{ kind: "edit", text: "y", typed_at: 0 }] };
    assert.deepEqual(readRecord(JSON.stringify(record)), record);
});
