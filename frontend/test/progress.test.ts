import assert from "node:assert/strict";
import { test } from "node:test";
import { AT_FIRST, meaning, next, type Progress, sentence, type Told } from "../src/progress";

const told = (...all: Told[]): Progress => all.reduce(next, AT_FIRST);
const done = (count: number, total: number | null, passed: number, status = "passed"): Told => ({
    kind: "case",
    done: count,
    total,
    passed,
    failed: count - passed,
    case: { name: `case_${count}`, status },
});

test("what is waited for has a word, and after two seconds a place", () => {
    const waiting = told({ kind: "state", state: "queued", place: 3 });
    assert.equal(sentence(AT_FIRST, "grade", 0, "en"), "Sending");
    assert.equal(sentence(waiting, "grade", 1, "en"), "Waiting for the grader");
    assert.equal(sentence(waiting, "grade", 2, "en"), "Waiting for the grader: 3 before you");
    const first = told({ kind: "state", state: "queued", place: 0 });
    assert.equal(sentence(first, "grade", 3, "zh"), "排队中：下一个就是你");
});

test("cases are counted as they finish", () => {
    const running = told({ kind: "state", state: "running", total: 27 }, done(1, 27, 1), done(2, 27, 2));
    assert.equal(sentence(running, "grade", 1, "en"), "2 of 27 passed");
    assert.equal(sentence(next(running, done(3, 27, 2, "failed")), "grade", 1, "en"), "2 of 27 passed, 1 not");
    assert.equal(running.cases.length, 2);
});

test("a case told twice, as after a broken connection, is one case", () => {
    assert.equal(told(done(1, 9, 1), done(2, 9, 2), done(2, 9, 2)).cases.length, 2);
});

test("a worker that died starts again from nothing", () => {
    const again = told(
        { kind: "state", state: "running", attempt: 1, total: 9 },
        done(1, 9, 1),
        { kind: "state", state: "queued", attempt: 2, place: 0 },
    );
    assert.deepEqual([again.cases.length, again.passed, again.state], [0, 0, "queued"]);
});

test("nothing is heard after the end", () => {
    const ended = told({ kind: "end", state: "done", verdict: "passed" }, done(1, 9, 1));
    assert.equal(ended.cases.length, 0);
    assert.equal(sentence(ended, "grade", 1, "en"), "Done: passed");
    assert.equal(sentence(told({ kind: "end", state: "fault", verdict: null }), "grade", 1, "en"), "Done: our fault");
    assert.equal(sentence(told({ kind: "end", state: "cancelled", verdict: null }), "run", 1, "en"), "Cancelled.");
});

test("a status has one of three meanings", () => {
    assert.deepEqual(["passed", "timeout", "not_run", "fault"].map(meaning), ["pass", "fail", "wait", "wait"]);
});
