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
    const choices = await earlier(options);
    const select = make("select", { id: "compare-with" });
    choices.forEach(({ title }, number) => select.append(make("option", { value: number }, title)));
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
            message,
            close,
        ),
        place,
    );
    let view: MergeView | null = null;
    const show = async (): Promise<void> => {
        const choice = choices[select.selectedIndex]!;
        const other = await choice.text();
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
        message.textContent = other === now ? word("noDifference", {}, lang) : choices.length === 1 ? word("nothingToCompare", {}, lang) : "";
    };
    select.addEventListener("change", () => void show());
    close.addEventListener("click", () => dialog.close());
    document.body.append(dialog);
    dialog.showModal();
    await show();
    await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
    (view as MergeView | null)?.destroy();
    dialog.remove();
}

async function earlier(options: CompareOptions): Promise<Choice[]> {
    const { kata, lang, first } = options;
    const choices: Choice[] = [];
    if (first) choices.push({ title: first.title, text: async () => first.text });
    try {
        const address = `/api/submissions?kata=${encodeURIComponent(kata)}&limit=50`;
        const { submissions } = await askJson<{ submissions: Row[] }>(address);
        const judged = submissions.filter((row) => row.kind !== "try");
        const passed = judged.find((row) => row.kind === "grade" && row.verdict === "passed");
        const text = ({ id }: Row) => async (): Promise<string> => (await askJson<{ code: string }>(`/api/submissions/${id}`)).code;
        if (passed) choices.push({ title: `${word("lastPassed", {}, lang)}, ${when(passed, lang)}`, text: text(passed) });
        for (const row of judged) {
            if (row === passed) continue;
            const verdict = statusWord(row.verdict ?? row.state, lang);
            choices.push({ title: word("submissionOf", { time: when(row, lang), verdict }, lang), text: text(row) });
        }
    } catch {
        // the starter is here in any case
    }
    choices.push({ title: word("starter", {}, lang), text: async () => options.starter });
    return choices;
}

function when({ created }: Row, lang: Lang): string {
    return clockTime(typeof created === "number" ? created : Date.parse(created) / 1000, lang);
}
