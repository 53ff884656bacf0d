import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const source = readFileSync("src/readme.ts", "utf8");

test("the README shows the script that is tested", () => {
	assert.ok(source.split("\n").length <= 40, "it has less than 40 lines");
	const readme = readFileSync("../../README.md", "utf8");
	assert.ok(readme.includes(`\`\`\`ts\n${source}\`\`\`\n`), "README.md has another version of src/readme.ts");
});

test("the script of the README does what it says", { timeout: 120_000 }, () => {
	const said = execFileSync("node", ["dist/readme.js", "../../tests/data/receipt.pdf"], { encoding: "utf8" });
	const [fraud, file, credit] = said.trim().split("\n");
	assert.ok(Number(/^fraud with a probability of ([\d.]+)$/.exec(fraud!)?.[1]) > 0.5, fraud);
	assert.equal(file, "the file is pdf");
	assert.match(credit!, /^3 contributors share every payment for it: [\d.]+ so far$/);
});
