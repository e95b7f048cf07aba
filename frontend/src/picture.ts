// A picture of the report: numbers of a tensor, a slice at a time. Nothing here knows a page.

import type { Lang } from "./words";

export type Given = number | string | null; // NaN and infinities come as words

export interface SliceGiven {
    index: number[];
    expected: Given[] | null;
    actual: Given[] | null;
    difference?: Given[] | null;
}

export interface PictureGiven {
    kind: string; // difference, attention, or values that nothing is compared with
    title?: Record<Lang, string> | null;
    name: string;
    axes: string[];
    shape: number[];
    step: [number, number];
    rows: number;
    columns: number;
    slices: SliceGiven[];
    minimum?: Given;
    maximum?: Given;
    worst?: unknown;
    nan_expected?: number;
    nan_actual?: number;
}

export type Layer = "expected" | "actual" | "difference";

export interface Slice {
    index: number[];
    layers: Partial<Record<Layer, Float64Array>>;
}

export interface Cell {
    row: number;
    column: number;
}

export interface Picture {
    name: string;
    kind: string;
    axes: string[];
    shape: number[];
    step: [number, number];
    rows: number;
    columns: number;
    layers: Layer[]; // those that some slice has
    slices: Slice[];
    bound: number; // of expected and actual: the scale goes from minus this to this
    differenceBound: number;
    differenceLow: number;
    differenceHigh: number;
    low: number; // the smallest and largest of expected and actual
    high: number;
    hasNaN: boolean;
    worst: { slice: number; cell: Cell; value: number } | null;
}

const WORDS: Record<string, number> = { nan: NaN, inf: Infinity, "+inf": Infinity, "-inf": -Infinity, infinity: Infinity, "-infinity": -Infinity };

export function parseNumber(given: Given): number {
    if (typeof given === "number") return given;
    if (given === null) return NaN;
    return WORDS[given.toLowerCase()] ?? Number(given);
}

export function readPicture(given: PictureGiven): Picture {
    const size = given.rows * given.columns;
    const slices = given.slices.map((slice): Slice => {
        const layers: Slice["layers"] = {};
        for (const layer of ["expected", "actual", "difference"] as const) {
            const values = slice[layer];
            if (values && values.length === size) layers[layer] = Float64Array.from(values, parseNumber);
        }
        const { expected, actual } = layers;
        if (!layers.difference && expected && actual) layers.difference = actual.map((value, i) => apart(value, expected[i]!));
        return { index: slice.index, layers };
    });
    const layers = (["expected", "actual", "difference"] as const).filter((layer) => slices.some((slice) => slice.layers[layer]));
    const [low, high] = range(slices.flatMap((slice) => [slice.layers.expected, slice.layers.actual]));
    const [lowDifference, highDifference] = range(slices.map((slice) => slice.layers.difference));
    return {
        name: given.name,
        kind: given.kind,
        axes: given.shape.map((_, place) => (given.axes.length === given.shape.length && given.axes[place]) || "ijkmnp"[place] || "?"),
        shape: given.shape,
        step: [Math.max(given.step[0], 1), Math.max(given.step[1], 1)],
        rows: given.rows,
        columns: given.columns,
        layers,
        slices,
        low,
        high,
        bound: Math.max(Math.abs(low), Math.abs(high)) || 1,
        differenceLow: lowDifference,
        differenceHigh: highDifference,
        differenceBound: Math.max(Math.abs(lowDifference), Math.abs(highDifference)) || 1,
        hasNaN: slices.some((slice) => Object.values(slice.layers).some((layer) => layer.some(Number.isNaN))),
        worst: worstOf(slices, given.columns),
    };
}

/** Places where both have the same infinity, or no number, do not differ. */
function apart(actual: number, expected: number): number {
    if (actual === expected || (Number.isNaN(actual) && Number.isNaN(expected))) return 0;
    return actual - expected;
}

function range(arrays: (Float64Array | undefined)[]): [number, number] {
    let low = Infinity;
    let high = -Infinity;
    for (const array of arrays) {
        for (const value of array ?? []) {
            if (!Number.isFinite(value)) continue;
            if (value < low) low = value;
            if (value > high) high = value;
        }
    }
    return low > high ? [0, 0] : [low, high];
}

function worstOf(slices: readonly Slice[], columns: number): Picture["worst"] {
    let worst: Picture["worst"] = null;
    let weight = 0;
    slices.forEach(({ layers: { difference } }, slice) =>
        difference?.forEach((value, at) => {
            const next = Number.isNaN(value) ? Infinity : Math.abs(value);
            if (next <= weight) return;
            weight = next;
            worst = { slice, cell: { row: Math.floor(at / columns), column: at % columns }, value };
        }),
    );
    return worst;
}

/** The axes that are slid over: each with the indices that some slice has. */
export function sliders(picture: Picture): { axis: string; indices: number[]; count: number }[] {
    const leading = picture.axes.slice(0, Math.max(picture.axes.length - 2, 0));
    return leading.map((axis, place) => ({
        axis,
        indices: [...new Set(picture.slices.map((slice) => slice.index[place] ?? 0))].sort((a, b) => a - b),
        count: picture.shape[place] ?? 1,
    }));
}

/** The slice of an index, or the one that differs from it in the fewest axes: not every combination is sent. */
export function sliceAt(picture: Picture, index: readonly number[], moved: number): number {
    let best = 0;
    let bestCost = Infinity;
    picture.slices.forEach((slice, number) => {
        let cost = 0;
        slice.index.forEach((value, place) => {
            if (value !== index[place]) cost += place === moved ? 1000 : 1;
        });
        if (cost < bestCost) [best, bestCost] = [number, cost];
    });
    return best;
}

/** `b=0, h=1, l=4–7, d=2`: where a cell lies in the tensor. */
export function indexText(picture: Picture, slice: number, cell: Cell): string {
    const { axes, shape, step } = picture;
    const lead = picture.slices[slice]?.index ?? [];
    const names = axes.map((axis) => axis.toLowerCase());
    const parts = lead.map((value, place) => `${names[place] ?? "?"}=${value}`);
    const inner = axes.slice(lead.length);
    const cells = inner.length === 1 ? [cell.column] : inner.length === 0 ? [] : [cell.row, cell.column];
    const steps = inner.length === 1 ? [step[1]] : step;
    cells.forEach((at, place) => {
        const width = steps[place]!;
        const most = (shape[lead.length + place] ?? Infinity) - 1;
        const from = at * width;
        const to = Math.min(from + width - 1, most);
        parts.push(`${names[lead.length + place] ?? "?"}=${to > from ? `${from}–${to}` : from}`);
    });
    return parts.join(", ");
}

export function shapeText(picture: Picture): string {
    return picture.axes.map((axis, place) => `${axis}=${picture.shape[place] ?? "?"}`).join(", ");
}

/** With the digits that matter. */
export function numberText(value: number): string {
    if (Number.isNaN(value)) return "NaN";
    if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
    if (value === 0) return "0";
    const size = Math.abs(value);
    const text = size >= 1e5 || size < 1e-3 ? value.toExponential(2).replace(/\.?0+e/, "e").replace("e+", "e") : String(Number(value.toPrecision(4)));
    return text.replace("-", "−").replace("e-", "e−");
}
