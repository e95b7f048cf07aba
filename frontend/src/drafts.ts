// Keeps every keystroke. A step is kept in this browser at once and at the server within a second; nothing is ever
// overwritten, neither here nor there. The server numbers the steps, so whoever writes on top of a version that is not
// the last is told so, and both texts are shown.
//
// This file knows no page and no clock: server, storage, timers and the other tabs are handed in.

import { ChangeSet, Text } from "@codemirror/state";
import { digest, digestNow } from "./sha256";

export type StepKind = "edit" | "paste" | "reset" | "restore" | "theirs";

/** One change of the text: CodeMirror's ChangeSet as JSON, or the whole text where the change is not known. */
export interface Step {
    kind: StepKind;
    changes?: unknown;
    text?: string;
    typed_at: number; // seconds, this machine's clock
}

export interface SignedStep extends Step {
    digest: string; // SHA-256 of the text after this step
}

/** What the server has last. */
export interface Head {
    version: number;
    text: string;
    at: number;
    device: string;
}

export type Answer =
    | { outcome: "kept"; version: number; at: number }
    | { outcome: "moved"; head: Head }
    | { outcome: "refused"; message: string };

/** What lies in this browser: the last text that the server is known to have, and the steps behind it. */
export interface Kept {
    device: string;
    base: number;
    baseText: string;
    steps: Step[];
}

export interface Surroundings {
    device: string;
    /** Rejects when the server cannot be reached. */
    send(base: number, steps: SignedStep[]): Promise<Answer>;
    /** Sends while the page goes away; nobody waits for an answer. */
    sendLast(base: number, steps: SignedStep[]): void;
    /** Keeps in this browser; null forgets. Throws when there is no room. */
    keep(record: Kept | null): void;
    /** Calls back after so many milliseconds; returns how to call it off. */
    later(milliseconds: number, call: () => void): () => void;
    now(): number; // seconds
    tellTabs(version: number, text: string): void;
}

export type Status =
    | { state: "saved"; at: number | null }
    | { state: "saving" }
    | { state: "unsaved"; kept: boolean } // kept: at least in this browser
    | { state: "refused"; message: string; kept: boolean }
    | { state: "conflict"; head: Head };

export interface Listener {
    status(status: Status): void;
    /** The text became another one without being typed here. */
    adopt(text: string): void;
}

const SEND_AFTER = 400; // ms from the first unsent step
const RETRY_FIRST = 1_000;
const RETRY_LAST = 30_000;
const BATCH_STEPS = 200;
const BATCH_CHARACTERS = 200_000;

export class DraftLog {
    private base: number;
    private baseText: Text;
    private pending: Step[] = [];
    private text: Text;
    private sending = false;
    private cancelTimer: (() => void) | null = null;
    private retry = RETRY_FIRST;
    private conflict: Head | null = null;
    private savedAt: number | null;
    private keptHere = true;
    private closed = false;

    constructor(
        head: { version: number; text: string; at: number | null },
        private readonly around: Surroundings,
        private readonly listener: Listener,
    ) {
        this.base = head.version;
        this.baseText = this.text = toText(head.text);
        this.savedAt = head.at;
    }

    get current(): string {
        return this.text.toString();
    }

    get version(): number {
        return this.base;
    }

    get unsent(): number {
        return this.pending.length;
    }

    /** A change that was just made in the editor. */
    typed(changes: ChangeSet, kind: StepKind): void {
        if (changes.empty) return;
        this.text = changes.apply(this.text);
        this.add({ kind, changes: changes.toJSON(), typed_at: this.around.now() });
    }

    private add(step: Step): void {
        this.pending.push(step);
        this.keepHere();
        if (this.conflict) return;
        this.report({ state: "saving" });
        if (!this.cancelTimer && !this.sending) this.schedule(SEND_AFTER);
    }

    private schedule(milliseconds: number): void {
        this.cancelTimer?.();
        this.cancelTimer = this.around.later(milliseconds, () => {
            this.cancelTimer = null;
            void this.flush();
        });
    }

    /** Sends what has not been sent; true when the server has everything. */
    async flush(): Promise<boolean> {
        while (this.pending.length > 0 && !this.sending && !this.conflict && !this.closed) {
            this.cancelTimer?.();
            this.cancelTimer = null;
            this.sending = true;
            try {
                const batch = firstBatch(this.pending);
                const answer = await this.around.send(this.base, await sign(this.baseText, batch));
                if (!this.settle(answer, batch)) break;
            } catch {
                this.report({ state: "unsaved", kept: this.keptHere });
                this.schedule(this.retry);
                this.retry = Math.min(2 * this.retry, RETRY_LAST);
                break;
            } finally {
                this.sending = false;
            }
        }
        return this.pending.length === 0;
    }

    /** True when the next batch may go. */
    private settle(answer: Answer, batch: Step[]): boolean {
        this.retry = RETRY_FIRST;
        if (answer.outcome === "kept") {
            this.savedAt = answer.at;
            this.acknowledge(batch.length, answer.version);
            return true;
        }
        if (answer.outcome === "moved" && !this.isBase(answer.head)) return this.meet(answer.head);
        if (answer.outcome === "moved") answer = { outcome: "refused", message: "" };
        if (batch.length > 1 || batch[0]?.text === undefined) {
            // The log does not fit the server's text, whatever the reason: the whole text always does.
            this.baseText = toText(this.baseText.toString());
            this.pending = [{ kind: "edit", text: wellFormed(this.current), typed_at: this.around.now() }];
            this.keepHere();
            return true;
        }
        this.report({ state: "refused", message: answer.message, kept: this.keptHere });
        return false;
    }

