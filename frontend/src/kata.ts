// The kata page: editor, draft, sending, results, panes.

import { ask, askJson, Refusal } from "./api";
import { askOnce } from "./ask";
import type { Other } from "./compare";
import { nonce, pageConfig } from "./config";
import { linkDraft, randomName } from "./draft-link";
import type { Head, Status } from "./drafts";
import { find, make, Voice } from "./dom";
import { Editor } from "./editor";
import { Live } from "./live";
import { Panes } from "./panes";
import { drawPictures } from "./pictures";
import { Preferences } from "./preferences";
import { SnippetBox } from "./snippet";
import { clockTime, language, word } from "./words";

const LEAST_FONT = 10;
const MOST_FONT = 32;
const FONT = 14;

function start(): void {
    const form = find<HTMLFormElement>("form[data-submit]");
    const area = find<HTMLTextAreaElement>("textarea[name=code]");
    const place = find("[data-editor]");
    const config = pageConfig();
    if (form && area && place && config.kata) new KataPage(form, area, place, { ...config, kata: config.kata });
    drawPictures();
}

type Config = ReturnType<typeof pageConfig> & { kata: string };

class KataPage {
    private readonly lang = language();
    private readonly voice = new Voice();
    private readonly preferences: Preferences;
    private readonly editor: Editor;
    private readonly link: ReturnType<typeof linkDraft>;
    private readonly live: Live | null;
    private readonly panes: Panes | null;
    private readonly status = find("[data-draft-status]");
    private readonly notice = make("div", { class: "draft-notice", role: "alert", hidden: true });
    private readonly snippet: SnippetBox | null;
    private sending = false;
    private vim = false;

    constructor(
        private readonly form: HTMLFormElement,
        private readonly area: HTMLTextAreaElement,
        private readonly place: HTMLElement,
        private readonly config: Config,
    ) {
        const { lang } = this;
        this.preferences = new Preferences(config.prefs ?? {});
        const holder = make("div", { class: "cm-holder" });
        this.editor = new Editor(holder, {
            kata: config.kata,
            text: area.value,
            lang,
            nonce: nonce(),
            names: config.names ?? [],
            forbidden: config.forbidden ?? [],
            changed: (changes, kind) => this.link.log.typed(changes, kind),
            run: () => void this.send("run"),
            submit: () => void this.send("grade"),
            say: (text) => this.voice.say(text),
        });
        const draft = config.draft ?? { version: 0, at: null };
        this.link = linkDraft(
            config.kata,
            { version: draft.version, at: draft.at, text: this.editor.text },
            {
                status: (status) => this.showStatus(status),
                adopt: (text) => this.editor.adopt(text, true),
                restored: () => this.voice.say(word("restored", {}, lang)),
            },
        );
        place.append(holder);
        place.before(this.notice);
        area.hidden = true;
        area.removeAttribute("id");
        this.setFont(Number(this.preferences.get("font_size")) || FONT);
        this.addTools();
        if (this.preferences.get("vim") === true) void this.toggleVim(false);
        this.showStatus({ state: "saved", at: draft.at });

        const root = find("[data-panes]");
        this.panes = root ? new Panes(root, this.preferences, lang, () => this.editor.measure()) : null;
        const results = find("[data-results]");
        this.live = results ? new Live({ root: results, lang, ended: () => void this.refreshFacts() }) : null;
        document.addEventListener("htmx:after:swap", () => {
            this.panes?.layOut();
            // The link that was followed is gone; its successor stands in the same place.
            if (document.activeElement === document.body) find(".tabs a[aria-current]")?.focus();
        });
        const box = find<HTMLTextAreaElement>("textarea[name=snippet]", form);
        this.snippet = box ? new SnippetBox(config.kata, box) : null;
        form.addEventListener("submit", (event) => this.onSubmit(event));
        this.sendOnce(form);
        find("label[for=code]")?.addEventListener("click", () => this.editor.view.focus());
        document.addEventListener("keydown", (event) => {
            if (event.defaultPrevented || !(event.ctrlKey || event.metaKey) || event.key !== "Enter") return;
            event.preventDefault();
            void this.send(event.shiftKey ? "grade" : this.inSnippet() ? "try" : "run");
        });
    }

