import assert from "node:assert/strict";
import { test } from "node:test";
import { chain, countersign, included, wallet } from "../chain.js";

test("wallets see sane numbers", async () => {
	assert.equal(await chain.getChainId(), countersign.id);
	const { address } = wallet(0).account;
	assert.ok((await chain.getBalance({ address })) > 10n ** 18n);
	// A plain transfer costs less than a hundredth of a token, and some thousands of gas.
	const gas = await chain.estimateGas({ account: address, to: wallet(1).account.address, value: 10n ** 15n });
	const price = await chain.getGasPrice();
	assert.ok(gas > 1_000n && gas < 10_000_000n, `${gas} gas`);
	assert.ok(gas * price < 10n ** 16n, `${gas * price} wei`);
});

test("an Ethereum wallet dispatches the chain's own calls", async () => {
	// System.remark_with_event: pallet 0, call 7, four bytes. Bonding, serving, registering and
	// claiming go the same way.
	const runtime = "0x6d6f646c70792f70616464720000000000000000";
	const hash = await wallet(2).sendTransaction({ to: runtime, data: "0x00071061626364" });
	const receipt = await included(hash);
	assert.equal(receipt.status, "success");
});