    private acknowledge(count: number, version: number): void {
        this.baseText = after(this.baseText, this.pending.slice(0, count));
        this.base = version;
        this.pending = this.pending.slice(count);
        this.keepHere();
        this.around.tellTabs(this.base, this.baseText.toString());
        if (this.pending.length === 0) this.report({ state: "saved", at: this.savedAt });
    }

    /** The server has another version than we wrote upon. True when typing goes on; else the person is asked. */
    meet(head: Head): boolean {
        if (this.isBase(head)) return true;
        const mine = this.countOf(head);
        if (mine !== null) {
            // Our own steps, whose answer got lost.
            this.savedAt = head.at;
            this.acknowledge(mine, head.version);
            return true;
        }
        if (this.pending.length === 0) {
            if (head.version > this.base) this.adopt(head);
            return true;
        }
        if (head.text === this.current) {
            this.pending = [];
            this.adopt(head);
            return true;
        }
        this.conflict = head;
        this.report({ state: "conflict", head });
        return false;
    }

    private isBase(head: Head): boolean {
        return head.version === this.base && head.text === this.baseText.toString();
    }

    private countOf(head: Head): number | null {
        const count = head.version - this.base;
        if (count < 1 || count > this.pending.length) return null;
        return after(this.baseText, this.pending.slice(0, count)).toString() === head.text ? count : null;
    }

    private adopt(head: Head): void {
        const same = head.text === this.current;
        this.base = head.version;
        this.baseText = this.text = toText(head.text);
        this.savedAt = head.at;
        this.keepHere();
        if (!same) this.listener.adopt(head.text);
        this.report({ state: "saved", at: head.at });
    }

    /** Another tab of this browser says what the server has now. */
    heard(version: number, text: string): void {
        if (version > this.base && this.pending.length === 0) {
            this.adopt({ version, text, at: this.around.now(), device: "" });
        }
    }

    /** Takes over what a tab left behind that is gone. Throws, and changes nothing, when its steps do not fit its text. */
    restore(left: Kept): void {
        if (left.steps.length === 0 || this.pending.length > 0) return;
        const baseText = toText(left.baseText);
        const text = after(baseText, left.steps);
        const server: Head = { version: this.base, text: this.current, at: this.savedAt ?? 0, device: "" };
        this.base = left.base;
        this.baseText = baseText;
        this.pending = left.steps;
        this.text = text;
        this.keepHere();
        const goesOn = this.meet(server);
        if (this.current !== server.text) this.listener.adopt(this.current);
        if (goesOn && this.pending.length > 0) {
            this.report({ state: "saving" });
            this.schedule(0);
        }
    }

    /** In a conflict: this text becomes the last one; the other stays in the log. */
    keepMine(): void {
        this.resolve([{ kind: "edit", text: wellFormed(this.current), typed_at: this.around.now() }]);
    }

    /** In a conflict: the other text becomes the last one; this one is put into the log before it. */
    takeTheirs(): void {
        const head = this.conflict;
        if (!head) return;
        const mine = wellFormed(this.current);
        this.text = toText(head.text);
        const at = this.around.now();
        this.resolve([
            { kind: "edit", text: mine, typed_at: at },
            { kind: "theirs", text: head.text, typed_at: at },
        ]);
        this.listener.adopt(head.text);
    }

    private resolve(steps: Step[]): void {
        if (!this.conflict) return;
        this.base = this.conflict.version;
        this.baseText = toText(this.conflict.text);
        this.conflict = null;
        this.pending = steps;
        this.keepHere();
        this.report({ state: "saving" });
        this.schedule(0);
    }

    /** The page goes away, perhaps for good. */
    leave(): void {
        if (this.pending.length === 0 || this.conflict) return;
        const batch = firstBatch(this.pending);
        this.around.sendLast(this.base, signNow(this.baseText, batch));
    }

    /** Tries again at once, as when the network is back. */
    wake(): void {
        if (this.pending.length > 0 && !this.conflict) this.schedule(0);
    }

    close(): void {
        this.closed = true;
        this.cancelTimer?.();
    }

    private keepHere(): void {
        const { device } = this.around;
        const nothing = this.pending.length === 0;
        const record = { device, base: this.base, baseText: this.baseText.toString(), steps: this.pending };
        try {
            this.around.keep(nothing ? null : record);
            this.keptHere = true;
        } catch {
            this.keptHere = false;
        }
    }

    private report(status: Status): void {
        this.listener.status(status);
    }
}

export function toText(text: string): Text {
    return Text.of(text.split(/\r\n?|\n/));
}

function after(text: Text, steps: readonly Step[]): Text {
    for (const step of steps) text = applied(text, step);
    return text;
}

function applied(text: Text, step: Step): Text {
    return step.text !== undefined ? toText(step.text) : ChangeSet.fromJSON(step.changes).apply(text);
}

/** As many steps as one request should carry; at least one. */
function firstBatch(steps: readonly Step[]): Step[] {
    let room = BATCH_CHARACTERS;
    let count = 0;
    while (count < steps.length && count < BATCH_STEPS) {
        const step = steps[count]!;
        room -= step.text !== undefined ? step.text.length : JSON.stringify(step.changes).length;
        if (room < 0 && count > 0) break;
        count++;
    }
    return steps.slice(0, count);
}

async function sign(text: Text, steps: readonly Step[]): Promise<SignedStep[]> {
    const signed = [];
    for (const step of steps) {
        text = applied(text, step);
        signed.push({ ...step, digest: await digest(text.toString()) });
    }
    return signed;
}

function signNow(text: Text, steps: readonly Step[]): SignedStep[] {
    return steps.map((step) => {
        text = applied(text, step);
        return { ...step, digest: digestNow(text.toString()) };
    });
}

/** Without halves of surrogate pairs, which no UTF-8 can carry. */
function wellFormed(text: string): string {
    return text.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, "\uFFFD");
}
