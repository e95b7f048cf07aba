// Heat maps of a tensor: what was expected, what came, and where they differ, side by side and moved over together.

import { make } from "./dom";
import { cellSize, drawLegend, drawPanel, drawThumb, MARGIN, type Paint } from "./picture-draw";
import {
    type Cell,
    indexText,
    type Layer,
    numberText,
    type Picture,
    type PictureGiven,
    readPicture,
    shapeText,
    sliceAt,
    sliders,
} from "./picture";
import { language, word } from "./words";

const drawn = new WeakSet<HTMLElement>();

/** Draws every figure in here that is not drawn yet. */
export function drawPictures(within: ParentNode = document): void {
    for (const figure of within.querySelectorAll<HTMLElement>("figure[data-picture]")) {
        if (drawn.has(figure)) continue;
        const source = figure.querySelector('script[type="application/json"]');
        try {
            const picture = readPicture(JSON.parse(source?.textContent ?? "") as PictureGiven);
            if (picture.slices.length === 0 || picture.rows * picture.columns === 0) continue;
            drawn.add(figure);
            new Figure(figure, picture);
        } catch (error) {
            console.warn("a picture could not be read", error); // its table is there all the same
        }
    }
}

class Figure {
    private slice: number;
    private cell: Cell;
    private readonly canvases = new Map<Layer, HTMLCanvasElement>();
    private readonly legends = new Map<"values" | "difference", HTMLCanvasElement>();
    private readonly thumbs: HTMLCanvasElement[] = [];
    private readonly ranges: HTMLInputElement[] = [];
    private readonly outputs: HTMLOutputElement[] = [];
    private readonly stage: HTMLElement;
    private readonly readout: HTMLElement;
    private size = 0;
    private drawing = 0;

    constructor(
        private readonly figure: HTMLElement,
        private readonly picture: Picture,
    ) {
        this.slice = picture.worst?.slice ?? 0;
        this.cell = picture.worst?.cell ?? { row: 0, column: 0 };
        this.readout = make("p", { class: "pic-readout", "aria-live": "polite" });
        this.stage = this.makeStage();
        const body = make("div", { class: "pic" }, this.makeSliders(), this.stage, this.makeLegends(), this.readout);
        const after = figure.querySelector("figcaption");
        if (after && after === figure.firstElementChild) after.after(body);
        else figure.prepend(body);
        this.listen();
        new ResizeObserver(() => this.schedule()).observe(this.stage);
        matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.schedule());
        new MutationObserver(() => this.schedule()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
        this.move(0, 0);
    }

    private makeStage(): HTMLElement {
        const { picture } = this;
        const shape = shapeText(picture);
        const { worst, name } = picture;
        const label = worst
            ? word("pictureLabel", { name, shape, worst: numberText(worst.value), index: indexText(picture, worst.slice, worst.cell) })
            : word("pictureLabelOne", { name, shape });
        const stage = make("div", { class: "pic-stage", role: "application", tabindex: 0, "aria-label": label });
        for (const layer of picture.layers) {
            const canvas = make("canvas", { class: "pic-canvas" });
            this.canvases.set(layer, canvas);
            stage.append(make("div", { class: "pic-panel", "data-layer": layer }, make("span", { class: "pic-title" }, this.title(layer)), canvas));
        }
        return stage;
    }

    /** Of a tensor that stands alone nothing is expected. */
    private title(layer: Layer): string {
        const { kind, layers } = this.picture;
        return word(layers.length > 1 || kind === "difference" ? layer : kind === "attention" ? "weights" : "values");
    }

    private makeSliders(): HTMLElement {
        const { picture } = this;
        const row = make("div", { class: "pic-slices" });
        if (picture.slices.length < 2) row.hidden = true;
        sliders(picture).forEach(({ axis, indices }, place) => {
            if (indices.length < 2) return;
            const output = make("output", {});
            const input = make("input", { type: "range", min: 0, max: indices.length - 1, step: 1, "aria-label": axis });
            input.dataset["place"] = String(place);
            input.addEventListener("input", () => {
                const index = [...(picture.slices[this.slice]?.index ?? [])];
                index[place] = indices[input.valueAsNumber] ?? 0;
                this.choose(sliceAt(picture, index, place));
            });
            this.ranges.push(input);
            this.outputs.push(output);
            row.append(make("label", {}, make("span", {}, axis), input, output));
        });
        const strip = make("div", { class: "pic-strip", "aria-hidden": "true" });
        if (picture.slices.length > 1) {
            picture.slices.forEach((_, number) => {
                const canvas = make("canvas", { class: "pic-thumb" });
                canvas.addEventListener("click", () => this.choose(number));
                this.thumbs.push(canvas);
                strip.append(canvas);
            });
        }
        row.append(strip);
        return row;
    }

    private makeLegends(): HTMLElement {
        const row = make("div", { class: "pic-legends", "aria-hidden": "true" });
        const { layers } = this.picture;
        const add = (key: "values" | "difference", title: string): void => {
            const canvas = make("canvas", { class: "pic-legend" });
            this.legends.set(key, canvas);
            row.append(make("div", {}, make("span", { class: "pic-title" }, title), canvas));
        };
        const values = layers.filter((layer) => layer !== "difference");
        if (values.length > 0) add("values", values.map((layer) => this.title(layer)).join(language() === "zh" ? "、" : ", "));
        // Where nothing finite differs, a scale would have made-up ends.
        if (layers.includes("difference") && this.picture.differenceLow < this.picture.differenceHigh) add("difference", word("difference"));
        if (this.picture.hasNaN) row.append(make("div", { class: "pic-nan" }, make("span", { class: "pic-hatch" }), word("nanLegend")));
        return row;
    }

