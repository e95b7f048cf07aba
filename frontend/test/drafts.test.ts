import assert from "node:assert/strict";
import { test } from "node:test";
import { ChangeSet } from "@codemirror/state";
import { type Answer, DraftLog, type Head, type Kept, type SignedStep, type Status, toText } from "../src/drafts";
import { digestNow } from "../src/sha256";
import { Clock, settle } from "./clock";

const STARTER = "def f(x):\n    pass\n";

/** The server's half of the contract: a log that only grows. */
class Log {
    head: Head = { version: 0, text: STARTER, at: 0, device: "" };
    steps: SignedStep[] = [];
    reachable = true;
    losesAnswers = false;
    refuses: (step: SignedStep) => boolean = () => false;

    append(base: number, device: string, steps: SignedStep[]): Answer {
        if (!this.reachable) throw new Error("no network");
        if (base !== this.head.version) return { outcome: "moved", head: this.head };
        let text = this.head.text;
        for (const step of steps) {
            if (this.refuses(step)) return { outcome: "refused", message: "no" };
            text = step.text ?? ChangeSet.fromJSON(step.changes).apply(toText(text)).toString();
            if (digestNow(text) !== step.digest) return { outcome: "moved", head: this.head };
        }
        this.steps.push(...steps);
        this.head = { version: base + steps.length, text, at: 100 + this.steps.length, device };
        if (this.losesAnswers) throw new Error("connection reset");
        return { outcome: "kept", version: this.head.version, at: this.head.at };
    }
}

/** A tab: an editor's text, what it shows, and a clock that is turned by hand. */
class Tab {
    statuses: Status[] = [];
    text: string;
    kept: Kept | null = null;
    full = false;
    clock = new Clock();
    told: [number, string][] = [];
    last: [number, SignedStep[]] | null = null;
    log: DraftLog;

    constructor(
        readonly server: Log,
        readonly device: string,
        head: { version: number; text: string; at: number | null } = server.head,
    ) {
        this.text = head.text;
        this.log = new DraftLog(
            head,
            {
                device,
                send: async (base, steps) => server.append(base, device, structuredClone(steps)),
                sendLast: (base, steps) => (this.last = [base, steps]),
                keep: (record) => {
                    if (this.full && record) throw new Error("QuotaExceededError");
                    this.kept = record && structuredClone(record);
                },
                later: (after, call) => this.clock.later(after, call),
                now: () => this.clock.now / 1000,
                tellTabs: (version, text) => this.told.push([version, text]),
            },
            { status: (status) => this.statuses.push(status), adopt: (text) => (this.text = text) },
        );
    }

    type(inserted: string, from = 0, to = from): void {
        const changes = ChangeSet.of({ from, to, insert: inserted }, this.text.length);
        this.text = changes.apply(toText(this.text)).toString();
        this.log.typed(changes, "edit");
    }

    pass(milliseconds: number): Promise<void> {
        return this.clock.pass(milliseconds);
    }

    get state(): string {
        return this.statuses.at(-1)?.state ?? "";
    }
}

test("every keystroke lies in the browser at once and at the server within a second", async () => {
    const server = new Log();
    const tab = new Tab(server, "a");
    for (const [index, letter] of [..."# hi"].entries()) tab.type(letter, index);
    assert.equal(tab.kept?.steps.length, 4);
    await tab.pass(999);
    assert.equal(server.head.text, "# hi" + STARTER);
    assert.equal(server.steps.length, 4);
    assert.equal(tab.kept, null);
    assert.equal(tab.state, "saved");
    assert.deepEqual(tab.told.at(-1), [4, server.head.text]);
});

test("a server that is away is asked again, ever more rarely, and nothing is lost meanwhile", async () => {
    const server = new Log();
    const tab = new Tab(server, "a");
    server.reachable = false;
    tab.type("x");
    await tab.pass(500);
    assert.deepEqual(tab.statuses.at(-1), { state: "unsaved", kept: true });
    tab.type("y", 1);
    await tab.pass(120_000);
    assert.equal(server.head.version, 0);
    assert.equal(tab.kept?.steps.length, 2);
    server.reachable = true;
    tab.log.wake();
    await tab.pass(0);
    assert.equal(server.head.text, "xy" + STARTER);
    assert.equal(tab.state, "saved");
});

test("steps whose answer got lost are known again, not taken for somebody else's", async () => {
    const server = new Log();
    const tab = new Tab(server, "a");
    server.losesAnswers = true;
    tab.type("x");
    await tab.pass(500);
    server.losesAnswers = false;
    tab.type("y", 1);
    await tab.pass(2_000);
    assert.equal(server.head.text, "xy" + STARTER);
    assert.equal(server.steps.length, 2);
    assert.equal(tab.state, "saved");
});

test("what a closed tab left behind is sent by the next one", async () => {
    const server = new Log();
    const first = new Tab(server, "a");
    server.reachable = false;
    first.type("x");
    server.reachable = true;
    const second = new Tab(server, "b");
    second.log.restore(first.kept!);
    assert.equal(second.text, "x" + STARTER);
    await second.pass(10);
    assert.equal(server.head.text, "x" + STARTER);
    assert.equal(second.state, "saved");
});

test("what a closed tab left behind and the server has nevertheless is forgotten", () => {
    const server = new Log();
    const first = new Tab(server, "a");
    first.type("x");
    first.log.leave();
    server.append(first.last![0], "a", first.last![1]);
    const second = new Tab(server, "b");
    second.log.restore(first.kept!);
    assert.equal(second.state, "saved");
    assert.equal(second.log.unsent, 0);
    assert.equal(second.text, "x" + STARTER);
});

