// Measures the slots from a contract's request to its being told the answer by the chain, over 100
// runs of magika: what `scripts/contracts latency` shows. Two are asked in every block, so that a
// network of four stays quiet.

import { parseEther, parseEventLogs, type Hash, type Hex } from "viem";
import { artefact, block, chain, deploy, included, model, wallet } from "./chain.js";
import { encodeFile } from "./magika.js";

const SLOT_SECONDS = 2n;
const [runs, perBlock] = [Number(process.argv[2] ?? 100), 2];
const { abi } = artefact("Asker");
const owner = wallet(0);
const address = await deploy("Asker", [model("MAGIKA")], parseEther("1000"));

const ask = (run: number) =>
	({
		address,
		abi,
		functionName: "ask",
		// A file of its own for each.
		args: [encodeFile(Buffer.from(`{"run": ${run}}\n`.repeat(40))), parseEther("1"), 200_000n],
	}) as const;
// Both are told once, so that what is sent in one block need not wait for another.
const gas = (await chain.estimateContractGas({ ...ask(0), account: owner.account })) * 2n;
let nonce = await chain.getTransactionCount({ address: owner.account.address });

const sent: Hash[] = [];
for (let number = await chain.getBlockNumber(); sent.length < runs; number += 1n) {
	await block(number + 1n);
	for (let i = 0; i < perBlock && sent.length < runs; i += 1) {
		sent.push(await owner.writeContract({ ...ask(sent.length), gas, nonce: nonce++ }));
	}
}
const ids: Hex[] = [];
for (const hash of sent) {
	const { logs, status } = await included(hash);
	if (status !== "success") throw new Error(`${hash} failed`);
	ids.push((parseEventLogs({ abi, logs, eventName: "Asked" })[0] as any).args.id);
}

const times = async (id: Hex) =>
	(await chain.readContract({ address, abi, functionName: "times", args: [id] })) as bigint[];
const last = (await chain.getBlockNumber()) + 30n;
const slots: number[] = [];
for (const id of ids) {
	let [asked, open] = await times(id);
	for (let number = await chain.getBlockNumber(); open === 0n; number += 1n) {
		if (number > last) throw new Error(`${id}: nobody told the contract`);
		await block(number + 1n);
		[asked, open] = await times(id);
	}
	slots.push(Number((open! - asked!) / SLOT_SECONDS));
}
slots.sort((a, b) => a - b);
const at = (share: number) => slots[Math.min(Math.floor(slots.length * share), slots.length - 1)];
for (const taken of new Set(slots)) {
	console.log(`${taken} slots: ${slots.filter((one) => one === taken).length} requests`);
}
console.log(`${slots.length} answers delivered: median ${at(0.5)}, 95 % within ${at(0.95)}, most ${at(1)} slots`);
