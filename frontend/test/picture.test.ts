import assert from "node:assert/strict";
import { test } from "node:test";
import { indexText, numberText, parseNumber, type PictureGiven, readPicture, shapeText, sliceAt, sliders } from "../src/picture";
import { cellSize, ticks } from "../src/picture-draw";
import { colour } from "../src/scale";

const given: PictureGiven = {
    kind: "difference",
    name: "output",
    axes: ["B", "H", "L", "S"],
    shape: [2, 2, 5, 2],
    step: [4, 1],
    rows: 2,
    columns: 2,
    slices: [
        { index: [0, 0], expected: [0, 1, 2, -3], actual: [0, 1, 2, -3], difference: [0, 0, 0, 0] },
        { index: [1, 1], expected: [0, 1, 2, "NaN"], actual: [0, 1.5, "Infinity", "NaN"], difference: null },
    ],
};

test("numbers come as numbers or as words", () => {
    assert.deepEqual(["inf", "-Infinity", "NaN", "0.5", 2].map(parseNumber).map(String), ["Infinity", "-Infinity", "NaN", "0.5", "2"]);
});

test("one scale holds what was expected and what came, around nothing", () => {
    const picture = readPicture(given);
    assert.deepEqual([picture.low, picture.high, picture.bound], [-3, 2, 3]);
    assert.equal(picture.hasNaN, true);
});

test("differences that were not sent are made; NaN for NaN is none", () => {
    const picture = readPicture(given);
    assert.deepEqual([...picture.slices[1]!.layers.difference!], [0, 0.5, Infinity, 0]);
    assert.deepEqual(picture.worst, { slice: 1, cell: { row: 1, column: 0 }, value: Infinity });
});

test("an index names its axes, and a block its ends", () => {
    const picture = readPicture(given);
    assert.equal(indexText(picture, 1, { row: 0, column: 1 }), "b=1, h=1, l=0–3, s=1");
    assert.equal(indexText(picture, 0, { row: 1, column: 0 }), "b=0, h=0, l=4, s=0");
    assert.equal(shapeText(picture), "B=2, H=2, L=5, S=2");
});

test("a vector and a number have pictures, too", () => {
    const vector = readPicture({ ...given, axes: ["C"], shape: [2], step: [1, 1], rows: 1, slices: [{ index: [], expected: [1, 2], actual: null }] });
    assert.equal(indexText(vector, 0, { row: 0, column: 1 }), "c=1");
    assert.deepEqual(vector.layers, ["expected"]);
    const scalar = readPicture({ ...given, axes: [], shape: [], step: [1, 1], rows: 1, columns: 1, slices: [{ index: [], expected: [1], actual: [2] }] });
    assert.equal(indexText(scalar, 0, { row: 0, column: 0 }), "");
});

test("axes without a letter get one", () => {
    assert.deepEqual(readPicture({ ...given, axes: [] }).axes, ["i", "j", "k", "m"]);
    assert.deepEqual(readPicture({ ...given, axes: ["", "", "", "D"] }).axes, ["i", "j", "k", "D"]);
});

test("a slider that asks for a slice that was not sent gets the nearest on that axis", () => {
    const picture = readPicture(given);
    assert.deepEqual(sliders(picture).map(({ axis, indices }) => [axis, indices]), [["B", [0, 1]], ["H", [0, 1]]]);
    assert.equal(sliceAt(picture, [1, 0], 0), 1);
    assert.equal(sliceAt(picture, [1, 0], 1), 0);
});

test("numbers have the digits that matter", () => {
    const texts = [0, 1, 0.41234, -0.5, 1234567, 1e-5, NaN, Infinity, -Infinity].map(numberText);
    assert.deepEqual(texts, ["0", "1", "0.4123", "−0.5", "1.23e6", "1e−5", "NaN", "∞", "−∞"]);
});

test("the scale is blue below and orange above nothing, in both themes", () => {
    for (const theme of ["light", "dark"] as const) {
        const [low, high] = [colour(-1, theme), colour(1, theme)];
        assert.ok(low[2] > low[0] && high[0] > high[2], theme);
        assert.deepEqual(colour(-9, theme), low);
        const [r, g, b] = colour(0, theme);
        assert.ok(Math.max(r, g, b) - Math.min(r, g, b) < 12, "nothing has no hue");
    }
});

test("cells fit into the width, in as few lines as can be", () => {
    const layers = ["expected", "actual", "difference"] as const;
    const picture = { rows: 6, columns: 8, layers: [...layers] };
    assert.ok(3 * (8 * cellSize(1100, picture) + 34) + 40 <= 1100);
    assert.ok(8 * cellSize(330, picture) + 34 <= 330);
    assert.ok(cellSize(100, { rows: 64, columns: 64, layers: [...layers] }) >= 3);
});

test("ticks never touch each other, and the chosen one is there", () => {
    for (const size of [3, 8, 26]) {
        const found = ticks(64, size, 24, 37);
        assert.ok(found.includes(37));
        found.slice(1).forEach((at, i) => assert.ok((at - found[i]!) * size >= 24));
    }
});