    private listen(): void {
        for (const canvas of this.canvases.values()) {
            const point = (event: PointerEvent): void => {
                const box = canvas.getBoundingClientRect();
                const row = Math.floor((event.clientY - box.top - MARGIN.top) / this.size);
                const column = Math.floor((event.clientX - box.left - MARGIN.left) / this.size);
                if (row < 0 || column < 0 || row >= this.picture.rows || column >= this.picture.columns) return;
                if (row === this.cell.row && column === this.cell.column) return;
                this.cell = { row, column };
                this.readout.setAttribute("aria-live", "off");
                this.update();
            };
            canvas.addEventListener("pointermove", point);
            canvas.addEventListener("pointerdown", point);
        }
        const { columns } = this.picture;
        const moves: Record<string, [number, number]> = {
            ArrowUp: [-1, 0],
            ArrowDown: [1, 0],
            ArrowLeft: [0, -1],
            ArrowRight: [0, 1],
            Home: [0, -columns],
            End: [0, columns],
        };
        this.stage.addEventListener("keydown", (event) => {
            if (event.ctrlKey || event.metaKey || event.altKey) return;
            const move = moves[event.key];
            if (move) this.move(...move);
            else if (event.key === "PageUp") this.choose(Math.max(this.slice - 1, 0));
            else if (event.key === "PageDown") this.choose(Math.min(this.slice + 1, this.picture.slices.length - 1));
            else if (event.key === "w" && this.picture.worst) {
                this.cell = this.picture.worst.cell;
                this.choose(this.picture.worst.slice);
            } else return;
            event.preventDefault();
        });
    }

    private move(down: number, right: number): void {
        const clamp = (value: number, count: number): number => Math.min(Math.max(value, 0), count - 1);
        this.cell = {
            row: clamp(this.cell.row + down, this.picture.rows),
            column: clamp(this.cell.column + right, this.picture.columns),
        };
        this.readout.setAttribute("aria-live", "polite");
        this.update();
    }

    private choose(slice: number): void {
        this.slice = slice;
        this.update();
    }

    private update(): void {
        const { picture } = this;
        const index = picture.slices[this.slice]?.index ?? [];
        const axes = sliders(picture);
        this.ranges.forEach((input, number) => {
            const place = Number(input.dataset["place"]);
            const { indices, count } = axes[place]!;
            input.value = String(Math.max(indices.indexOf(index[place] ?? 0), 0));
            const text = word("slice", { index: index[place] ?? 0, last: count - 1 });
            this.outputs[number]!.textContent = text;
            input.setAttribute("aria-valuetext", text);
        });
        this.readout.replaceChildren(...this.reading());
        this.schedule();
    }

    private reading(): (Node | string)[] {
        const { picture, cell } = this;
        const layers = picture.slices[this.slice]?.layers ?? {};
        const at = cell.row * picture.columns + cell.column;
        const parts: (Node | string)[] = [make("b", {}, `[${indexText(picture, this.slice, cell)}]`)];
        for (const layer of picture.layers) {
            const value = layers[layer]?.[at];
            const text = value === undefined ? word("missing") : numberText(value);
            const name = picture.layers.length === 1 ? "" : `${word(layer)} `;
            parts.push(make("span", { "data-layer": layer }, name, make("b", {}, text)));
        }
        const [rows, columns] = picture.step;
        if (rows > 1 || columns > 1) parts.push(make("span", { class: "muted" }, word("block", { rows, columns })));
        return parts;
    }

    private schedule(): void {
        this.drawing ||= requestAnimationFrame(() => {
            this.drawing = 0;
            this.draw();
        });
    }

    private draw(): void {
        const { picture } = this;
        const width = this.stage.clientWidth;
        if (width === 0) return;
        this.size = cellSize(width, picture);
        const slice = picture.slices[this.slice]!;
        const paint = this.paint();
        for (const [layer, canvas] of this.canvases) {
            const bound = layer === "difference" ? picture.differenceBound : picture.bound;
            drawPanel(canvas, picture, slice.layers[layer] ?? null, bound, this.size, this.cell, paint);
        }
        this.thumbs.forEach((canvas, number) => {
            const { layers } = picture.slices[number]!;
            const layer = layers.difference ?? layers.actual ?? layers.expected ?? null;
            const bound = layers.difference ? picture.differenceBound : picture.bound;
            drawThumb(canvas, picture, layer, bound, paint);
            canvas.toggleAttribute("data-chosen", number === this.slice);
        });
        const values = this.legends.get("values");
        if (values) drawLegend(values, picture.low, picture.high, picture.bound, paint);
        const difference = this.legends.get("difference");
        if (difference) drawLegend(difference, picture.differenceLow, picture.differenceHigh, picture.differenceBound, paint);
    }

    private paint(): Paint {
        const style = getComputedStyle(this.figure);
        const resolved = (name: string): string => {
            // light-dark() is only resolved in a property that takes colours.
            this.readout.style.setProperty("outline-color", `var(${name})`);
            const found = getComputedStyle(this.readout).outlineColor;
            this.readout.style.removeProperty("outline-color");
            return found;
        };
        return {
            theme: isDark() ? "dark" : "light",
            ink: resolved("--ink"),
            muted: resolved("--muted"),
            line: resolved("--line"),
            paper: resolved("--paper"),
            font: style.fontFamily,
        };
    }
}

function isDark(): boolean {
    const theme = document.documentElement.dataset["theme"];
    if (theme === "dark" || theme === "light") return theme === "dark";
    return matchMedia("(prefers-color-scheme: dark)").matches;
}
