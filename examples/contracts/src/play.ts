// Plays the escrow and the fraud gate on a chain: what `./run contracts` shows.

import { readFileSync } from "node:fs";
import { formatEther, parseEther, type Address, type Hex } from "viem";
import { artefact, ATTRIBUTION, block, chain, deploy, included, INFERENCE, model, wallet } from "./chain.js";
import { encodeFile, kind } from "./magika.js";

const inference = { address: INFERENCE, abi: artefact("IInference").abi } as const;
const escrowAbi = artefact("Escrow").abi;
const gateAbi = artefact("FraudGate").abi;
const [buyer, seller] = [wallet(0), wallet(1)];

function holds(condition: boolean, what: string): void {
	if (!condition) throw new Error(`it does not hold that ${what}`);
	console.log(`    ✓ ${what}`);
}

async function send(from: ReturnType<typeof wallet>, address: Address, abi: typeof escrowAbi, functionName: string, args: unknown[] = [], value = 0n) {
	const { request } = await chain.simulateContract({ address, abi, functionName, args, value, account: from.account });
	const receipt = await included(await from.writeContract(request));
	if (receipt.status !== "success") throw new Error(`${functionName} failed`);
	return receipt;
}

/** Where a request stands. */
async function status(id: Hex): Promise<number> {
	const [now] = (await chain.readContract({ ...inference, functionName: "statusOf", args: [id] })) as [number];
	return now;
}

/** Waits until a request has come so far; every block is looked at once. */
export async function until(id: Hex, wanted: (status: number) => boolean): Promise<void> {
	for (let number = await chain.getBlockNumber(); !wanted(await status(id)); number += 1n) await block(number + 1n);
}

/** Of a request, and of an escrow. */
const [SETTLED, ASKED] = [7, 1];

/**
 * The seller delivers a file and everybody waits for the final word. With gas for it the chain tells
 * the escrow by itself; without, anyone does. Returns the escrow's state.
 */
export async function judge(escrow: Address, file: string, callbackGas = 0n): Promise<number> {
	const content = readFileSync(new URL(`../../../${file}`, import.meta.url));
	await send(seller, escrow, escrowAbi, "deliver", [encodeFile(content), callbackGas], parseEther("1"));
	const id = (await chain.readContract({ address: escrow, abi: escrowAbi, functionName: "request" })) as Hex;
	await until(id, (now) => now >= 5);
	if ((await status(id)) !== SETTLED) throw new Error("nobody answered");
	if (callbackGas === 0n) await send(wallet(2), INFERENCE, inference.abi, "deliver", [id]);
	const state = async () =>
		(await chain.readContract({ address: escrow, abi: escrowAbi, functionName: "state" })) as number;
	const told = await chain.getBlockNumber();
	for (let number = told; (await state()) === ASKED && number < told + 10n; number += 1n) await block(number + 1n);
	return state();
}

/** An escrow of one file of a kind. */
export function escrowFor(label: string, price: bigint): Promise<Address> {
	return deploy("Escrow", [seller.account.address, model("MAGIKA"), kind(label), 1_000n], price);
}

export async function play(): Promise<void> {
	console.log(" 1  A payment gate that asks a model inside the transaction");
	const gate = await deploy("FraudGate", [seller.account.address, model("FRAUD"), parseEther("0.5")], parseEther("5000"));
	const score = async (features: number[]) =>
		(await chain.readContract({
			address: gate, abi: gateAbi, functionName: "scoreOf",
			args: [features.map((one) => parseEther(String(one)))],
		})) as bigint;
	holds((await score([42.5, 14, 1200, 1, 0, 3.5])) < parseEther("0.5"), "an ordinary payment passes");
	holds((await score([1900, 3, 12, 9, 1, 800])) > parseEther("0.5"), "an odd one does not");
	const paid = await send(buyer, gate, gateAbi, "pay", [wallet(2).account.address, parseEther("10"), 1n]);
	holds(paid.logs.length > 0, `a payment of 10 went through for ${paid.gasUsed} gas, the model's run included`);
	const held = await send(buyer, gate, gateAbi, "pay", [wallet(2).account.address, parseEther("3000"), 2000n]).then(() => false, () => true);
	holds(held, "a payment of 3000 to far away is held");

	console.log(" 2  An escrow that pays for a PDF, and for nothing else");
	const price = parseEther("50");
	const escrow = await escrowFor("pdf", price);
	const before = await chain.getBalance({ address: seller.account.address });
	holds((await judge(escrow, "tests/data/stamp.png")) === 0, "a picture is not accepted: somebody had the escrow told");
	holds((await judge(escrow, "tests/data/receipt.pdf", 400_000n)) === 2, "a PDF is: the chain told the escrow by itself");
	const gained = (await chain.getBalance({ address: seller.account.address })) - before;
	holds(gained > price - parseEther("2") && gained < price, `the seller has ${formatEther(gained)} more, runs and gas paid`);

	console.log(" 3  Who made the model, and what it earned them");
	const attribution = { address: ATTRIBUTION, abi: artefact("IAttribution").abi } as const;
	const args = [model("MAGIKA")];
	const makers = (await chain.readContract({ ...attribution, functionName: "lineage", args })) as unknown[];
	const earned = (await chain.readContract({ ...attribution, functionName: "totalCredited", args })) as bigint;
	holds(makers.length > 0 && earned > 0n, `${makers.length} contributors earned ${formatEther(earned)} with it`);
}

if (process.argv[1]?.endsWith("play.js")) await play();
