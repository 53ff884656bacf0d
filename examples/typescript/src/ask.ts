// Asks magika what a file is, with polkadot-api and the chain's metadata alone:
//
//   npm run ask -- FILE [ws://127.0.0.1:9944] [//Alice]

import { readFileSync } from "node:fs";
import { createClient } from "polkadot-api";
import { getPolkadotSigner } from "polkadot-api/signer";
import { getWsProvider } from "polkadot-api/ws";
import { sr25519CreateDerive } from "@polkadot-labs/hdkd";
import { DEV_MINI_SECRET, ss58Address } from "@polkadot-labs/hdkd-helpers";
import { WebSocket } from "ws";
import { encodeFile, label } from "./magika.js";
import { decode, encode } from "./tensors.js";

const [file, url = "ws://127.0.0.1:9944", path = "//Alice"] = process.argv.slice(2);
if (!file) throw new Error("which file?");

// Node has a WebSocket of its own only from version 22 on.
const client = createClient(getWsProvider(url, { websocketClass: WebSocket as any }));
// Nothing was generated from the metadata, so TypeScript cannot know the types either.
const api = client.getUnsafeApi() as any;
const keys = sr25519CreateDerive(DEV_MINI_SECRET)(path);
const signer = getPolkadotSigner(keys.publicKey, "Sr25519", keys.sign);
const account = ss58Address(keys.publicKey);
/** Calls go to the best block: the finalized one is a few seconds older. */
const at = "best";

// 1. Find the model, and encode the input. It goes on chain, where everyone can read it.
const models: any[] = await api.apis.ModelsApi.models(undefined, 100, { at });
const nameOf = (model: any): string => new TextDecoder().decode(model.manifest.name);
const model = models.find((model) => nameOf(model).startsWith("magika"));
if (!model) throw new Error("no magika is registered on this chain");
const input = encode([encodeFile(readFileSync(file))]);

// 2. Ask for the price. Terms count towards it; fee and deadline follow from it.
const terms = {
	max_fee: 2n ** 100n,
	deadline: 0,
	lane: 0,
	evidence: { audited: 0, replayed: false, tee: false, zk: false },
	value_at_risk: 0n,
	callback: undefined,
};
const quoted = await api.apis.InferenceApi.quote(model.id, input.length, terms, { at });
if (!quoted.success) throw new Error(`no quote: ${quoted.value.type}`);
const quote = quoted.value;
terms.max_fee = quote.fee;
terms.deadline = Math.min(quote.earliest_deadline + 20, quote.latest_deadline);
console.log(`fee ${quote.fee} units, ${quote.free_servers} of ${quote.servers} validators free`);

// 3. The identifier is known before the request is sent.
const nonce: bigint = await api.apis.InferenceApi.next_nonce(account, terms.lane, { at });
const commitment = await api.apis.InferenceApi.commit(input, { at });
if (!commitment.success) throw new Error(`the input is not valid: ${commitment.value.type}`);
const id: string = await api.apis.InferenceApi.request_id(
	account,
	nonce,
	model.id,
	commitment.value,
	terms,
	{ at },
);
console.log(`request ${id}`);

// 4. Send it, and wait until a block has it.
await new Promise<void>((resolve, reject) => {
	const call = api.tx.Inference.request({
		model: model.id,
		input: { type: "Inline", value: input },
		terms,
		nonce,
	});
	const sent = call.signSubmitAndWatch(signer).subscribe({
		next(event: any) {
			if (event.type !== "txBestBlocksState" || !event.found) return;
			sent.unsubscribe();
			console.log(`in block ${event.block.number}`);
			if (event.ok) resolve();
			else reject(new Error(`refused: ${JSON.stringify(event.dispatchError)}`));
		},
		error: reject,
	});
});

// 5. Look at every best block until there is an answer, or it is clear that there will be none.
const result: any = await new Promise((resolve, reject) => {
	const blocks = client.bestBlocks$.subscribe({
		async next([best]) {
			try {
				const options = { at: best!.hash };
				const request: any = await api.apis.InferenceApi.request(id, options);
				const status = request?.status.type;
				if (status === "Refunded" || status === "Invalidated") {
					throw new Error(`no answer: ${status}`);
				}
				if (status !== "Answered" && status !== "Settled") return;
				blocks.unsubscribe();
				resolve(await api.apis.InferenceApi.result(id, options));
			} catch (problem) {
				blocks.unsubscribe();
				reject(problem);
			}
		},
		error: reject,
	});
});

// 6. Read it: an output, or a trap where the model refused the input.
if (result.outcome.type === "Trap") {
	throw new Error(`the model trapped: ${result.outcome.value.code.type}`);
}
const [output] = decode(result.outcome.value);
const answer = label(output!);
console.log(`${file}: ${answer.label} (${answer.score.toFixed(6)})`);
console.log(`answered in block ${result.answered_at}, ${result.finality.type}, signed by ${result.statement.signer}`);
client.destroy();
