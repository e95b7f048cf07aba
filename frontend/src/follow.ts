// Follows a submission: server-sent events, which the browser reconnects by itself; asking once a second while they do
// not come through.

import { askJson, Refusal } from "./api";
import type { Told } from "./progress";

const SILENCE = 40_000; // ms; the server sends a beat every 15 s when there is nothing to tell
const FIRST_EVENT = 4_000; // ms; a proxy that holds the stream back
const POLL = 1_000;
const AGAIN = 30_000; // ms of asking, then the stream is tried once more: it alone tells of cases
const PATIENCE = 3; // errors in a row before asking instead

interface Row {
    state: string;
    verdict: string | null;
    place?: number | null;
}

export interface Followed {
    told(told: Told): void;
    broken(broken: boolean): void;
}

/** What is used of an EventSource. */
export interface Stream {
    readonly readyState: number;
    addEventListener(kind: string, call: (event: MessageEvent) => void): void;
    close(): void;
}

export interface Means {
    /** null where there are no streams. */
    open(address: string): Stream | null;
    ask(address: string): Promise<Row>;
    /** Calls back after so many milliseconds; returns how to call it off. */
    later(milliseconds: number, call: () => void): () => void;
}

const BROWSER: Means = {
    open: (address) => ("EventSource" in globalThis ? new EventSource(address) : null),
    ask: (address) => askJson<Row>(address),
    later: (milliseconds, call) => {
        const timer = setTimeout(call, milliseconds);
        return () => clearTimeout(timer);
    },
};
const CLOSED = 2; // EventSource.CLOSED
const nothing = (): void => undefined;

/** Calls back until the end was told; returns how to stop. */
export function follow(id: string, followed: Followed, means: Means = BROWSER): () => void {
    const following = new Following(encodeURIComponent(id), followed, means);
    following.listen();
    return () => following.stop();
}

class Following {
    private over = false;
    private asking = false;
    private stream: Stream | null = null;
    private cancelSilence = nothing;
    private cancelPoll = nothing;
    private cancelAgain = nothing;

    constructor(
        private readonly id: string,
        private readonly followed: Followed,
        private readonly means: Means,
    ) {}

    stop(): void {
        this.over = true;
        this.stream?.close();
        for (const cancel of [this.cancelSilence, this.cancelPoll, this.cancelAgain]) cancel();
    }

    listen(): void {
        const stream = (this.stream = this.means.open(`/submissions/${this.id}/events`));
        if (!stream) {
            this.askInstead();
            return;
        }
        let errors = 0;
        const hear = (kind: string, told: (data: string) => void): void =>
            stream.addEventListener(kind, ({ data }) => {
                if (this.over || stream !== this.stream) return;
                errors = 0;
                this.heard();
                told(data as string);
            });
        hear("beat", nothing);
        for (const kind of ["state", "case", "end"]) hear(kind, (data) => this.tell({ kind, ...JSON.parse(data) } as Told));
        stream.addEventListener("error", () => {
            if (this.over || stream !== this.stream) return;
            errors++;
            if (!this.asking) this.followed.broken(true);
            if (stream.readyState === CLOSED || errors >= PATIENCE) this.lose();
        });
        this.expect(FIRST_EVENT);
    }

    private heard(): void {
        this.asking = false;
        this.cancelPoll();
        this.expect(SILENCE);
        this.followed.broken(false);
    }

    private expect(milliseconds: number): void {
        this.cancelSilence();
        this.cancelSilence = this.means.later(milliseconds, () => this.lose());
    }

    private lose(): void {
        this.cancelSilence();
        this.stream?.close();
        this.stream = null;
        this.cancelAgain();
        this.cancelAgain = this.means.later(AGAIN, () => this.listen());
        this.askInstead();
    }

    private askInstead(): void {
        if (this.asking) return;
        this.asking = true;
        void this.poll();
    }

    private async poll(): Promise<void> {
        let row: Row | null = null;
        try {
            row = await this.means.ask(`/api/submissions/${this.id}`);
        } catch (error) {
            // Deleted, perhaps in another tab: nobody will judge it. After anything else it is asked again below.
            if (error instanceof Refusal && error.status === 404) row = { state: "cancelled", verdict: null };
        }
        if (this.over || !this.asking) return; // the stream is back, and knows better
        this.followed.broken(row === null);
        if (row?.state === "queued" || row?.state === "running") this.tell({ kind: "state", state: row.state, place: row.place ?? null });
        else if (row) this.tell({ kind: "end", state: row.state, verdict: row.verdict });
        if (!this.over) this.cancelPoll = this.means.later(POLL, () => void this.poll());
    }

    private tell(told: Told): void {
        if (told.kind === "end") this.stop();
        this.followed.told(told);
    }
}
