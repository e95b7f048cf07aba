// The code now beside another text: the last submission that passed, any earlier one, the starter. Loaded on demand.

import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { MergeView } from "@codemirror/merge";
import { askJson } from "./api";
import { make } from "./dom";
import { looks } from "./editor";
import { statusWord } from "./progress";
import { clockTime, type Lang, word } from "./words";

interface Row {
    id: string;
    kind: string;
    state: string;
    verdict: string | null;
    created: number | string;
    score?: number | null;
}

export interface Other {
    title: string;
    text: string;
}

export interface CompareOptions {
    kata: string;
    starter: string;
    /** Id of the last submission that had passed when the page was made. */
    lastPassed?: string | null;
    lang: Lang;
    nonce: string;
    now(): string;
    /** Shown at first, in place of the last that passed. */
    first?: Other;
}

interface Choice {
    title: string;
    text(): Promise<string>;
}

/** Opens a dialog; resolves when it is closed. */
export async function compare(options: CompareOptions): Promise<void> {
    const { lang } = options;
    const past = new Past(options);
    await past.more();
    const select = make("select", { id: "compare-with" });
    const older = make("button", { type: "button", class: "quiet" }, word("older", {}, lang));
    const place = make("div", { class: "compare-place" });
    const message = make("p", { class: "muted", role: "status" });
    const close = make("button", { type: "button" }, word("close", {}, lang));
    const dialog = make(
        "dialog",
        { class: "compare", "aria-labelledby": "compare-title" },
        make(
            "div",
            { class: "compare-bar" },
            make("label", { id: "compare-title", for: "compare-with" }, word("compareTitle", {}, lang)),
            select,
            older,
            message,
            close,
        ),
        place,
    );
    const list = (): void => {
        for (const { title } of past.choices.slice(select.length)) select.append(make("option", {}, title));
        if (past.complete) older.remove();
    };
    let view: MergeView | null = null;
    let asked = 0;
    const show = async (): Promise<void> => {
        const mine = ++asked;
        const choice = past.choices[select.selectedIndex]!;
        let other: string;
        try {
            other = await choice.text();
        } catch {
            if (mine !== asked) return;
            view?.destroy();
            view = null;
            place.replaceChildren();
            message.textContent = word("notRead", {}, lang);
            return;
        }
        if (mine !== asked) return; // another one was chosen meanwhile
        view?.destroy();
        place.replaceChildren();
        const now = options.now();
        const both = [looks(lang, options.nonce), EditorState.readOnly.of(true), EditorView.editable.of(false)];
        const side = (doc: string, label: string): { doc: string; extensions: readonly unknown[] } => ({
            doc,
            extensions: [both, EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" })],
        });
        view = new MergeView({
            a: side(other, choice.title) as never,
            b: side(now, word("yours", {}, lang)) as never,
            parent: place,
            gutter: true,
            highlightChanges: true,
            collapseUnchanged: { margin: 3, minSize: 6 },
        });
        message.textContent = other === now ? word("noDifference", {}, lang) : past.nothing ? word("nothingToCompare", {}, lang) : "";
    };
    const addOlder = async (): Promise<void> => {
        older.disabled = true;
        if (!(await past.more())) message.textContent = word("notRead", {}, lang);
        list();
        older.disabled = false;
        if (!older.isConnected) select.focus();
    };
    list();
    const closed = new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
    select.addEventListener("change", () => void show());
    older.addEventListener("click", () => void addOlder());
    close.addEventListener("click", () => dialog.close());
    document.body.append(dialog);
    dialog.showModal();
    try {
        await show();
        if (!past.read) message.textContent = word("listNotRead", {}, lang);
        await closed;
    } finally {
        asked++;
        (view as MergeView | null)?.destroy();
        dialog.remove();
    }
}

/** What there is to compare with; it only grows, at its end. */
class Past {
    readonly choices: Choice[] = [];
    /** The server has told of some of it at least. */
    read = false;
    /** There is nothing older. */
    complete = false;
    private before: number | null = null;

    constructor(private readonly options: CompareOptions) {}

    get nothing(): boolean {
        return this.complete && this.choices.length === 1;
    }

    /** Adds the next older submissions; false when the server does not tell. */
    async more(): Promise<boolean> {
        const first = this.choices.length === 0;
        let rows: Row[] | null = null;
        try {
            rows = await this.next();
        } catch {
            // what is here already can be compared with in any case
        }
        if (first) this.begin(rows ?? []);
        const { lang } = this.options;
        for (const row of rows ?? []) {
            if (row.id === this.passed) continue;
            const verdict = statusWord(row.verdict ?? row.state, lang);
            this.choices.push({ title: word("submissionOf", { time: when(row, lang), verdict }, lang), text: text(row.id) });
        }
        return rows !== null;
    }

    private passed: string | null = null;

    private begin(rows: Row[]): void {
        const { first, lang, starter, lastPassed } = this.options;
        if (first) this.choices.push({ title: first.title, text: async () => first.text });
        // One that passed since the page was made is newer than what the page knows of.
        const passed = rows.find((row) => row.kind === "grade" && row.verdict === "passed");
        this.passed = passed?.id ?? lastPassed ?? null;
        if (this.passed !== null) {
            const name = word("lastPassed", {}, lang);
            this.choices.push({ title: passed ? `${name}, ${when(passed, lang)}` : name, text: text(this.passed) });
        }
        this.choices.push({ title: word("starter", {}, lang), text: async () => starter });
    }

    /** The next page that has anything: tries are no versions of their own. */
    private async next(): Promise<Row[]> {
        for (;;) {
            const fields = new URLSearchParams({ kata: this.options.kata, limit: "50" });
            if (this.before !== null) fields.set("before", String(this.before));
            const page = await askJson<{ submissions: Row[]; before: number | null }>(`/api/submissions?${fields}`);
            this.read = true;
            this.before = page.before;
            this.complete = page.before === null;
            const rows = page.submissions.filter((row) => row.kind !== "try");
            if (rows.length > 0 || this.complete) return rows;
        }
    }
}

function text(id: string): () => Promise<string> {
    return async () => (await askJson<{ code: string }>(`/api/submissions/${id}`)).code;
}

function when({ created }: Row, lang: Lang): string {
    return clockTime(typeof created === "number" ? created : Date.parse(created) / 1000, lang);
}
