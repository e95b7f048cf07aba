import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { digest, digestNow } from "../src/sha256";

const reference = (text: string): string => createHash("sha256").update(text, "utf8").digest("hex");

test("texts of every length around a block have the digest that Node computes", () => {
    for (let length = 0; length < 200; length++) {
        const text = Array.from("é多\u{1F600}a".repeat(60)).slice(0, length).join("");
        assert.equal(digestNow(text), reference(text), `length ${length}`);
    }
});

test("a long text has one digest, whichever way it is computed", async () => {
    const text = "def forward(self, x):\n    return x\n".repeat(4000);
    assert.equal(await digest(text), reference(text));
    assert.equal(digestNow(text), reference(text));
});
