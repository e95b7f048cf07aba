// The log of a draft, tied to this browser: its storage, the server, the other tabs, and the page's coming and going.

import { ask, askJson, Refusal } from "./api";
import { type Answer, DraftLog, type Head, type Kept, type Listener, type SignedStep } from "./drafts";

const PREFIX = "torchkata:draft:";
const ASIDE = "torchkata:aside:"; // what no text can be made of; nobody reads it, and nobody throws it away
const ROLL_CALL = 150; // ms in which a live tab answers
const KEEPALIVE = 60_000; // bytes that a browser sends on behalf of a page that is gone

type Said =
    | { says: "kept"; device: string; version: number; text: string }
    | { says: "who" }
    | { says: "here"; device: string };

export interface DraftLink {
    log: DraftLog;
    device: string;
}

/** A random name. randomUUID is not there on a page that came over http from another machine. */
export function randomName(): string {
    return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function linkDraft(
    kata: string,
    head: { version: number; text: string; at: number | null },
    listener: Listener & { restored(): void },
): DraftLink {
    const device = randomName();
    const address = `/api/drafts/${encodeURIComponent(kata)}`;
    const place = `${PREFIX}${kata}:${device}`;
    const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(`${PREFIX}${kata}`) : null;
    const tell = (said: Said): void => channel?.postMessage(said);
    const log = new DraftLog(
        head,
        {
            device,
            send: (base, steps) => send(address, { base, device, steps }),
            sendLast: (base, steps) => sendLast(address, { base, device, steps }),
            keep: (record) => keep(place, record),
            later: (milliseconds, call) => {
                const timer = setTimeout(call, milliseconds);
                return () => clearTimeout(timer);
            },
            now: () => Date.now() / 1000,
            tellTabs: (version, text) => tell({ says: "kept", device, version, text }),
        },
        listener,
    );
    const alive = new Set([device]);
    channel?.addEventListener("message", ({ data }: MessageEvent<Said>) => {
        if (data.says === "kept") log.heard(data.version, data.text);
        else if (data.says === "who") tell({ says: "here", device });
        else alive.add(data.device);
    });
    comeAndGo(log, address);
    void restoreLeft(kata, log, alive, () => tell({ says: "who" }), listener.restored.bind(listener));
    return { log, device };
}

async function send(address: string, body: { base: number; device: string; steps: SignedStep[] }): Promise<Answer> {
    try {
        const kept = await askJson<{ version: number; at: number }>(address, { json: body });
        return { outcome: "kept", version: kept.version, at: kept.at };
    } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        if (error.status === 409) return { outcome: "moved", head: headOf(error.body) };
        // A server that is starting, overloaded or without its database is one that does not answer.
        if (error.status >= 500 || error.status === 429) throw error;
        return { outcome: "refused", message: error.message };
    }
}

function headOf(body: unknown): Head {
    const { version, text, at, device } = body as Partial<Head>;
    return { version: version ?? 0, text: text ?? "", at: at ?? 0, device: device ?? "" };
}

function sendLast(address: string, body: { base: number; device: string; steps: SignedStep[] }): void {
    if (JSON.stringify(body).length > KEEPALIVE) return; // lies in this browser, and goes when the page is next opened
    ask(address, { json: body, keepalive: true }).catch(() => undefined);
}

function keep(place: string, record: Kept | null): void {
    if (record) localStorage.setItem(place, JSON.stringify(record));
    else localStorage.removeItem(place);
}

/** Every record of this kata, whichever tab wrote it. */
function records(kata: string): [string, Kept][] {
    const found: [string, Kept][] = [];
    try {
        for (const key of Object.keys(localStorage)) {
            if (!key.startsWith(`${PREFIX}${kata}:`)) continue;
            const record = readRecord(localStorage.getItem(key));
            if (record) found.push([key, record]);
            else putAside(key);
        }
    } catch {
        // storage is switched off: then nothing lies there either
    }
    return found;
}

/** Under another key, where it jams no tab. */
function putAside(key: string): void {
    try {
        localStorage.setItem(ASIDE + key.slice(PREFIX.length), localStorage.getItem(key) ?? "");
    } catch {
        return; // no room for a second copy: it stays where it is
    }
    localStorage.removeItem(key);
}

export function readRecord(json: string | null): Kept | null {
    try {
        const { device, base, baseText, steps } = JSON.parse(json ?? "") as Partial<Kept>;
        if (typeof device !== "string" || typeof base !== "number") return null;
        if (typeof baseText !== "string" || !Array.isArray(steps) || steps.length === 0) return null;
        return { device, base, baseText, steps };
    } catch {
        return null;
    }
}

async function restoreLeft(
    kata: string,
    log: DraftLog,
    alive: ReadonlySet<string>,
    rollCall: () => void,
    restored: () => void,
): Promise<void> {
    const left = records(kata);
    if (left.length === 0) return;
    rollCall();
    await new Promise((resolve) => setTimeout(resolve, ROLL_CALL));
    const orphans = left.filter(([, record]) => !alive.has(record.device));
    // The one that was typed last first; with the others there is nothing to do until it is settled.
    orphans.sort(([, a], [, b]) => (b.steps.at(-1)?.typed_at ?? 0) - (a.steps.at(-1)?.typed_at ?? 0));
    if (log.unsent > 0) return;
    const before = log.current;
    for (const [key, record] of orphans) {
        try {
            log.restore(record);
        } catch {
            putAside(key);
            continue;
        }
        localStorage.removeItem(key); // from here on it lies in this tab's own record
        if (log.current !== before) restored();
        return;
    }
}

function comeAndGo(log: DraftLog, address: string): void {
    const look = async (): Promise<void> => {
        log.wake();
        if (log.unsent > 0) return;
        try {
            const head = headOf(await askJson<Head>(address));
            log.heard(head.version, head.text);
        } catch {
            // next time
        }
    };
    addEventListener("pagehide", () => log.leave());
    addEventListener("pageshow", (event) => {
        if (event.persisted) void look();
    });
    document.addEventListener("visibilitychange", () => {
        if (document.visibilityState === "hidden") void log.flush();
        else void look();
    });
    addEventListener("online", () => log.wake());
}
