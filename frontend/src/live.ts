// The results pane, live: what is being waited for, cases as they finish, then the result that the server renders.

import { ask } from "./api";
import { find, make } from "./dom";
import { follow } from "./follow";
import { drawPictures } from "./pictures";
import { AT_FIRST, meaning, next, type Progress, sentence, statusWord, type Told } from "./progress";
import { showTimes } from "./times";
import { type Lang, word } from "./words";

export interface LiveOptions {
    root: HTMLElement; // holds [data-progress] and [data-result]
    lang: Lang;
    ended?(progress: Progress): void;
}

export class Live {
    private progress: Progress = AT_FIRST;
    private readonly line: HTMLElement; // a live region
    private readonly result: HTMLElement;
    private readonly list: HTMLOListElement;
    private readonly bar: HTMLElement;
    private readonly cancel: HTMLButtonElement;
    private stop: (() => void) | null = null;
    private since = 0;
    private kind = "grade";
    private broken = false;
    private id = "";
    private clock: ReturnType<typeof setInterval> | undefined;

    constructor(private readonly options: LiveOptions) {
        const { root, lang } = options;
        this.result = find("[data-result]", root) ?? root.appendChild(make("div", { "data-result": true }));
        this.line = find("[data-progress]", root) ?? make("p", { "data-progress": true, role: "status" });
        if (!this.line.isConnected) root.insertBefore(this.line, this.result);
        this.bar = make("span", { class: "live-bar", "aria-hidden": "true" }, make("span", {}));
        this.cancel = make("button", { type: "button", class: "quiet", hidden: true, onclick: () => void this.giveUp() }, word("cancel", {}, lang));
        this.list = make("ol", { class: "live-cases", "aria-label": word("cases", {}, lang) });
        const row = make("div", { class: "live", hidden: true }, this.bar, this.cancel);
        this.line.before(row);
        row.prepend(this.line);
        this.result.before(this.list);
        this.row = row;
    }

    private readonly row: HTMLElement;

    get busy(): boolean {
        return !this.row.hidden && !this.progress.ended;
    }

    /** Before there is a submission: the request is on its way. */
    begin(kind: string): void {
        this.stop?.();
        this.kind = kind;
        this.id = "";
        this.since = Date.now();
        this.progress = AT_FIRST;
        this.broken = false;
        this.list.replaceChildren();
        this.result.toggleAttribute("data-old", this.result.childElementCount > 0);
        this.row.hidden = false;
        this.cancel.hidden = true;
        this.cancel.disabled = false;
        clearInterval(this.clock);
        this.clock = setInterval(() => this.show(), 500);
        this.show();
    }

    /** Nothing was sent, or it was refused. */
    fail(message: string): void {
        clearInterval(this.clock);
        this.progress = { ...this.progress, ended: true };
        this.cancel.hidden = true;
        this.row.hidden = true;
        this.result.removeAttribute("data-old");
        this.result.replaceChildren(make("p", { class: "notice fail", role: "alert" }, message));
    }

    follow(id: string, address = `/submissions/${id}/result`): void {
        this.id = id;
        this.cancel.hidden = false;
        this.stop = follow(id, {
            told: (told) => this.told(told, address),
            broken: (broken) => {
                this.broken = broken;
                this.show();
            },
        });
    }

    private told(told: Told, address: string): void {
        const before = this.progress;
        this.progress = next(before, told);
        if (this.progress.cases.length < before.cases.length) this.list.replaceChildren();
        this.show();
        if (this.progress.ended) void this.finish(address);
    }

    private show(): void {
        const { lang } = this.options;
        const said = this.broken && !this.progress.ended
            ? word("lost", {}, lang)
            : sentence(this.progress, this.kind, (Date.now() - this.since) / 1000, lang);
        if (this.line.textContent !== said) this.line.textContent = said;
        const { cases, total, passed, failed } = this.progress;
        for (const told of cases.slice(this.list.childElementCount)) this.list.append(this.item(told.title, told.name, told.status));
        const share = total ? (passed + failed) / total : 0;
        this.row.style.setProperty("--done", String(share));
        this.row.toggleAttribute("data-failed", failed > 0);
    }

    private item(title: unknown, name: string, status: string): HTMLLIElement {
        const { lang } = this.options;
        const text = typeof title === "string" ? title : ((title as Record<Lang, string> | null)?.[lang] ?? name.replaceAll("_", " "));
        const mark = make("span", { class: `mark ${meaning(status)}` }, statusWord(status, lang));
        return make("li", { "data-status": status }, make("span", { class: "live-name" }, text), " ", mark);
    }

    private async giveUp(): Promise<void> {
        const { id } = this;
        if (!id) return;
        this.cancel.disabled = true;
        try {
            await ask(`/submissions/${encodeURIComponent(id)}/cancel`, { form: new URLSearchParams(), keepalive: true });
        } catch {
            if (this.id === id) this.cancel.disabled = false; // it goes on, and may be cancelled again
        }
    }

    private async finish(address: string): Promise<void> {
        clearInterval(this.clock);
        const { id } = this;
        // Another run may begin meanwhile; then the pane is its own.
        try {
            const html = await (await ask(address, { accept: "text/html" })).text();
            if (this.id !== id) return;
            this.put(html);
        } catch {
            if (this.id !== id) return;
            this.result.replaceChildren(
                make("p", { class: "notice fail", role: "alert" }, word("noResult", {}, this.options.lang), " ",
                    make("a", { href: address.replace(/\/result$/, "") }, word("openResult", {}, this.options.lang))),
            );
        }
        this.result.removeAttribute("data-old");
        this.row.hidden = true;
        this.list.replaceChildren();
        this.cancel.hidden = true;
        this.cancel.disabled = false;
        this.options.ended?.(this.progress);
    }

    /** A fragment that the server rendered, escaped as every page of his. */
    private put(html: string): void {
        const parsed = new DOMParser().parseFromString(html, "text/html");
        const held = this.result.contains(document.activeElement);
        this.result.replaceChildren(...parsed.body.childNodes);
        if (held) this.result.focus();
        drawPictures(this.result);
        showTimes(this.result);
    }
}
