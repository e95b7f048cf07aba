// Requests to the server that the page came from.

/** The server answered, but not with what was asked for. `message` is a sentence in the person's language. */
export class Refusal extends Error {
    constructor(
        readonly status: number,
        readonly code: string,
        message: string,
        readonly body: unknown,
    ) {
        super(message);
    }
}

const TIMEOUT = 20_000;

export interface Asking {
    method?: string;
    json?: unknown;
    form?: URLSearchParams;
    accept?: string;
    signal?: AbortSignal;
    keepalive?: boolean;
}

/** The answer, when its status is one of success. Rejects with Refusal, or with whatever fetch does when nobody answers. */
export async function ask(address: string, asking: Asking = {}): Promise<Response> {
    const headers: Record<string, string> = { Accept: asking.accept ?? "application/json" };
    let body: BodyInit | undefined;
    if (asking.json !== undefined) {
        headers["Content-Type"] = "application/json";
        body = JSON.stringify(asking.json);
    } else if (asking.form) {
        body = asking.form;
    }
    const answer = await fetch(address, {
        method: asking.method ?? (body === undefined ? "GET" : "POST"),
        headers,
        ...(body === undefined ? {} : { body }),
        credentials: "same-origin",
        keepalive: asking.keepalive ?? false,
        signal: asking.signal ?? AbortSignal.timeout(TIMEOUT),
    });
    if (answer.ok) return answer;
    throw await refusal(answer);
}

async function refusal(answer: Response): Promise<Refusal> {
    const text = await answer.text();
    let body: unknown = null;
    try {
        body = JSON.parse(text);
    } catch {
        // not JSON: a page, or what a proxy says
    }
    const error = (body as { error?: { code?: string; message?: string } } | null)?.error;
    return new Refusal(answer.status, error?.code ?? "", error?.message ?? `HTTP ${answer.status}`, body);
}

export async function askJson<T>(address: string, asking: Asking = {}): Promise<T> {
    return (await (await ask(address, asking)).json()) as T;
}

/** One more or less is no harm: preferences and the like. */
export function tell(address: string, form: URLSearchParams): void {
    ask(address, { form, keepalive: true }).catch(() => undefined);
}
