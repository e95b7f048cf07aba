// Every page: theme at once, times in the reader's zone, keys, parts of pages by htmx.

import "htmx.org";
import { tell } from "./api";
import { mendFormulas } from "./formulas";
import { listenForKeys } from "./keys";
import { showTimes, tellZone } from "./times";

const DELETING = "torchkata:deleting"; // in the storage of this tab alone

tellZone();
showTimes();
listenForKeys();
mendFormulas();
drawFigures();
themeAtOnce();
forgetWithEverything();

// What htmx puts into a page is enhanced as the page was.
document.addEventListener("htmx:after:swap", () => {
    showTimes();
    mendFormulas();
    drawFigures();
});

/** Heat maps of a kata's text. Their numbers stand below them all the same. */
function drawFigures(): void {
    if (!document.querySelector("figure[data-picture]")) return;
    import("./pictures").then(({ drawPictures }) => drawPictures()).catch(() => undefined);
}

/** The button sends a form; with this script the page changes without being loaded anew. */
function themeAtOnce(): void {
    for (const form of document.querySelectorAll<HTMLFormElement>('form[action="/preferences"]')) {
        const select = form.querySelector<HTMLSelectElement>("select[name=theme]");
        select?.addEventListener("change", () => {
            document.documentElement.dataset["theme"] = select.value;
        });
        form.addEventListener("submit", (event) => {
            const button = event.submitter;
            if (!(button instanceof HTMLButtonElement) || button.name !== "theme") return;
            event.preventDefault();
            const { value } = button;
            document.documentElement.dataset["theme"] = value;
            tell("/preferences", new URLSearchParams({ theme: value }));
            // The next click goes on in the circle, and the label says where it stands.
            const labels = JSON.parse(button.dataset["labels"] ?? "null") as Record<string, string> | null;
            const circle = ["auto", "dark", "light"];
            button.value = circle[(circle.indexOf(value) + 1) % circle.length]!;
            if (labels?.[value]) button.textContent = labels[value];
        });
    }
}

/** Who deletes everything deletes what lies in this browser, too: once the server has said that it is done. */
function forgetWithEverything(): void {
    try {
        forgetWhatWasDeleted();
    } catch {
        // storage is switched off: then nothing lies there either
    }
    document.addEventListener("submit", (event) => {
        if (event.defaultPrevented || !reallyDeletes(event.target as HTMLFormElement)) return;
        try {
            sessionStorage.setItem(DELETING, "yes");
        } catch {
            // as above
        }
    });
}

function forgetWhatWasDeleted(): void {
    // A page goes by its address for this only in the tab that asked for it: anybody can make a link.
    if (sessionStorage.getItem(DELETING) === null) return;
    sessionStorage.removeItem(DELETING);
    if (location.pathname !== "/progress" || !new URLSearchParams(location.search).has("deleted")) return;
    for (const key of Object.keys(localStorage)) if (key.startsWith("torchkata:")) localStorage.removeItem(key);
}

/** Not the first form, which only leads to the question. */
function reallyDeletes(form: HTMLFormElement): boolean {
    const { pathname } = new URL(form.action, location.href);
    return pathname === "/progress/delete" && form.querySelector("input[name=sure][value=yes]") !== null;
}
