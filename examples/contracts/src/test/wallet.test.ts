// What has no precompile, done by a wallet that knows Ethereum only: bonding, registering a model,
// serving, claiming.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseEther } from "viem";
import { artefact, ATTRIBUTION, block, chain, included, INFERENCE, model, wallet } from "../chain.js";
import { account, connect, dispatch, encoded, RUNTIME } from "../runtime.js";

const UNIT = 10n ** 12n;
const inference = { address: INFERENCE, abi: artefact("IInference").abi } as const;
const attribution = { address: ATTRIBUTION, abi: artefact("IAttribution").abi } as const;
const owner = wallet(2);
const { address } = owner.account;
const me = account(address);

test("an Ethereum wallet bonds, registers, serves and claims", async (context) => {
	const { api, close } = connect();
	context.after(close);
	const at = { at: "best" };

	const before = await chain.getBalance({ address });
	await dispatch(owner, api.tx.Validators.bond({ amount: 1_000n * UNIT }));
	const ledger = await api.query.Validators.Ledgers.getValue(me, at);
	assert.equal(ledger.bonded, 1_000n * UNIT);
	const after = await chain.getBalance({ address });
	assert.ok(before - after >= parseEther("1000") && before - after < parseEther("1001"), `${before - after} wei`);

	// The fraud model again, for money: who lists a model a second time names the first as parent.
	const first = await api.apis.ModelsApi.model(model("FRAUD"), at);
	const manifest = {
		...first.manifest,
		name: new TextEncoder().encode("fraud gate, by a wallet"),
		contributors: [{ account: me, role: { type: "Training" }, evidence: `0x${"00".repeat(32)}`, share: 1_000_000_000 }],
		parents: [{ model: first.id, royalty: 100_000_000 }],
	};
	// A registration is committed to in an earlier block, so that nobody who sees it is first.
	const [id, commitment] = await api.apis.ModelsApi.registration(me, manifest, at);
	await dispatch(owner, api.tx.Models.commit({ commitment }));
	await dispatch(owner, api.tx.Models.register({ manifest, price: UNIT }));
	const mine = async () => await api.apis.ModelsApi.model(id, at);
	assert.equal((await mine()).owner, me);

	await dispatch(owner, api.tx.Models.set_capacity({ capacity: 1_000_000_000n }));
	await dispatch(owner, api.tx.Models.serve({ model: id }));
	assert.deepEqual((await mine()).servers, [me]);
	// Nobody runs a worker for it: it must not be drawn.
	await dispatch(owner, api.tx.Models.stop_serving({ model: id }));

	// Somebody calls it inside a transaction. Nine tenths of the price are the wallet's.
	const features = new Float32Array([1900, 3, 12, 9, 1, 800]);
	const input = [{ kind: 0, shape: [1, 6], data: `0x${Buffer.from(features.buffer).toString("hex")}` }];
	const { request } = await chain.simulateContract({
		...inference, functionName: "inferPaid", args: [id, input], value: parseEther("2"), account: wallet(0).account,
	});
	const paid = await included(await wallet(0).writeContract(request));
	assert.equal(paid.status, "success");
	const entitlement = async () =>
		(await chain.readContract({ ...attribution, functionName: "entitlement", args: [id, 0] })) as bigint[];
	assert.deepEqual(await entitlement(), [parseEther("0.9"), 0n]);
	const poor = await chain.getBalance({ address });
	await dispatch(owner, api.tx.Attribution.claim({ model: id, index: 0 }));
	assert.deepEqual(await entitlement(), [parseEther("0.9"), parseEther("0.9")]);
	const gained = (await chain.getBalance({ address })) - poor;
	assert.ok(gained > parseEther("0.8") && gained < parseEther("0.9"), `${gained} wei`);

	await dispatch(owner, api.tx.Validators.leave());
});

test("what the chain refuses a wallet, wallets see", async (context) => {
	const { api, close } = connect();
	context.after(close);
	const claim = await encoded(api.tx.Attribution.claim({ model: `0x${"11".repeat(32)}`, index: 0 }));
	// Estimating tells; whoever sends it all the same pays for a transaction that failed.
	await assert.rejects(owner.sendTransaction({ to: RUNTIME, data: claim }), /dispatch/);
	const hash = await owner.sendTransaction({ to: RUNTIME, data: claim, gas: 10_000_000n });
	assert.equal((await included(hash)).status, "reverted");
	// Neither value nor what is no call.
	await assert.rejects(owner.sendTransaction({ to: RUNTIME, data: claim, value: 1n }));
	await assert.rejects(owner.sendTransaction({ to: RUNTIME, data: "0xffff" }));
	// A wallet is no root.
	const root = await encoded(api.tx.System.set_heap_pages({ pages: 1n }));
	await assert.rejects(owner.sendTransaction({ to: RUNTIME, data: root }), /BadOrigin/);
	await block((await chain.getBlockNumber()) + 1n);
});