    /** Whether it is solved, and the best score: a verdict may have changed both. */
    private async refreshFacts(): Promise<void> {
        try {
            const html = await (await ask(location.pathname, { accept: "text/html" })).text();
            const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("[data-pane=text] .facts");
            if (fresh) find("[data-pane=text] .facts")?.replaceWith(document.importNode(fresh, true));
        } catch {
            // they are right again when the page is loaded anew
        }
    }

    private inSnippet(): boolean {
        return document.activeElement === find("textarea[name=snippet]", this.form);
    }

    // -- the draft

    private showStatus(status: Status): void {
        const { lang } = this;
        const show = (text: string, bad = false): void => {
            if (!this.status) return;
            this.status.textContent = text;
            this.status.toggleAttribute("data-unsaved", bad);
            this.status.dataset["state"] = status.state;
        };
        const was = this.status?.dataset["state"];
        if (status.state !== "conflict") this.notice.hidden = true;
        switch (status.state) {
            case "saved":
                show(status.at === null ? word("starterAsIs", {}, lang) : word("saved", { time: clockTime(status.at, lang) }, lang));
                break;
            case "saving":
                // A mark that says "not saved" stays until something is.
                if (was !== "unsaved" && was !== "refused") show(word("saving", {}, lang));
                else if (this.status) this.status.dataset["state"] = was;
                break;
            case "unsaved": {
                const text = word(status.kept ? "unsaved" : "unsavedNowhere", {}, lang);
                show(text, true);
                if (was !== "unsaved") this.voice.say(text);
                break;
            }
            case "refused": {
                const text = word("refused", { message: status.message }, lang);
                show(text, true);
                if (was !== "refused") this.voice.say(text);
                break;
            }
            case "conflict":
                show(word("conflictTitle", {}, lang), true);
                this.showConflict(status.head);
                break;
        }
    }

    private showConflict(head: Head): void {
        const { lang } = this;
        const button = (text: string, call: () => void): HTMLButtonElement => make("button", { type: "button", onclick: call }, text);
        this.notice.replaceChildren(
            make("p", {}, make("strong", {}, `${word("conflictTitle", {}, lang)}.`), " ", word("conflict", { time: clockTime(head.at, lang) }, lang)),
            make(
                "p",
                { class: "actions" },
                button(word("compareBoth", {}, lang), () => void this.compare({ title: word("theirs", {}, lang), text: head.text })),
                button(word("keepMine", {}, lang), () => this.settled(() => this.link.log.keepMine())),
                button(word("takeTheirs", {}, lang), () => this.settled(() => this.link.log.takeTheirs())),
            ),
        );
        this.notice.hidden = false;
    }

    private settled(settle: () => void): void {
        settle();
        this.editor.view.focus();
    }

    // -- tools

    private addTools(): void {
        const tools = find("[data-editor-tools]");
        if (!tools) return;
        const { lang } = this;
        const tool = (text: string, label: string, call: () => void): HTMLButtonElement =>
            make("button", { type: "button", class: "tool", title: label, onclick: call }, text, make("span", { class: "unseen" }, ` ${label}`));
        const vim = tool("Vim", word("vim", {}, lang), () => void this.toggleVim(true));
        vim.setAttribute("aria-pressed", "false");
        vim.dataset["tool"] = "vim";
        tools.append(
            tool("A−", word("smaller", {}, lang), () => this.changeFont(-1)),
            tool("A+", word("larger", {}, lang), () => this.changeFont(1)),
            vim,
            tool(word("compare", {}, lang), word("compareMore", {}, lang), () => void this.compare()),
            tool(word("reset", {}, lang), word("resetMore", {}, lang), () => void this.reset()),
        );
    }

    private setFont(size: number): void {
        this.place.style.setProperty("--editor-font", `${size}px`);
        this.editor.measure();
    }

