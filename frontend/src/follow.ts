// Follows a submission: server-sent events, which the browser reconnects by itself; asking once a second where they do
// not come through.

import { askJson } from "./api";
import type { CaseTold, Told } from "./progress";

const SILENCE = 40_000; // ms; the server sends a beat every 15 s, which no script sees, so only errors count before
const FIRST_EVENT = 4_000; // ms; a proxy that holds the stream back
const POLL = 1_000;
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

/** Calls back until the end was told; returns how to stop. */
export function follow(id: string, followed: Followed): () => void {
    const address = `/submissions/${encodeURIComponent(id)}/events`;
    let over = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let errors = 0;
    const source = "EventSource" in globalThis ? new EventSource(address) : null;

    const stop = (): void => {
        over = true;
        clearTimeout(timer);
        source?.close();
    };
    const tell = (told: Told): void => {
        if (over) return;
        if (told.kind === "end") stop();
        followed.told(told);
    };
    const askInstead = (): void => {
        source?.close();
        if (!over) void poll();
    };
    const poll = async (): Promise<void> => {
        try {
            const row = await askJson<Row>(`/api/submissions/${encodeURIComponent(id)}`);
            followed.broken(false);
            if (row.state === "queued" || row.state === "running") tell({ kind: "state", state: row.state, place: row.place ?? null });
            else tell({ kind: "end", state: row.state, verdict: row.verdict });
        } catch {
            followed.broken(true);
        }
        if (!over) timer = setTimeout(() => void poll(), POLL);
    };
    const expect = (milliseconds: number): void => {
        clearTimeout(timer);
        timer = setTimeout(askInstead, milliseconds);
    };
    const hear = (kind: Told["kind"]): void =>
        source?.addEventListener(kind, (event) => {
            errors = 0;
            expect(SILENCE);
            followed.broken(false);
            tell({ kind, ...(JSON.parse(event.data as string) as { case: CaseTold }) } as Told);
        });

    if (!source) {
        void poll();
        return stop;
    }
    hear("state");
    hear("case");
    hear("end");
    source.addEventListener("error", () => {
        if (over) return;
        errors++;
        followed.broken(true);
        if (source.readyState === EventSource.CLOSED || errors >= PATIENCE) askInstead();
    });
    expect(FIRST_EVENT);
    return stop;
}
