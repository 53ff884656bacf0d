// Plays the escrow and the fraud gate on a chain: what `./run contracts` shows.

import { readFileSync } from "node:fs";
import { formatEther, parseEther, type Address, type Hex } from "viem";
import { artefact, block, chain, deploy, INFERENCE, model, wallet } from "./chain.js";
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
	const receipt = await chain.waitForTransactionReceipt({ hash: await from.writeContract(request) });
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

const SETTLED = 7;

/** The seller delivers a file and everybody waits for the final word. Returns the escrow's state. */
export async function judge(escrow: Address, file: string): Promise<number> {
	const content = readFileSync(new URL(`../../../${file}`, import.meta.url));
	await send(seller, escrow, escrowAbi, "deliver", [encodeFile(content), 0n], parseEther("1"));
	const id = (await chain.readContract({ address: escrow, abi: escrowAbi, functionName: "request" })) as Hex;
	await until(id, (now) => now >= 5);
	if ((await status(id)) !== SETTLED) throw new Error("nobody answered");
	// Anyone has the chain tell the escrow.
	await send(wallet(2), INFERENCE, inference.abi, "deliver", [id]);
	return (await chain.readContract({ address: escrow, abi: escrowAbi, functionName: "state" })) as number;
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
	holds((await judge(escrow, "tests/data/stamp.png")) === 0, "a picture is not accepted");
	holds((await judge(escrow, "tests/data/receipt.pdf")) === 2, "a PDF is");
	const gained = (await chain.getBalance({ address: seller.account.address })) - before;
	holds(gained > price - parseEther("2") && gained < price, `the seller has ${formatEther(gained)} more, runs and gas paid`);
}

if (process.argv[1]?.endsWith("play.js")) await play();
