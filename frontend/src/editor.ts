// The editor: CodeMirror 6 with what Python and this site need.

import {
    acceptCompletion,
    autocompletion,
    closeBrackets,
    closeBracketsKeymap,
    completionKeymap,
    completionStatus,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentLess, indentMore } from "@codemirror/commands";
import { pythonLanguage } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit, LanguageSupport, syntaxHighlighting } from "@codemirror/language";
import { lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap, searchPanelOpen } from "@codemirror/search";
import { Annotation, type ChangeSet, Compartment, EditorSelection, EditorState, type Extension, Prec, Transaction } from "@codemirror/state";
import {
    drawSelection,
    dropCursor,
    EditorView,
    highlightActiveLine,
    highlightActiveLineGutter,
    highlightSpecialChars,
    keymap,
    lineNumbers,
    rectangularSelection,
} from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import { completions } from "./completion";
import { differing } from "./differing";
import type { StepKind } from "./drafts";
import { PHRASES_ZH } from "./phrases";
import { syntaxMarks } from "./syntax";
import { type Lang, word } from "./words";

export interface EditorOptions {
    kata: string;
    text: string;
    lang: Lang;
    nonce: string;
    names: readonly string[];
    forbidden: readonly string[];
    changed(changes: ChangeSet, kind: StepKind): void;
    run(): void;
    submit(): void;
    /** Says something that the eye sees elsewhere. */
    say(text: string): void;
}

/** The change did not come from this person's hands here. */
const fromElsewhere = Annotation.define<true>();
/** What kind of step the change is, where it is not plain typing. */
const stepKind = Annotation.define<StepKind>();

/** Looks of every CodeMirror on the site: the colours and sizes are in kata.css. */
export function looks(lang: Lang, nonce: string): Extension {
    return [
        EditorView.cspNonce.of(nonce),
        EditorState.phrases.of(lang === "zh" ? PHRASES_ZH : {}),
        syntaxHighlighting(classHighlighter),
        new LanguageSupport(pythonLanguage),
        indentUnit.of("    "),
        EditorState.tabSize.of(4),
        lineNumbers(),
        highlightSpecialChars(),
        drawSelection(),
    ];
}

export class Editor {
    readonly view: EditorView;
    private readonly vimKeys = new Compartment();

    constructor(parent: HTMLElement, options: EditorOptions) {
        const wanted = { key: "Mod-Enter", preventDefault: true };
        const act = (call: () => void) => (): boolean => {
            call();
            return true;
        };
        this.view = new EditorView({
            parent,
            state: EditorState.create({
                doc: options.text,
                extensions: [
                    this.vimKeys.of([]),
                    Prec.highest(
                        keymap.of([
                            { ...wanted, run: act(options.run) },
                            { ...wanted, key: "Ctrl-Enter", run: act(options.run) },
                            { ...wanted, key: "Mod-Shift-Enter", run: act(options.submit) },
                            { ...wanted, key: "Ctrl-Shift-Enter", run: act(options.submit) },
                        ]),
                    ),
                    looks(options.lang, options.nonce),
                    highlightActiveLine(),
                    highlightActiveLineGutter(),
                    history(),
                    dropCursor(),
                    EditorState.allowMultipleSelections.of(true),
                    rectangularSelection(),
                    indentOnInput(),
                    bracketMatching(),
                    closeBrackets(),
                    autocompletion({ override: completions(options.names, options.forbidden), icons: false }),
                    search({ top: true }),
                    highlightSelectionMatches(),
                    syntaxMarks(options.kata, word("syntaxError", {}, options.lang)),
                    keymap.of([
                        { key: "Tab", run: acceptCompletion },
                        { key: "Tab", run: indentOrInsert, shift: indentLess },
                        ...closeBracketsKeymap,
                        ...defaultKeymap,
                        ...searchKeymap,
                        ...historyKeymap,
                        ...completionKeymap,
                        ...lintKeymap,
                    ]),
                    EditorView.contentAttributes.of({
                        "aria-label": word("editorLabel", {}, options.lang),
                        autocapitalize: "off",
                        autocorrect: "off",
                        spellcheck: "false",
                        translate: "no",
                        tabindex: "0",
                    }),
                    EditorView.updateListener.of((update) => {
                        for (const transaction of update.transactions) {
                            if (!transaction.docChanged || transaction.annotation(fromElsewhere)) continue;
                            options.changed(transaction.changes, kindOf(transaction));
                        }
                    }),
                ],
            }),
        });
        freeTab(this.view, () => options.say(word("tabFree", {}, options.lang)));
    }

    get text(): string {
        return this.view.state.doc.toString();
    }

    /** Puts another text in place, as little of it as differs, so that the cursor stays where it can. Can be undone. */
    replace(text: string, kind: StepKind): void {
        this.view.dispatch({ changes: differing(this.text, text), annotations: stepKind.of(kind), scrollIntoView: true });
    }

    /** The same, for what came from elsewhere and is in the log already. */
    adopt(text: string, undoable = false): void {
        this.view.dispatch({
            changes: differing(this.text, text),
            annotations: [fromElsewhere.of(true), Transaction.addToHistory.of(undoable)],
        });
    }

    use(keys: Extension): void {
        this.view.dispatch({ effects: this.vimKeys.reconfigure(keys) });
    }

    measure(): void {
        this.view.requestMeasure();
    }
}

function kindOf(transaction: Transaction): StepKind {
    const said = transaction.annotation(stepKind);
    if (said) return said;
    return transaction.isUserEvent("input.paste") || transaction.isUserEvent("input.drop") ? "paste" : "edit";
}

/** Tab: to the next stop, or the chosen lines deeper. */
function indentOrInsert(view: EditorView): boolean {
    if (view.state.selection.ranges.some((range) => !range.empty)) return indentMore(view);
    const { state } = view;
    view.dispatch(
        state.changeByRange((range) => {
            const line = state.doc.lineAt(range.from);
            const width = 4 - ((range.from - line.from) % 4);
            const at = range.from + width;
            return { changes: { from: range.from, insert: " ".repeat(width) }, range: EditorSelection.cursor(at) };
        }),
        { scrollIntoView: true, userEvent: "input" },
    );
    return true;
}

const MODIFIERS = new Set(["Shift", "Control", "Alt", "Meta", "CapsLock", "AltGraph"]);

/** Escape lets Tab go: a keyboard must be able to leave. Any other key takes it back, and time does not. */
function freeTab(view: EditorView, say: () => void): void {
    let free = false;
    const set = (to: boolean): void => {
        if (free !== to) view.setTabFocusMode(to);
        free = to;
    };
    view.contentDOM.addEventListener(
        "keydown",
        (event) => {
            if (event.isComposing || event.key === "Process" || MODIFIERS.has(event.key) || event.key === "Tab") return;
            if (event.key !== "Escape") set(false);
            else if (completionStatus(view.state) !== "active" && !searchPanelOpen(view.state)) {
                if (!free) say();
                set(true);
            }
        },
        true,
    );
    view.contentDOM.addEventListener("blur", () => set(false));
}
