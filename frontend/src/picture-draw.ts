// Painting heat maps on canvas.

import { type Cell, numberText, type Picture } from "./picture";
import { colour } from "./scale";

export interface Paint {
    theme: "light" | "dark";
    ink: string;
    muted: string;
    line: string;
    paper: string;
    font: string;
}

/** Around the cells: the letters and the indices of the axes. */
export const MARGIN = { left: 36, top: 20, right: 2, bottom: 2 };

const LARGEST = 30;
const SMALLEST = 3;
const GAP = 20; // between panels, as in kata.css

/** Side of a cell, so that all panels stand beside each other; where they cannot, so that one fills the width. */
export function cellSize(width: number, picture: Pick<Picture, "rows" | "columns" | "layers">): number {
    const fit = (panels: number): number =>
        Math.floor((width - GAP * (panels - 1) - panels * (MARGIN.left + MARGIN.right)) / panels / picture.columns);
    const wanted = picture.columns * picture.rows > 1600 ? SMALLEST : Math.min(8, LARGEST);
    for (let panels = picture.layers.length; panels > 1; panels--) {
        if (fit(panels) >= wanted) return Math.min(fit(panels), LARGEST);
    }
    return Math.min(Math.max(fit(1), SMALLEST), LARGEST);
}

/** A context in which a unit is a CSS pixel. Setting a canvas's size clears it. */
function prepare(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
    const ratio = Math.min(globalThis.devicePixelRatio || 1, 3);
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const context = canvas.getContext("2d");
    context?.scale(ratio, ratio);
    return context;
}

export function drawPanel(
    canvas: HTMLCanvasElement,
    picture: Picture,
    values: Float64Array | null,
    bound: number,
    size: number,
    cell: Cell,
    paint: Paint,
): void {
    const { rows, columns } = picture;
    const width = MARGIN.left + columns * size + MARGIN.right;
    const height = MARGIN.top + rows * size + MARGIN.bottom;
    const context = prepare(canvas, width, height);
    if (!context) return;
    drawAxes(context, picture, size, cell, paint);
    context.translate(MARGIN.left, MARGIN.top);
    cells(context, picture, values, bound, size, paint);
    if (!values) return;
    frame(context, cell, size, paint);
}

function cells(
    context: CanvasRenderingContext2D,
    { rows, columns }: Picture,
    values: Float64Array | null,
    bound: number,
    size: number,
    paint: Paint,
): void {
    const gap = size >= 7 ? 1 : 0; // a hair between the cells where there is room for it
    context.fillStyle = paint.line;
    if (!values) {
        context.strokeStyle = paint.line;
        context.setLineDash([3, 3]);
        context.strokeRect(0.5, 0.5, columns * size - 1, rows * size - 1);
        context.setLineDash([]);
        return;
    }
    // Behind the hairs, so that cells near nothing keep an edge against the paper.
    if (gap) {
        context.globalAlpha = 0.7;
        context.fillRect(-gap, -gap, columns * size + gap, rows * size + gap);
        context.globalAlpha = 1;
    } else {
        context.fillRect(-1, -1, columns * size + 2, rows * size + 2);
    }
    const side = size - gap;
    for (let at = 0; at < values.length; at++) {
        const value = values[at]!;
        const x = (at % columns) * size;
        const y = Math.floor(at / columns) * size;
        const [r, g, b] = colour(Number.isNaN(value) ? 0 : value / bound, paint.theme);
        context.fillStyle = `rgb(${r} ${g} ${b})`;
        context.fillRect(x, y, side, side);
        if (Number.isNaN(value)) hatch(context, x, y, side, paint.ink);
        else if (!Number.isFinite(value)) cross(context, x, y, side, paint.paper);
    }
}

export function hatch(context: CanvasRenderingContext2D, x: number, y: number, side: number, ink: string): void {
    context.save();
    context.beginPath();
    context.rect(x, y, side, side);
    context.clip();
    context.strokeStyle = ink;
    context.lineWidth = side < 6 ? 0.8 : 1;
    const pace = Math.max(3, side / 4);
    context.beginPath();
    for (let offset = -side; offset < side; offset += pace) {
        context.moveTo(x + offset, y + side);
        context.lineTo(x + offset + side, y);
    }
    context.stroke();
    context.restore();
}

function cross(context: CanvasRenderingContext2D, x: number, y: number, side: number, ink: string): void {
    const inset = side * 0.28;
    context.strokeStyle = ink;
    context.lineWidth = Math.max(1, side / 12);
    context.beginPath();
    context.moveTo(x + inset, y + inset);
    context.lineTo(x + side - inset, y + side - inset);
    context.moveTo(x + side - inset, y + inset);
    context.lineTo(x + inset, y + side - inset);
    context.stroke();
}

