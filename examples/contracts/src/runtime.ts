// The chain's own calls, sent by Ethereum wallets: an address sends their SCALE encoding to the
// runtime-call address, and they are dispatched by the account that belongs to the address.

import { AccountId, createClient } from "polkadot-api";
import { getWsProvider } from "polkadot-api/ws";
import { concat, toBytes, toHex, type Address, type Hex } from "viem";
import { WebSocket } from "ws";
import { included, wallet } from "./chain.js";

/** Where the chain's own calls are sent. */
export const RUNTIME: Address = "0x6d6f646c70792f70616464720000000000000000";

/** A call with its arguments, such as `api.tx.Validators.bond({ amount })`. */
type Call = { getEncodedData(): Promise<Uint8Array> };

/** The account that belongs to an address, as the chain's own tools write it. */
export function account(address: Address): string {
	return AccountId().dec(concat([toBytes(address), new Uint8Array(12).fill(0xee)]));
}

/** A connection to a node that knows the chain's calls and queries by its metadata. */
export function connect(url = process.env.COUNTERSIGN_URL ?? "ws://127.0.0.1:9944") {
	// Node has a WebSocket of its own only from version 22 on.
	const client = createClient(getWsProvider(url, { websocketClass: WebSocket as any }));
	// Nothing was generated from the metadata, so TypeScript cannot know the types either.
	return { api: client.getUnsafeApi() as any, close: () => client.destroy() };
}

/** The SCALE encoding of a call. */
export async function encoded(call: Call): Promise<Hex> {
	return toHex(await call.getEncodedData());
}

/** Has a wallet dispatch a call, and waits for it. */
export async function dispatch(from: ReturnType<typeof wallet>, call: Call) {
	const hash = await from.sendTransaction({ to: RUNTIME, data: await encoded(call) });
	const receipt = await included(hash);
	if (receipt.status !== "success") throw new Error(`${hash} failed`);
	return receipt;
}
