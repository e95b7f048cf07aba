import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal } from "../src/api";
import { follow, type Means, type Stream } from "../src/follow";
import type { Told } from "../src/progress";
import { Clock, settle } from "./clock";

/** One connection; what comes over it is said by the test. */
class Line implements Stream {
    readyState = 1;
    private readonly calls: [string, (event: MessageEvent) => void][] = [];

    addEventListener(kind: string, call: (event: MessageEvent) => void): void {
        this.calls.push([kind, call]);
    }

    close(): void {
        this.readyState = 2;
    }

    say(kind: string, data: unknown = ""): void {
        const text = data === "" ? "" : JSON.stringify(data);
        for (const [heard, call] of this.calls) if (heard === kind) call({ data: text } as MessageEvent);
    }
}

/** A submission that is followed, with a clock that is turned by hand. */
class Follower {
    lines: Line[] = [];
    told: Told[] = [];
    broken = false;
    asked = 0;
    row: { state: string; verdict: string | null } | null = { state: "running", verdict: null };
    deleted = false;
    stop: () => void;
    private readonly clock = new Clock();

    constructor(streams = true) {
        const means: Means = {
            open: (address) => {
                assert.equal(address, "/submissions/a%2Fb/events");
                if (!streams) return null;
                this.lines.push(new Line());
                return this.line;
            },
            ask: async () => {
                this.asked++;
                if (this.deleted) throw new Refusal(404, "unknown_submission", "", null);
                if (!this.row) throw new Error("no network");
                return this.row;
            },
            later: (milliseconds, call) => this.clock.later(milliseconds, call),
        };
        const followed = { told: (told: Told) => this.told.push(told), broken: (broken: boolean) => (this.broken = broken) };
        this.stop = follow("a/b", followed, means);
    }

    get line(): Line {
        return this.lines.at(-1)!;
    }

    get waits(): number {
        return this.clock.timers.length;
    }

    async pass(milliseconds: number): Promise<void> {
        await settle(); // what was asked already is answered first
        await this.clock.pass(milliseconds);
    }
}

test("a case that takes minutes keeps its stream as long as the beat is heard", async () => {
    const follower = new Follower();
    follower.line.say("state", { state: "running" });
    for (let beat = 0; beat < 12; beat++) {
        await follower.pass(15_000);
        follower.line.say("beat");
    }
    assert.equal(follower.asked, 0);
    assert.equal(follower.lines.length, 1);
    follower.line.say("end", { state: "done", verdict: "passed" });
    assert.deepEqual(follower.told.at(-1), { kind: "end", state: "done", verdict: "passed" });
    assert.equal(follower.waits, 0);
});

test("a stream without a beat is replaced by asking, and tried again every half minute", async () => {
    const follower = new Follower();
    follower.line.say("state", { state: "running" });
    await follower.pass(40_500);
    assert.equal(follower.line.readyState, 2);
    assert.equal(follower.asked, 1);
    await follower.pass(30_000);
    assert.equal(follower.lines.length, 2);
    await follower.pass(34_000); // nothing comes over the second, either
    assert.equal(follower.lines.length, 3);
    assert.equal(follower.broken, false);
    follower.line.say("state", { state: "running" });
    const asked = follower.asked;
    await follower.pass(10_000);
    assert.equal(follower.asked, asked);
    follower.line.say("case", { done: 1, total: 2, passed: 1, failed: 0, case: { name: "x", status: "passed" } });
    assert.equal(follower.told.at(-1)?.kind, "case");
});

test("a server that is away is said, and the end is heard by asking", async () => {
    const follower = new Follower();
    follower.row = null;
    for (let error = 0; error < 3; error++) follower.line.say("error");
    await follower.pass(2_000);
    assert.equal(follower.broken, true);
    follower.row = { state: "done", verdict: "failed" };
    await follower.pass(1_000);
    assert.equal(follower.broken, false);
    assert.deepEqual(follower.told.at(-1), { kind: "end", state: "done", verdict: "failed" });
    assert.equal(follower.waits, 0);
});

test("without streams there is asking alone, until it is stopped", async () => {
    const follower = new Follower(false);
    await follower.pass(60_000);
    assert.ok(follower.asked > 50);
    assert.equal(follower.lines.length, 0);
    follower.stop();
    assert.equal(follower.waits, 0);
});

test("a submission that was deleted is over, and is not asked for again", async () => {
    const follower = new Follower(false);
    await follower.pass(1_500);
    follower.deleted = true;
    await follower.pass(2_000);
    assert.deepEqual(follower.told.at(-1), { kind: "end", state: "cancelled", verdict: null });
    const { asked } = follower;
    await follower.pass(60_000);
    assert.equal(follower.asked, asked);
    assert.equal(follower.waits, 0);
});
