// A connection to a Countersign chain through its Ethereum RPC, and its contracts.

import { readFileSync } from "node:fs";
import {
	createPublicClient,
	createWalletClient,
	defineChain,
	http,
	type Abi,
	type Address,
	type Hash,
	type Hex,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";

const url = process.env.COUNTERSIGN_ETH_RPC ?? "http://127.0.0.1:8545";

/** The chain as wallets describe it. */
export const countersign = defineChain({
	id: 667_720,
	name: "Countersign",
	nativeCurrency: { name: "Countersign", symbol: "CSGN", decimals: 18 },
	rpcUrls: { default: { http: [url] } },
});

/** Where the precompiles answer. */
export const INFERENCE: Address = "0x000000000000000000000000000000000a010000";
export const ATTRIBUTION: Address = "0x000000000000000000000000000000000A020000";

// The development keys that every local Ethereum network knows: never use them for anything of worth.
const keys: Hex[] = [
	"0x5fb92d6e98884f76de468fa3f6278f8807c48bebc13595d45af5bdc4da702133",
	"0x8075991ce870b93a8870eca0c0f91913d12f47948ca0fd25b49c6fa7cdbeee8b",
	"0x0b6e18cafb6ed99687ec547bd28139cafdd2bffe70e6b688025de6b445aa5c5b",
];

export const chain = createPublicClient({ chain: countersign, transport: http(), pollingInterval: 500 });

/** A wallet of a development account. */
export const wallet = (index: number) =>
	createWalletClient({
		account: privateKeyToAccount(keys[index]!),
		chain: countersign,
		transport: http(),
		pollingInterval: 500,
	});

/** ABI and bytecode as `compile.mjs` leaves them. */
export function artefact(name: string): { abi: Abi; bytecode: Hex } {
	return JSON.parse(readFileSync(new URL(`../build/${name}.json`, import.meta.url), "utf8"));
}

/**
 * Waits until a transaction is in a block that has another on top. Two validators may make a block at the
 * same height, and what is in the one that loses comes again later.
 */
export const included = (hash: Hash) => chain.waitForTransactionReceipt({ hash, confirmations: 2 });

/** Deploys a contract by the first wallet and gives its address. */
export async function deploy(name: string, args: unknown[], value = 0n): Promise<Address> {
	const { abi, bytecode } = artefact(name);
	const hash = await wallet(0).deployContract({ abi, bytecode, args, value });
	const receipt = await included(hash);
	if (receipt.status !== "success" || !receipt.contractAddress) throw new Error(`${name}: ${hash}`);
	return receipt.contractAddress;
}

/** Waits for a block of this number. */
export function block(number: bigint): Promise<void> {
	return new Promise((resolve, reject) => {
		const stop = chain.watchBlockNumber({
			emitOnBegin: true,
			onBlockNumber: (now) => {
				if (now >= number) {
					stop();
					resolve();
				}
			},
			onError: reject,
		});
	});
}

/** A model's identifier, from the environment. */
export function model(name: string): Hex {
	const id = process.env[`COUNTERSIGN_MODEL_${name}`];
	if (!id) throw new Error(`set COUNTERSIGN_MODEL_${name} to the model's identifier`);
	return id as Hex;
}
