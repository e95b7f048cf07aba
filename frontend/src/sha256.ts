// SHA-256 of a text as UTF-8, in hex. The browser's own is not there on a page that came over http from another machine,
// and never answers at once, which a page that is going away needs.

const ROUND = new Uint32Array(64);
const START = new Uint32Array(8);

(function fillTables() {
    const fraction = (value: number): number => ((value - Math.floor(value)) * 2 ** 32) >>> 0;
    let found = 0;
    for (let candidate = 2; found < 64; candidate++) {
        let prime = true;
        for (let factor = 2; factor * factor <= candidate; factor++) if (candidate % factor === 0) prime = false;
        if (!prime) continue;
        if (found < 8) START[found] = fraction(Math.sqrt(candidate));
        ROUND[found++] = fraction(Math.cbrt(candidate));
    }
})();

/** At once, in this thread. */
export function digestNow(text: string): string {
    const bytes = new TextEncoder().encode(text);
    const padded = new Uint8Array((((bytes.length + 8) >> 6) + 1) << 6);
    padded.set(bytes);
    padded[bytes.length] = 0x80;
    const view = new DataView(padded.buffer);
    view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
    view.setUint32(padded.length - 4, bytes.length << 3);
    const state = Uint32Array.from(START);
    const words = new Uint32Array(64);
    for (let offset = 0; offset < padded.length; offset += 64) mix(state, words, view, offset);
    return [...state].map((word) => word.toString(16).padStart(8, "0")).join("");
}

function mix(state: Uint32Array, w: Uint32Array, view: DataView, offset: number): void {
    for (let i = 0; i < 16; i++) w[i] = view.getUint32(offset + 4 * i);
    for (let i = 16; i < 64; i++) {
        const x = w[i - 15]!;
        const y = w[i - 2]!;
        const s0 = turn(x, 7) ^ turn(x, 18) ^ (x >>> 3);
        const s1 = turn(y, 17) ^ turn(y, 19) ^ (y >>> 10);
        w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0;
    }
    let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
    for (let i = 0; i < 64; i++) {
        const s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
        const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUND[i]! + w[i]!) | 0;
        const s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
        const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        h = g;
        g = f;
        f = e;
        e = (d + t1) | 0;
        d = c;
        c = b;
        b = a;
        a = (t1 + t2) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((value, i) => (state[i] = state[i]! + value));
}

function turn(word: number, by: number): number {
    return (word >>> by) | (word << (32 - by));
}

/** The browser's own where it has one and the text is long enough to be worth the detour. */
export async function digest(text: string): Promise<string> {
    if (text.length < 16_384 || !globalThis.crypto?.subtle) return digestNow(text);
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