    private changeFont(by: number): void {
        const now = Number(this.preferences.get("font_size")) || FONT;
        const size = Math.min(Math.max(now + by, LEAST_FONT), MOST_FONT);
        this.preferences.set("font_size", size);
        this.setFont(size);
        this.voice.say(word("fontSize", { size }, this.lang));
    }

    private async toggleVim(byHand: boolean): Promise<void> {
        this.vim = !this.vim;
        const wanted = this.vim;
        try {
            const { vimKeys } = await import("./vim");
            if (this.vim !== wanted) return;
            this.editor.use(wanted ? vimKeys(() => void this.link.log.flush(), () => void this.send("grade")) : []);
        } catch {
            this.vim = !wanted;
            this.voice.say(word("notLoaded", {}, this.lang));
            return;
        }
        find("[data-tool=vim]")?.setAttribute("aria-pressed", String(wanted));
        if (!byHand) return;
        this.preferences.set("vim", wanted);
        this.voice.say(word(wanted ? "vimOn" : "vimOff", {}, this.lang));
        this.editor.view.focus();
    }

    private async compare(first?: Other): Promise<void> {
        const { config, lang } = this;
        try {
            const { compare } = await import("./compare");
            const options = {
                kata: config.kata,
                starter: config.starter ?? "",
                lastPassed: config.last_passed ?? null,
                lang,
                nonce: nonce(),
                now: () => this.editor.text,
            };
            await compare(first ? { ...options, first } : options);
        } catch (error) {
            console.warn(error);
            this.voice.say(word("notLoaded", {}, lang));
        }
    }

    private async reset(): Promise<void> {
        const { lang, config } = this;
        if (config.starter === undefined) return;
        if (!(await askOnce(word("resetAsk", {}, lang), word("resetYes", {}, lang), lang))) return;
        this.editor.replace(config.starter, "reset");
        this.editor.view.focus();
        const key = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘Z" : "Ctrl+Z";
        this.voice.say(word("resetDone", { key }, lang));
    }

    // -- sending

    private onSubmit(event: SubmitEvent): void {
        this.area.value = this.editor.text;
        if (!this.live) return;
        event.preventDefault();
        const kind = (event.submitter as HTMLButtonElement | null)?.value;
        void this.send(kind === "run" || kind === "try" ? kind : "grade");
    }

    /** The second click of a double click, and a key held down, say what the first one said; a verdict may come in between. */
    private sendOnce(form: HTMLFormElement): void {
        const sends = (target: EventTarget | null): boolean => target instanceof Element && target.closest("button[name=kind]") !== null;
        form.addEventListener("click", (event) => {
            if (event.detail > 1 && sends(event.target)) event.preventDefault();
        });
        const held = (event: KeyboardEvent): void => {
            if (!event.repeat || event.key !== "Enter" || !(event.ctrlKey || event.metaKey || sends(event.target))) return;
            event.preventDefault();
            event.stopPropagation();
        };
        document.addEventListener("keydown", held, { capture: true });
    }

    private async send(kind: string): Promise<void> {
        const { live, form, lang } = this;
        // Whatever comes while the first is on its way is the same.
        if (!live || this.sending) return;
        this.sending = true;
        this.panes?.show("results");
        live.begin(kind);
        const key = find<HTMLInputElement>("input[name=form_key]", form);
        try {
            const fields = new URLSearchParams({ code: this.editor.text, kind, form_key: key?.value ?? "" });
            const snippet = this.snippet?.area.value ?? "";
            if (kind === "try") fields.set("snippet", snippet);
            const sent = await askJson<{ id: string; result: string }>(form.action, { form: fields });
            if (kind === "try") this.snippet?.sent(snippet);
            // The key's first half makes a click one submission, the second says which text of the kata was read.
            if (key) key.value = key.value.replace(/^[^.]*/, randomName().slice(0, 16));
            live.follow(sent.id, sent.result);
        } catch (error) {
            live.fail(error instanceof Refusal ? error.message : word("sendFailed", {}, lang));
        } finally {
            this.sending = false;
        }
    }
}

start();
