// `?` shows all keys; `g h` and the like go to a page. Never while somebody types.

import { ask } from "./api";
import { make } from "./dom";
import { showTimes } from "./times";
import { language, word } from "./words";

const PAGES: Record<string, string> = { h: "/", r: "/review", p: "/progress", s: "/history" };
const PAUSE = 1_000; // ms between `g` and what follows

/** Whether keys belong to what has the focus. */
export function isTyping(target: EventTarget | null): boolean {
    if (!(target instanceof Element)) return false;
    return target.closest("input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea, select, [contenteditable], dialog[open]") !== null;
}

export function listenForKeys(): void {
    let went = 0;
    document.addEventListener("keydown", (event) => {
        if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
        if (isTyping(event.target)) return;
        const second = Date.now() - went < PAUSE;
        went = 0;
        if (event.key === "?") {
            event.preventDefault();
            void showKeys();
        } else if (event.key === "/") {
            const search = document.querySelector<HTMLInputElement>("#search");
            if (!search) return;
            event.preventDefault();
            search.focus();
            search.select();
        } else if (event.key === "g") {
            went = Date.now();
        } else if (second && PAGES[event.key]) {
            event.preventDefault();
            location.assign(PAGES[event.key]!);
        }
    });
}

async function showKeys(): Promise<void> {
    let content: Element | null = null;
    try {
        const page = new DOMParser().parseFromString(await (await ask("/keys", { accept: "text/html" })).text(), "text/html");
        content = page.querySelector("[data-keys]") ?? page.querySelector("main");
    } catch {
        // the page itself says what is wrong
    }
    if (!content) {
        location.assign("/keys");
        return;
    }
    const lang = language();
    const close = make("button", { type: "button" }, word("close", {}, lang));
    const dialog = make(
        "dialog",
        { class: "keys", "aria-label": word("keysTitle", {}, lang) },
        make("div", { class: "prose" }, ...document.importNode(content, true).childNodes),
        make("p", { class: "actions" }, close),
    );
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove(), { once: true });
    document.body.append(dialog);
    dialog.showModal();
    showTimes(dialog);
}
