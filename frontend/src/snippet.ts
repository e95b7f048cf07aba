// The learner's own snippet. The server has what was last tried, and puts it into the page; what was typed since lies in
// this browser.

const PREFIX = "torchkata:snippet:";

export interface Shelf {
    getItem(key: string): string | null;
    setItem(key: string, value: string): void;
    removeItem(key: string): void;
}

export class SnippetBox {
    private readonly key: string;
    private known: string; // what the server has

    constructor(
        kata: string,
        readonly area: { value: string; defaultValue: string; addEventListener(kind: "input", call: () => void): void },
        private readonly shelf: () => Shelf = () => localStorage,
    ) {
        this.key = PREFIX + kata;
        this.known = area.defaultValue;
        const typed = this.read();
        if (typed !== null) area.value = typed;
        area.addEventListener("input", () => this.keep());
    }

    /** The server has it now. */
    sent(text: string): void {
        this.known = text;
        this.keep();
    }

    private keep(): void {
        const { value } = this.area;
        try {
            // An empty box is no snippet: the next visit begins with the one before.
            if (value.trim() === "" || value === this.known) this.shelf().removeItem(this.key);
            else this.shelf().setItem(this.key, value);
        } catch {
            // storage is full or switched off: then it lasts as long as the page
        }
    }

    private read(): string | null {
        try {
            return this.shelf().getItem(this.key);
        } catch {
            return null;
        }
    }
}
