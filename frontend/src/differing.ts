// Turns one text into another by as little as differs, so that cursor and marks stay where they can.

/** The one stretch in which two texts differ. */
export function differing(before: string, after: string): { from: number; to: number; insert: string } {
    const most = Math.min(before.length, after.length);
    let start = 0;
    while (start < most && before.charCodeAt(start) === after.charCodeAt(start)) start++;
    let end = 0;
    while (end < most - start && before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end)) end++;
    // Never between the halves of a surrogate pair.
    if (start > 0 && isHigh(before.charCodeAt(start - 1))) start--;
    if (end > 0 && isLow(before.charCodeAt(before.length - end))) end--;
    return { from: start, to: before.length - end, insert: after.slice(start, after.length - end) };
}

const isHigh = (code: number): boolean => code >= 0xd800 && code < 0xdc00;
const isLow = (code: number): boolean => code >= 0xdc00 && code < 0xe000;
