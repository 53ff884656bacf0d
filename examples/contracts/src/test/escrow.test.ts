import assert from "node:assert/strict";
import { test } from "node:test";
import { parseEther } from "viem";
import { artefact, chain, wallet } from "../chain.js";
import { escrowFor, judge } from "../play.js";

const { abi } = artefact("Escrow");

test("the escrow pays for the agreed kind of file only", async () => {
	const escrow = await escrowFor("png", parseEther("10"));
	assert.equal(await judge(escrow, "tests/data/receipt.pdf", 400_000n), 0);
	assert.equal(await judge(escrow, "tests/data/stamp.png"), 2);
	assert.equal(await chain.getBalance({ address: escrow }), 0n);
});

test("nobody but the seller delivers, and the buyer waits for the time to be over", async () => {
	const address = await escrowFor("png", parseEther("1"));
	const attempt = (index: number, functionName: string, args: unknown[]) =>
		chain.simulateContract({ address, abi, functionName, args, account: wallet(index).account });
	await assert.rejects(attempt(0, "deliver", [[], 0n]), /NotYours/);
	await assert.rejects(attempt(0, "expire", []), /TooEarly/);
});
