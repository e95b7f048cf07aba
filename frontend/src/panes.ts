// Panes of the kata page: two separators that move by mouse, finger and keyboard, fold a pane at their ends, and are
// remembered; on a narrow window three tabs instead.

import { find, make } from "./dom";
import type { Preferences } from "./preferences";
import { type Lang, word } from "./words";

export interface Split {
    columns: number; // share of the text's width, percent
    rows: number; // share of the editor's height, percent
}

const DEFAULT: Split = { columns: 42, rows: 60 };
const LEAST = 12; // percent; below it a pane is folded away
const WIDE = "(min-width: 56.25rem)";

/** `42:60`, as it is kept. */
export function readSplit(kept: unknown): Split {
    const [columns, rows] = String(kept ?? "").split(":").map(Number);
    const share = (value: number | undefined, otherwise: number): number =>
        value !== undefined && Number.isFinite(value) ? settle(value) : otherwise;
    return typeof kept === "string" && kept.includes(":")
        ? { columns: share(columns, DEFAULT.columns), rows: share(rows, DEFAULT.rows) }
        : DEFAULT;
}

/** Folded at both ends, otherwise never so narrow that nothing can be read. */
export function settle(share: number): number {
    if (share < LEAST / 2) return 0;
    if (share > 100 - LEAST / 2) return 100;
    return Math.min(Math.max(Math.round(share), LEAST), 100 - LEAST);
}

export type PaneName = "text" | "code" | "results";

export class Panes {
    private split: Split;
    private readonly wide = matchMedia(WIDE);
    private readonly separators = new Map<keyof Split, HTMLElement>();
    private readonly tabs = new Map<PaneName, HTMLButtonElement>();
    private readonly headings = make("div", { class: "unseen", hidden: true });

    constructor(
        private readonly root: HTMLElement,
        private readonly preferences: Preferences,
        private readonly lang: Lang,
        private readonly resized: () => void,
    ) {
        this.split = readSplit(preferences.get("panes"));
        this.addSeparator("columns");
        this.addSeparator("rows");
        this.addTabs();
        this.wide.addEventListener("change", () => this.layOut());
        this.layOut();
    }

    private addSeparator(axis: keyof Split): void {
        const separator = make("div", {
            class: "separator",
            role: "separator",
            tabindex: 0,
            "data-separator": axis,
            "aria-orientation": axis === "columns" ? "vertical" : "horizontal",
            "aria-label": word(axis, {}, this.lang),
            "aria-valuemin": 0,
            "aria-valuemax": 100,
        });
        separator.addEventListener("pointerdown", (event) => this.drag(event, axis, separator));
        separator.addEventListener("dblclick", () => this.set(axis, DEFAULT[axis]));
        separator.addEventListener("keydown", (event) => {
            const [less, more] = axis === "columns" ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
            const now = this.split[axis];
            const wanted = {
                [less]: now === 100 ? 100 - LEAST : now <= LEAST ? 0 : now - 3,
                [more]: now === 0 ? LEAST : now >= 100 - LEAST ? 100 : now + 3,
                Home: 0,
                End: 100,
                Enter: now === 0 || now === 100 ? DEFAULT[axis] : 0,
            }[event.key];
            if (wanted === undefined) return;
            event.preventDefault();
            this.set(axis, wanted);
        });
        this.separators.set(axis, separator);
        this.root.append(separator);
    }

    private drag(event: PointerEvent, axis: keyof Split, separator: HTMLElement): void {
        if (event.button !== 0) return;
        event.preventDefault();
        separator.focus();
        separator.setPointerCapture(event.pointerId);
        const box = this.root.getBoundingClientRect();
        const move = ({ clientX, clientY }: PointerEvent): void => {
            const share = axis === "columns" ? (clientX - box.left) / box.width : (clientY - box.top) / box.height;
            this.split = { ...this.split, [axis]: settle(100 * share) };
            this.layOut();
        };
        const drop = (): void => {
            separator.removeEventListener("pointermove", move);
            this.keep();
        };
        separator.addEventListener("pointermove", move);
        separator.addEventListener("lostpointercapture", drop, { once: true });
    }

    private set(axis: keyof Split, share: number): void {
        this.split = { ...this.split, [axis]: settle(share) };
        this.layOut();
        this.keep();
    }

    private keep(): void {
        this.preferences.set("panes", `${this.split.columns}:${this.split.rows}`);
    }

    private addTabs(): void {
        const titles = { text: "paneText", code: "paneCode", results: "paneResults" } as const;
        const list = make("div", { class: "pane-tabs", role: "tablist", "aria-label": word("panes", {}, this.lang) });
        for (const name of ["text", "code", "results"] as const) {
            const pane = find(`[data-pane="${name}"]`, this.root);
            if (!pane) continue;
            const tab = make("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `pane-${name}` }, word(titles[name], {}, this.lang));
            tab.addEventListener("click", () => this.show(name));
            this.tabs.set(name, tab);
            list.append(tab);
        }
        list.addEventListener("keydown", (event) => {
            const names = [...this.tabs.keys()];
            const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
            if (!step) return;
            const now = names.findIndex((name) => this.tabs.get(name) === document.activeElement);
            const next = names[(now + step + names.length) % names.length];
            if (!next) return;
            this.show(next);
            this.tabs.get(next)?.focus();
        });
        const title = make("div", { role: "heading", "aria-level": 1 }, find("h1", this.root)?.textContent ?? "");
        this.headings.append(title, make("div", { role: "heading", "aria-level": 2 }));
        this.root.before(this.headings, list);
        const inCode = location.hash === "#code";
        this.root.dataset["shown"] = inCode ? "code" : "text";
    }

    /** On a narrow window: this pane alone. On a wide one: unfolds it. */
    show(name: PaneName): void {
        this.root.dataset["shown"] = name;
        if (this.wide.matches) {
            const { columns, rows } = this.split;
            if (name === "text" && columns === 0) this.set("columns", DEFAULT.columns);
            if (name !== "text" && columns === 100) this.set("columns", DEFAULT.columns);
            if ((name === "results" && rows === 100) || (name === "code" && rows === 0)) this.set("rows", DEFAULT.rows);
        }
        this.layOut();
    }

    layOut(): void {
        const { columns, rows } = this.split;
        const { style } = this.root;
        style.setProperty("--text-share", `${columns}fr`);
        style.setProperty("--work-share", `${100 - columns}fr`);
        style.setProperty("--code-share", `${rows}fr`);
        style.setProperty("--results-share", `${100 - rows}fr`);
        const folded = { text: columns === 0, code: rows === 0 || columns === 100, results: rows === 100 || columns === 100 };
        for (const [name, tab] of this.tabs) {
            const pane = find(`[data-pane="${name}"]`, this.root);
            const shown = this.root.dataset["shown"] === name;
            tab.setAttribute("aria-selected", String(shown));
            tab.tabIndex = shown ? 0 : -1;
            if (pane) pane.id ||= `pane-${name}`; // htmx may have put a new one in place
            pane?.toggleAttribute("data-folded", this.wide.matches ? folded[name] : !shown);
        }
        // The page's own headings lie in the text.
        this.headings.hidden = find('[data-pane="text"]', this.root)?.hasAttribute("data-folded") !== true;
        this.headings.lastElementChild!.textContent = this.tabs.get(this.root.dataset["shown"] as PaneName)?.textContent ?? "";
        for (const [axis, separator] of this.separators) {
            separator.setAttribute("aria-valuenow", String(this.split[axis]));
            separator.toggleAttribute("data-folded", axis === "rows" && columns === 100);
        }
        this.resized();
    }
}
