// How far a submission is, from what the server tells; and the sentence that says so.

import { isWord, word, type Lang } from "./words";

export interface CaseTold {
    name: string;
    title?: string | Record<Lang, string> | null;
    group?: string;
    status: string;
}

export interface Progress {
    state: string; // sending, queued, running, then done, cancelled or fault
    place: number | null;
    attempt: number;
    total: number | null;
    passed: number;
    failed: number;
    cases: CaseTold[];
    verdict: string | null;
    ended: boolean;
}

export type Told =
    | { kind: "state"; state: string; place?: number | null; attempt?: number; total?: number | null }
    | { kind: "case"; done: number; total: number | null; passed: number; failed: number; case: CaseTold }
    | { kind: "end"; state: string; verdict: string | null };

export const AT_FIRST: Progress = {
    state: "sending",
    place: null,
    attempt: 0,
    total: null,
    passed: 0,
    failed: 0,
    cases: [],
    verdict: null,
    ended: false,
};

export function next(now: Progress, told: Told): Progress {
    if (now.ended) return now;
    if (told.kind === "end") return { ...now, state: told.state, verdict: told.verdict, ended: true };
    if (told.kind === "state") {
        const attempt = told.attempt ?? now.attempt;
        // A worker that died: everything from the start.
        const fresh = attempt > now.attempt && now.cases.length > 0 ? { cases: [], passed: 0, failed: 0 } : {};
        return { ...now, ...fresh, attempt, state: told.state, place: told.place ?? null, total: told.total ?? now.total };
    }
    const cases = told.done <= now.cases.length ? now.cases.slice(0, told.done - 1) : now.cases;
    return {
        ...now,
        state: "running",
        total: told.total ?? now.total,
        passed: told.passed,
        failed: told.failed,
        cases: [...cases, told.case],
    };
}

/** `waited`: seconds since it was sent; a place in the queue is said after two. */
export function sentence(progress: Progress, kind: string, waited: number, lang: Lang): string {
    const { state, passed, failed, total, place } = progress;
    if (state === "sending") return word("sending", {}, lang);
    if (state === "queued") {
        if (waited < 2 || place === null) return word("waiting", {}, lang);
        return place > 0 ? word("place", { place }, lang) : word("next", {}, lang);
    }
    if (progress.ended) {
        if (state === "cancelled") return word("cancelled", {}, lang);
        const verdict = state === "fault" ? "fault" : (progress.verdict ?? "");
        return kind === "try" && verdict === "" ? "" : word("done", { verdict: statusWord(verdict, lang) }, lang);
    }
    if (kind === "try") return word("running", {}, lang);
    if (total === null) return passed + failed > 0 ? `${passed}` : word("starting", {}, lang);
    if (passed + failed >= total && failed > 0) return word("finishing", {}, lang);
    return failed > 0
        ? word("passedOfFailed", { passed, failed, total }, lang)
        : word("passedOf", { passed, total }, lang);
}

export function statusWord(status: string, lang: Lang): string {
    return isWord(status) ? word(status, {}, lang) : status;
}

/** pass, fail or wait: which of the three meanings a status has. */
export function meaning(status: string): "pass" | "fail" | "wait" {
    if (status === "passed") return "pass";
    return status === "queued" || status === "running" || status === "not_run" || status === "cancelled" || status === "fault"
        ? "wait"
        : "fail";
}
