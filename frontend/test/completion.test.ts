import assert from "node:assert/strict";
import { test } from "node:test";
import { CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { pythonLanguage } from "@codemirror/lang-python";
import { EditorState } from "@codemirror/state";
import { completions, familyOf, ownAttributes, parseNames } from "../src/completion";
import * as tables from "../src/torch-names";

test("every table is names with signatures, each once", () => {
    for (const [table, text] of Object.entries(tables)) {
        const named = parseNames(text);
        const seen = named.map(({ name, signature }) => (table === "TENSOR" ? name + signature : name));
        assert.deepEqual(seen.filter((name, at) => seen.indexOf(name) !== at), [], table);
        for (const { name, signature } of named) {
            assert.match(name, /^[A-Za-z_]\w*$/, table);
            assert.match(signature, /^$|^\(.*\)$/, `${table} ${name}`);
        }
    }
});

test("what stands before the dot says whose members are offered", () => {
    const families = { "y = torch.": "torch", "F.": "functional", "x = nn.": "nn", "nn.init.": "init", "self.": "module", "scores.": "tensor", "f(x).": "tensor", "1.": "none" };
    for (const [before, family] of Object.entries(families)) assert.equal(familyOf(before), family, before);
});

test("attributes that the code gives to self are known", () => {
    const code = 'self.q_proj = nn.Linear(4, 4)\nself.scale: float = 1\nif self.scale == 2: pass\nself.register_buffer("table", x)';
    assert.deepEqual(ownAttributes(code), ["q_proj", "scale", "table"]);
});

async function labels(code: string): Promise<string[]> {
    const state = EditorState.create({ doc: code, extensions: [pythonLanguage] });
    const context = new CompletionContext(state, code.length, false);
    const sources = completions(["d_model", "key_padding_mask"], ["torch.nn.functional.softmax"]);
    const results = (await Promise.all(sources.map((source) => source(context)))).filter(Boolean) as CompletionResult[];
    return results.flatMap((result) => result.options.map((option) => option.label));
}

test("members are offered behind a dot, and nothing else", async () => {
    const offered = await labels("import torch\ntorch.ma");
    assert.ok(offered.includes("masked_fill") && !offered.includes("d_model") && !offered.includes("def"));
});

test("the kata's names are offered elsewhere, beside Python's", async () => {
    const offered = await labels("key_");
    assert.ok(offered.includes("key_padding_mask") && offered.includes("len"));
});

test("what the kata forbids is not offered", async () => {
    assert.ok(!(await labels("F.soft")).includes("softmax"));
});

test("nothing is offered inside strings and comments", async () => {
    assert.deepEqual(await labels("# torch.ma"), []);
    assert.deepEqual(await labels('x = "torch.ma'), []);
});
