// How a person likes the page: at once in this browser, and at the server for the next one.

import { tell } from "./api";

const PREFIX = "torchkata:pref:";

export class Preferences {
    constructor(private readonly known: Record<string, unknown>) {}

    get(name: string): unknown {
        return this.known[name] ?? readHere(name);
    }

    set(name: string, value: string | number | boolean): void {
        this.known[name] = value;
        try {
            localStorage.setItem(PREFIX + name, JSON.stringify(value));
        } catch {
            // kept at the server then
        }
        tell("/preferences", new URLSearchParams({ [name]: String(value) }));
    }
}

function readHere(name: string): unknown {
    try {
        return JSON.parse(localStorage.getItem(PREFIX + name) ?? "null");
    } catch {
        return undefined;
    }
}
