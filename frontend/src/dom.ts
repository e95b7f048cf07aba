// Making elements.

type Attributes = Record<string, string | number | boolean | null | ((event: never) => void)>;

/** An element with attributes (`onclick` and the like are listeners; null and false are left out) and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
    tag: K,
    attributes: Attributes = {},
    ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (value === null || value === false) continue;
        if (typeof value === "function") element.addEventListener(name.slice(2), value as EventListener);
        else element.setAttribute(name, value === true ? "" : String(value));
    }
    element.append(...children);
    return element;
}

export function find<E extends HTMLElement>(selector: string, within: ParentNode = document): E | null {
    return within.querySelector<E>(selector);
}

/** Speaks to those who do not see; made with the page, for a region that comes later is not heard. */
export class Voice {
    private readonly region = make("div", { class: "spoken", role: "status", "aria-live": "polite" });

    constructor() {
        document.body.append(this.region);
    }

    say(text: string): void {
        this.region.textContent = text;
    }
}
