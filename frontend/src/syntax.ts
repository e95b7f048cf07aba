// Marks syntax errors while typing. The server parses; nothing is executed.

import { type Diagnostic, linter } from "@codemirror/lint";
import type { Extension, Text } from "@codemirror/state";
import { askJson } from "./api";

export interface Spot {
    line: number; // from 1
    column: number; // from 1, in units of UTF-16
    end_line: number;
    end_column: number;
    message: string;
}

/** A spot of the server as a range of the text: inside it, and at least one character long where there is one. */
export function rangeOf(doc: Text, spot: Spot): { from: number; to: number } {
    const at = (line: number, column: number): number => {
        const found = doc.line(Math.min(Math.max(line, 1), doc.lines));
        return Math.min(found.from + Math.max(column - 1, 0), found.to);
    };
    let from = at(spot.line, spot.column);
    let to = Math.max(at(spot.end_line, spot.end_column), from);
    if (to === from) {
        const line = doc.lineAt(from);
        if (from < line.to) to = from + 1;
        else if (from > line.from) from -= 1;
    }
    return { from, to };
}

const QUIET = 450; // ms without a key
const LONGEST = 200_000; // characters; more is checked when it is submitted

export function syntaxMarks(kata: string, label: string): Extension {
    let running: AbortController | null = null;
    return linter(
        async (view): Promise<Diagnostic[]> => {
            const { doc } = view.state;
            running?.abort();
            if (doc.length > LONGEST || doc.length === 0) return [];
            running = new AbortController();
            try {
                const body = { kata, code: doc.toString() };
                const { errors } = await askJson<{ errors: Spot[] }>("/api/check", { json: body, signal: running.signal });
                if (view.state.doc !== doc) return [];
                return errors.map((spot) => ({
                    ...rangeOf(doc, spot),
                    severity: "error",
                    source: label,
                    message: spot.message,
                }));
            } catch {
                return []; // out of reach, or overtaken: a mark that may be wrong is worse than none
            }
        },
        { delay: QUIET },
    );
}