/** Around the chosen cell: dark on light and light on dark, so that it is seen on every colour. */
function frame(context: CanvasRenderingContext2D, { row, column }: Cell, size: number, paint: Paint): void {
    const x = column * size;
    const y = row * size;
    const side = size >= 7 ? size - 1 : size;
    context.lineWidth = 1;
    context.strokeStyle = paint.paper;
    context.strokeRect(x - 0.5, y - 0.5, side + 1, side + 1);
    context.lineWidth = 1.5;
    context.strokeStyle = paint.ink;
    context.strokeRect(x - 1.75, y - 1.75, side + 3.5, side + 3.5);
}

function drawAxes(context: CanvasRenderingContext2D, picture: Picture, size: number, cell: Cell, paint: Paint): void {
    const { axes, rows, columns, step } = picture;
    const inner = axes.slice(-2);
    const columnName = (inner.length > 0 ? inner[inner.length - 1] : "") ?? "";
    const rowName = inner.length > 1 ? inner[0]! : "";
    context.textBaseline = "middle";
    context.font = `600 11px ${paint.font}`;
    context.fillStyle = paint.ink;
    context.textAlign = "left";
    if (rowName) context.fillText(`${rowName}↓`, 0, 8);
    context.fillText(`${columnName}→`, rowName ? MARGIN.left - 17 : 0, 8);
    context.font = `11px ${paint.font}`;
    context.textAlign = "center";
    for (const at of ticks(columns, size, 10 + 7 * String((columns - 1) * step[1]).length, cell.column)) {
        context.fillStyle = at === cell.column ? paint.ink : paint.muted;
        context.fillText(String(at * step[1]), MARGIN.left + (at + 0.5) * size + (at * size < 8 ? 4 : 0), 8);
    }
    if (!rowName) return;
    context.textAlign = "right";
    for (const at of ticks(rows, size, 14, cell.row)) {
        context.fillStyle = at === cell.row ? paint.ink : paint.muted;
        const y = MARGIN.top + (at + 0.5) * size;
        context.fillText(String(at * step[0]), MARGIN.left - 5, y);
    }
}

/** The chosen index, the first, the last, and as many between as have room. */
export function ticks(count: number, size: number, room: number, chosen: number): number[] {
    const every = [1, 2, 4, 5, 8, 10, 16, 20, 32, 50].find((pace) => pace * size >= room) ?? count;
    const found = [chosen];
    for (let at = 0; at < count; at += every) {
        if (Math.abs(at - chosen) * size >= room) found.push(at);
    }
    return found.sort((a, b) => a - b);
}

export function drawThumb(canvas: HTMLCanvasElement, { rows, columns }: Picture, values: Float64Array | null, bound: number, paint: Paint): void {
    const largest = 44;
    const size = Math.max(largest / Math.max(rows, columns), 0.5);
    const context = prepare(canvas, Math.max(Math.round(columns * size), 8), Math.max(Math.round(rows * size), 8));
    if (!context || !values) return;
    for (let at = 0; at < values.length; at++) {
        const value = values[at]!;
        const [r, g, b] = Number.isNaN(value) ? [128, 128, 128] : colour(value / bound, paint.theme);
        context.fillStyle = `rgb(${r} ${g} ${b})`;
        context.fillRect((at % columns) * size, Math.floor(at / columns) * size, size + 0.2, size + 0.2);
    }
}

export function drawLegend(canvas: HTMLCanvasElement, low: number, high: number, bound: number, paint: Paint): void {
    const width = 200;
    const height = 30;
    const context = prepare(canvas, width, height);
    if (!context) return;
    const [from, to] = low === high ? [-bound, bound] : [Math.min(low, 0), Math.max(high, 0)];
    const inset = 1;
    const inner = width - 2 * inset;
    context.fillStyle = paint.line;
    context.fillRect(0, 0, width, 12);
    for (let x = 0; x < inner; x++) {
        const value = from + ((to - from) * (x + 0.5)) / inner;
        const [r, g, b] = colour(value / bound, paint.theme);
        context.fillStyle = `rgb(${r} ${g} ${b})`;
        context.fillRect(inset + x, 1, 1.5, 10);
    }
    context.font = `11px ${paint.font}`;
    context.textBaseline = "top";
    context.fillStyle = paint.muted;
    context.textAlign = "left";
    context.fillText(numberText(from), 0, 17);
    context.textAlign = "right";
    context.fillText(numberText(to), width, 17);
    const zero = inset + (inner * (0 - from)) / (to - from);
    if (zero > 44 && zero < width - 44) {
        context.textAlign = "center";
        context.fillText("0", zero, 17);
    }
    if (zero > 2 && zero < width - 2) context.fillRect(zero - 0.5, 12, 1, 3);
}
