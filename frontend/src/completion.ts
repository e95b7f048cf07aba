// What is offered while typing: members of torch, nn, F, math and tensors behind a dot; names of the kata, of the code
// itself and of Python elsewhere.

import type { Completion, CompletionContext, CompletionResult, CompletionSource } from "@codemirror/autocomplete";
import { snippetCompletion } from "@codemirror/autocomplete";
import { globalCompletion, localCompletionSource } from "@codemirror/lang-python";
import { syntaxTree } from "@codemirror/language";
import { FUNCTIONAL, INIT, MATH, MODULE, NN, TENSOR, TORCH } from "./torch-names";

export interface Named {
    name: string;
    signature: string; // with its parentheses; empty for what is not called
}

/** `a(x)|b` over any lines. */
export function parseNames(table: string): Named[] {
    return table
        .trim()
        .split(/[|\n]/)
        .map((entry) => {
            const open = entry.indexOf("(");
            return open < 0 ? { name: entry, signature: "" } : { name: entry.slice(0, open), signature: entry.slice(open) };
        });
}

type Family = "torch" | "functional" | "nn" | "init" | "math" | "module" | "tensor" | "none";

const ALIASES: Record<string, Family> = {
    torch: "torch",
    F: "functional",
    "nn.functional": "functional",
    "torch.nn.functional": "functional",
    nn: "nn",
    "torch.nn": "nn",
    "nn.init": "init",
    "torch.nn.init": "init",
    init: "init",
    math: "math",
    self: "module",
};

const TABLES: Record<Exclude<Family, "none">, string> = {
    torch: TORCH,
    functional: FUNCTIONAL,
    nn: NN,
    init: INIT,
    math: MATH,
    module: MODULE,
    tensor: TENSOR,
};

/** Whose members stand behind this dot: `before` is the line up to and including it. */
export function familyOf(before: string): Family {
    const path = /([A-Za-z_][\w.]*|[\])])\s*\.$/.exec(before)?.[1];
    if (path === undefined) return "none";
    return ALIASES[path] ?? "tensor";
}

/** The attributes that the code itself gives to self: `self.q_proj = ...`. */
export function ownAttributes(code: string): string[] {
    const found = [...code.matchAll(/\bself\.([A-Za-z_]\w*)\s*(?::[^=\n]+)?=(?!=)/g)].map((match) => match[1]!);
    return [...new Set([...found, ...[...code.matchAll(/register_buffer\(\s*["'](\w+)["']/g)].map((match) => match[1]!)])];
}

function offer({ name, signature }: Named): Completion {
    if (!signature) return { label: name, type: "property" };
    const type = /^[A-Z]/.test(name) ? "class" : "function";
    const option = { label: name, detail: signature, type };
    return snippetCompletion(signature === "()" ? `${name}()` : `${name}(\${})`, option);
}

/** `forbidden`: operators by their full names, as in kata.toml; `names`: what the kata speaks of. */
export function completions(names: readonly string[], forbidden: readonly string[]): CompletionSource[] {
    const hidden = new Set(forbidden.map((path) => path.split(".").at(-1)));
    const cache = new Map<Family, Completion[]>();
    const members = (family: Exclude<Family, "none">): Completion[] => {
        let known = cache.get(family);
        if (!known) {
            known = parseNames(TABLES[family])
                .filter(({ name }) => family === "tensor" || !hidden.has(name))
                .map(offer);
            cache.set(family, known);
        }
        return known;
    };

    const afterDot = (context: CompletionContext): CompletionResult | null => {
        const word = context.matchBefore(/\.\s*\w*/);
        if (!word || inText(context)) return null;
        const line = context.state.doc.lineAt(context.pos);
        const dot = word.from + 1;
        const family = familyOf(line.text.slice(0, dot - line.from));
        if (family === "none") return null;
        const options = [...members(family)];
        if (family === "module") {
            const own = ownAttributes(context.state.doc.toString());
            options.push(...own.map((label) => ({ label, type: "property", boost: 50 })));
        }
        const from = dot + (/^\s*/.exec(word.text.slice(1))?.[0].length ?? 0);
        return { from, options, validFor: /^\w*$/ };
    };

    const kataNames = [...new Set(names)].map((label): Completion => ({ label, type: "variable", boost: 20 }));
    const shortcuts = ["torch", "nn", "F", "math"].map((label): Completion => ({ label, type: "namespace" }));
    const ofKata = (context: CompletionContext): CompletionResult | null => {
        const word = context.matchBefore(/\w+/);
        if (!word || inText(context) || behindDot(context, word.from)) return null;
        return { from: word.from, options: [...kataNames, ...shortcuts], validFor: /^\w*$/ };
    };
    const elsewhere =
        (source: CompletionSource): CompletionSource =>
        (context) => {
            const word = context.matchBefore(/\w+/);
            return !word || behindDot(context, word.from) ? null : source(context);
        };
    return [afterDot, ofKata, elsewhere(localCompletionSource), elsewhere(globalCompletion)];
}

function behindDot(context: CompletionContext, from: number): boolean {
    return context.state.sliceDoc(Math.max(0, from - 1), from) === ".";
}

function inText(context: CompletionContext): boolean {
    return /String|Comment/.test(syntaxTree(context.state).resolveInner(context.pos, -1).name);
}
