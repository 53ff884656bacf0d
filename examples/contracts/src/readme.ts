// Asks a model inside a transaction and one that a validator runs; needs `./run contracts --keep`.
import { parseEther } from "viem";
import { artefact, block, chain, INFERENCE, model, wallet } from "./chain.js";

const { abi } = artefact("IInference");
const inference = { address: INFERENCE, abi } as const;
const floats = (values: number[]) =>
	`0x${Buffer.from(new Float32Array(values).buffer).toString("hex")}` as const;

// (a) A small model, run by the chain itself: amount, hour, account age, transfers, new, distance.
const payment = [{ kind: 0, shape: [1, 6], data: floats([1900, 3, 12, 9, 1, 800]) }];
const output = (await chain.readContract({
	...inference, functionName: "infer", args: [model("FRAUD"), payment],
})) as { data: `0x${string}` }[];
const scores = Buffer.from(output[1]!.data.slice(2), "hex");
console.log("fraud with a probability of", scores.readFloatLE(4).toFixed(3));

// (b) A larger one, run by a bonded validator: pay in the same call, then read the answer.
const { encodeFile } = await import("./magika.js");
const { readFileSync } = await import("node:fs");
const file = encodeFile(readFileSync(new URL("../../../README.md", import.meta.url)));
const evidence = { audited: 0, replayed: false, tee: false, zk: false };
const terms = { deadline: 0, lane: 0, evidence, valueAtRisk: 0n, callbackGas: 0n, whenOpen: true };
const { request, result: id } = await chain.simulateContract({
	...inference, functionName: "request", args: [model("MAGIKA"), file, terms],
	account: wallet(0).account, value: parseEther("1"),
});
const receipt = await chain.waitForTransactionReceipt({ hash: await wallet(0).writeContract(request) });
for (let number = receipt.blockNumber + 1n; ; number += 1n) {
	await block(number);
	const [status] = (await chain.readContract({
		...inference, functionName: "statusOf", args: [id],
	})) as [number];
	if (status >= 4) break; // Answered: open, with a bond behind it.
}
const outcome = (await chain.readContract({
	...inference, functionName: "resultOf", args: [id, 1, evidence],
})) as { output: { data: `0x${string}` }[] };
console.log("magika answered with", (outcome.output[0]!.data.length - 2) / 8, "scores");
