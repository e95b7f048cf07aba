// What the server put into the page for the scripts.

export interface Draft {
    version: number;
    at: number | null;
    text?: string;
}

export interface PageConfig {
    kata?: string;
    starter?: string;
    draft?: Draft;
    names?: string[];
    forbidden?: string[];
    last_passed?: string | null; // id of a submission
    prefs?: Record<string, unknown>;
}

export function pageConfig(): PageConfig {
    const element = document.getElementById("page-config");
    try {
        return JSON.parse(element?.textContent ?? "{}") as PageConfig;
    } catch {
        return {};
    }
}

/** The nonce of the page's content policy, for the styles that CodeMirror makes. */
export function nonce(): string {
    return document.querySelector<HTMLElement>("script[nonce], link[nonce], style[nonce]")?.nonce ?? "";
}
