import assert from "node:assert/strict";
import { test } from "node:test";
import { SnippetBox } from "../src/snippet";

class Area {
    value: string;
    private call: () => void = () => undefined;

    constructor(readonly defaultValue: string) {
        this.value = defaultValue;
    }

    addEventListener(_kind: "input", call: () => void): void {
        this.call = call;
    }

    type(text: string): void {
        this.value = text;
        this.call();
    }
}

class Shelf extends Map<string, string> {
    getItem = (key: string): string | null => this.get(key) ?? null;
    setItem = (key: string, value: string): void => void this.set(key, value);
    removeItem = (key: string): void => void this.delete(key);
}

function visit(shelf: Shelf, known: string, kata = "a"): { area: Area; box: SnippetBox } {
    const area = new Area(known);
    return { area, box: new SnippetBox(kata, area, () => shelf) };
}

test("what was typed and not tried is there at the next visit, of its own kata", () => {
    const shelf = new Shelf();
    visit(shelf, "f(1)").area.type("f(2)");
    assert.equal(visit(shelf, "f(1)").area.value, "f(2)");
    assert.equal(visit(shelf, "g(1)", "b").area.value, "g(1)");
});

test("what was tried is the server's to keep", () => {
    const shelf = new Shelf();
    const { area, box } = visit(shelf, "f(1)");
    area.type("f(2)");
    box.sent("f(2)");
    assert.equal(shelf.size, 0);
    area.type("f(3)");
    box.sent("f(2)"); // the answer to an earlier try
    assert.equal(visit(shelf, "f(2)").area.value, "f(3)");
});

test("an emptied box begins anew", () => {
    const shelf = new Shelf();
    const { area } = visit(shelf, "f(1)");
    area.type("f(2)");
    area.type(" ");
    assert.equal(visit(shelf, "f(1)").area.value, "f(1)");
});

test("a browser that keeps nothing has a box all the same", () => {
    const area = new Area("f(1)");
    const box = new SnippetBox("a", area, () => {
        throw new Error("SecurityError");
    });
    area.type("f(2)");
    box.sent("f(2)");
    assert.equal(area.value, "f(2)");
});
