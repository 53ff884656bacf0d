import assert from "node:assert/strict";
import { test } from "node:test";
import { parseEther } from "viem";
import { artefact, chain, deploy, model, wallet } from "../chain.js";

const { abi } = artefact("FraudGate");

test("the gate asks the model and holds what looks like fraud", async () => {
	const guardian = wallet(1).account.address;
	const address = await deploy("FraudGate", [guardian, model("FRAUD"), parseEther("0.5")], parseEther("4000"));
	const score = async (features: number[]) =>
		(await chain.readContract({
			address,
			abi,
			functionName: "scoreOf",
			args: [features.map((one) => parseEther(String(one)))],
		})) as bigint;
	assert.ok((await score([42, 14, 1200, 1, 0, 3])) < parseEther("0.5"));
	assert.ok((await score([1900, 3, 12, 9, 1, 800])) > parseEther("0.5"));
	const pay = (amount: string, distance: bigint) =>
		chain.simulateContract({
			address,
			abi,
			functionName: "pay",
			args: [guardian, parseEther(amount), distance],
			account: wallet(0).account,
		});
	await pay("10", 1n);
	await assert.rejects(pay("3000", 2000n), /Held/);
});
