// Formulas by KaTeX, loaded when they are wanted. The server's MathML is what every browser of today draws by itself; KaTeX
// with its fonts would cost more than the editor.

import katex from "katex";

/** Draws these elements, each with its TeX in `data-tex`. What KaTeX cannot read stays as it is. */
export async function drawFormulas(elements: Iterable<HTMLElement>): Promise<void> {
    await styleSheet(new URL("math.css", import.meta.url).href);
    for (const element of elements) {
        const drawn = document.createElement("span");
        try {
            katex.render(element.dataset["tex"] ?? "", drawn, {
                displayMode: element.hasAttribute("data-display"),
                strict: "ignore",
                trust: false,
            });
            element.replaceChildren(drawn);
        } catch (error) {
            console.warn("a formula could not be drawn", error);
        }
    }
}

function styleSheet(address: string): Promise<void> {
    return new Promise((resolve) => {
        const link = document.createElement("link");
        link.rel = "stylesheet";
        link.href = address;
        link.addEventListener("load", () => resolve());
        link.addEventListener("error", () => resolve());
        document.head.append(link);
    });
}
