// What wallets ask the Ethereum RPC when they add the chain and when they send, method by method, and
// what docs/contracts.md says that it does not answer.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseEther, parseEventLogs, toHex } from "viem";
import { artefact, chain, countersign, included, INFERENCE, model, wallet } from "../chain.js";
import { encodeFile } from "../magika.js";

const ask = (method: string, ...params: unknown[]): Promise<any> => chain.request({ method, params } as any);
const GWEI = 1_000_000_000n;

test("a wallet that adds the chain is told all it asks", async () => {
	assert.equal(BigInt(await ask("eth_chainId")), BigInt(countersign.id));
	assert.equal(await ask("net_version"), `${countersign.id}`);
	assert.match(await ask("web3_clientVersion"), /^eth-rpc\//);
	assert.equal(await ask("eth_syncing"), false);
	assert.ok(BigInt(await ask("net_peerCount")) > 0n);
	assert.deepEqual(await ask("eth_accounts"), [], "it holds no key");
	// A base fee in the latest block is how a wallet knows that it may send EIP-1559 transactions.
	const block = await ask("eth_getBlockByNumber", "latest", false);
	assert.ok(BigInt(block.number) > 0n && BigInt(block.timestamp) > 1_600_000_000n);
	for (const price of [block.baseFeePerGas, await ask("eth_gasPrice")]) {
		assert.ok(BigInt(price) >= 5n * GWEI && BigInt(price) <= 100n * GWEI, `${BigInt(price)} wei for a unit of gas`);
	}
	assert.equal(BigInt(await ask("eth_maxPriorityFeePerGas")), 0n);
	const history = await ask("eth_feeHistory", "0x3", "latest", [10, 50, 90]);
	assert.equal(history.baseFeePerGas.length, history.gasUsedRatio.length + 1);
	assert.ok(history.gasUsedRatio.every((ratio: number) => ratio >= 0 && ratio < 1));
});

test("a wallet that sends is told all it asks, before and after", async () => {
	const [from, { address }] = [wallet(1), wallet(1).account];
	const code = await ask("eth_getCode", wallet(0).account.address, "latest");
	assert.equal(code, "0x", "an account has no code");
	const nonce = BigInt(await ask("eth_getTransactionCount", address, "latest"));
	const abi = artefact("IInference").abi;
	const terms = {
		deadline: 0,
		lane: 1,
		evidence: { audited: 0, replayed: false, tee: false, zk: false },
		valueAtRisk: 0n,
		callbackGas: 0n,
		whenOpen: false,
	};
	const args = [model("MAGIKA"), encodeFile(Buffer.from("# A text\n")), terms];
	const before = await chain.getBalance({ address });
	const hash = await from.writeContract({ address: INFERENCE, abi, functionName: "request", args, value: parseEther("1") });
	const receipt = await included(hash);
	assert.equal(receipt.status, "success");
	assert.equal(BigInt(await ask("eth_getTransactionCount", address, "latest")), nonce + 1n);
	// What is held for the request and what the transaction cost are gone, and nothing else.
	const cost = receipt.gasUsed * receipt.effectiveGasPrice;
	assert.equal(before - (await chain.getBalance({ address })), parseEther("1") + cost);
	assert.ok(cost > 0n && cost < parseEther("0.1"), `${cost} wei`);

	const sent = await ask("eth_getTransactionByHash", hash);
	assert.deepEqual([sent.from, sent.to, sent.blockHash], [address.toLowerCase(), INFERENCE, receipt.blockHash]);
	const block = await ask("eth_getBlockByHash", receipt.blockHash, false);
	assert.ok(block.transactions.includes(hash));
	const all = await ask("eth_getBlockReceipts", toHex(receipt.blockNumber));
	assert.ok(all.some((one: any) => one.transactionHash === hash));

	// A precompile's logs are found as those of any contract.
	const [asked] = parseEventLogs({ abi, logs: receipt.logs, eventName: "Requested" }) as any[];
	const logs = await ask("eth_getLogs", {
		address: INFERENCE,
		fromBlock: toHex(receipt.blockNumber),
		toBlock: toHex(receipt.blockNumber),
		topics: [null, asked.args.id],
	});
	assert.equal(logs.length, 1);
	assert.equal(logs[0].transactionHash, hash);
});

test("what the Ethereum RPC lacks is what docs/contracts.md says", async () => {
	const docs = readFileSync("../../docs/contracts.md", "utf8");
	const missing = {
		eth_newFilter: [{}],
		eth_newBlockFilter: [],
		eth_getFilterChanges: ["0x1"],
		eth_getProof: [INFERENCE, [], "latest"],
		eth_createAccessList: [{ to: INFERENCE }],
		eth_fillTransaction: [{ to: INFERENCE }],
		eth_simulateV1: [{ blockStateCalls: [] }, "latest"],
		eth_blobBaseFee: [],
		txpool_status: [],
		evm_mine: [],
		hardhat_reset: [],
		anvil_reset: [],
	};
	for (const [method, params] of Object.entries(missing)) {
		const family = method.startsWith("eth_") ? method : `${method.split("_")[0]}_*`;
		assert.ok(docs.includes(`\`${family}\``), `${family} is not documented`);
		await assert.rejects(ask(method, ...params), (problem: any) => problem.code === -32601, method);
	}
});