async function twoWriters(): Promise<{ server: Log; mine: Tab; other: Tab }> {
    const server = new Log();
    const mine = new Tab(server, "a");
    const other = new Tab(server, "b");
    other.type("theirs ");
    await other.pass(1_000);
    mine.type("mine ");
    await mine.pass(1_000);
    return { server, mine, other };
}

test("two writers are shown both texts, and typing goes on", async () => {
    const { server, mine } = await twoWriters();
    assert.equal(mine.state, "conflict");
    mine.type("more ", 5);
    await mine.pass(60_000);
    assert.equal(mine.state, "conflict");
    assert.equal(mine.text, "mine more " + STARTER);
    assert.equal(mine.kept?.steps.length, 2);
    assert.equal(server.head.text, "theirs " + STARTER);
});

test("keeping mine leaves theirs in the log", async () => {
    const { server, mine } = await twoWriters();
    mine.log.keepMine();
    await mine.pass(10);
    assert.equal(server.head.text, "mine " + STARTER);
    assert.equal(server.steps.length, 2);
    assert.equal(mine.state, "saved");
});

test("taking theirs leaves mine in the log", async () => {
    const { server, mine } = await twoWriters();
    mine.log.takeTheirs();
    assert.equal(mine.text, "theirs " + STARTER);
    await mine.pass(10);
    assert.deepEqual(
        server.steps.map((step) => [step.kind, step.text]).slice(1),
        [
            ["edit", "mine " + STARTER],
            ["theirs", "theirs " + STARTER],
        ],
    );
    mine.type("y");
    await mine.pass(1_000);
    assert.equal(server.head.text, "ytheirs " + STARTER);
});

test("a tab in which nothing is typed follows the other one", async () => {
    const server = new Log();
    const mine = new Tab(server, "a");
    mine.log.heard(3, "new text");
    assert.equal(mine.text, "new text");
    mine.log.heard(2, "old text");
    assert.equal(mine.text, "new text");
    mine.type("x");
    mine.log.heard(9, "their text");
    assert.equal(mine.text, "xnew text");
});

test("two writers who typed the same are no conflict", async () => {
    const server = new Log();
    const mine = new Tab(server, "a");
    const other = new Tab(server, "b");
    for (const tab of [other, mine]) {
        tab.type("a");
        tab.type("b", 1);
        await tab.pass(1_000);
    }
    assert.equal(mine.state, "saved");
    assert.equal(server.head.version, 2);
});

test("a browser without room still sends, and says that it keeps nothing when it cannot", async () => {
    const server = new Log();
    const tab = new Tab(server, "a");
    tab.full = true;
    server.reachable = false;
    tab.type("x");
    await tab.pass(500);
    assert.deepEqual(tab.statuses.at(-1), { state: "unsaved", kept: false });
    server.reachable = true;
    await tab.pass(2_000);
    assert.equal(server.head.text, "x" + STARTER);
});

test("steps that the server refuses are sent again as one whole text", async () => {
    const server = new Log();
    const tab = new Tab(server, "a");
    server.refuses = (step) => step.changes !== undefined;
    tab.type("x");
    await tab.pass(1_000);
    assert.equal(server.head.text, "x" + STARTER);
    server.refuses = () => true;
    tab.type("y");
    await tab.pass(1_000);
    assert.deepEqual(tab.statuses.at(-1), { state: "refused", message: "no", kept: true });
    server.refuses = () => false;
    tab.type("z");
    await tab.pass(1_000);
    assert.equal(server.head.text, "zyx" + STARTER);
});

async function sentAll(type: (tab: Tab) => void): Promise<{ server: Log; tab: Tab }> {
    const server = new Log();
    const tab = new Tab(server, "a");
    server.reachable = false;
    type(tab);
    server.reachable = true;
    await tab.pass(2_000);
    while (tab.log.unsent > 0) await settle();
    assert.equal(server.head.text, tab.text);
    return { server, tab };
}

test("a large paste goes in a request of its own", async () => {
    const { server } = await sentAll((tab) => {
        tab.type("y = 1\n".repeat(40_000));
        for (let i = 0; i < 3; i++) tab.type("x");
    });
    assert.equal(server.steps.length, 4);
});

test("hundreds of keystrokes go in pieces that a request can carry", async () => {
    const { server } = await sentAll((tab) => {
        for (let i = 0; i < 450; i++) tab.type("x");
    });
    assert.equal(server.steps.length, 450);
});

test("a record that does not fit changes nothing, and the tab goes on", async () => {
    const server = new Log();
    const tab = new Tab(server, "a");
    const changes = ChangeSet.of({ from: 0, insert: "x" }, 3).toJSON(); // of a text of three characters
    const left: Kept = { device: "gone", base: 7, baseText: "more than three", steps: [{ kind: "edit", changes, typed_at: 1 }] };
    assert.throws(() => tab.log.restore(left));
    assert.throws(() => tab.log.restore({ ...left, steps: [{ kind: "edit", typed_at: 1 }] }));
    assert.deepEqual([tab.log.unsent, tab.log.version, tab.log.current], [0, 0, STARTER]);
    tab.type("y");
    await tab.pass(1_000);
    assert.equal(server.head.text, "y" + STARTER);
    assert.equal(tab.state, "saved");
});
