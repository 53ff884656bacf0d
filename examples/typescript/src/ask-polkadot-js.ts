// The same as ask.ts with @polkadot/api:
//
//   npm run ask:polkadot-js -- FILE [ws://127.0.0.1:9944] [//Alice]

import { readFileSync } from "node:fs";
import { ApiPromise, Keyring, WsProvider } from "@polkadot/api";
import { hexToU8a, u8aToHex } from "@polkadot/util";
import { cryptoWaitReady } from "@polkadot/util-crypto";
import { encodeFile, label } from "./magika.js";
import { decode, encode } from "./tensors.js";

const [file, url = "ws://127.0.0.1:9944", path = "//Alice"] = process.argv.slice(2);
if (!file) throw new Error("which file?");

await cryptoWaitReady();
const api = await ApiPromise.create({ provider: new WsProvider(url), noInitWarn: true });
// Runtime APIs come from the metadata, so their types are not known here.
const call = api.call as any;
const signer = new Keyring({ type: "sr25519" }).addFromUri(path);

const models: any[] = await call.modelsApi.models(null, 100);
const model = models.find((model) => model.manifest.name.toUtf8().startsWith("magika"));
if (!model) throw new Error("no magika is registered on this chain");
const input = u8aToHex(encode([encodeFile(readFileSync(file))]));

const terms = {
	maxFee: 2n ** 100n,
	deadline: 0,
	lane: 0,
	evidence: { audited: 0, replayed: false, tee: false, zk: false },
	valueAtRisk: 0,
	callback: null,
};
const quoted = await call.inferenceApi.quote(model.id, (input.length - 2) / 2, terms);
if (quoted.isErr) throw new Error(`no quote: ${quoted.asErr}`);
terms.maxFee = quoted.asOk.fee.toBigInt();
terms.deadline = Math.min(
	quoted.asOk.earliestDeadline.toNumber() + 20,
	quoted.asOk.latestDeadline.toNumber(),
);
console.log(`fee ${terms.maxFee} units`);

const nonce = await call.inferenceApi.nextNonce(signer.address, terms.lane);
const commitment = (await call.inferenceApi.commit(input)).asOk;
const id = await call.inferenceApi.requestId(signer.address, nonce, model.id, commitment, terms);
console.log(`request ${id}`);

await new Promise<void>((resolve, reject) => {
	api.tx.inference!
		.request!(model.id, { Inline: input }, terms, nonce)
		.signAndSend(signer, ({ status, dispatchError, isError }) => {
			if (isError) reject(new Error(`the transaction was not taken: ${status.type}`));
			if (!status.isInBlock) return;
			if (!dispatchError) return resolve();
			const known = dispatchError.isModule && api.registry.findMetaError(dispatchError.asModule);
			reject(new Error(known ? `${known.name}: ${known.docs.join(" ")}` : `${dispatchError}`));
		})
		.catch(reject);
});

const result: any = await new Promise((resolve, reject) => {
	api.rpc.chain
		.subscribeNewHeads(async (head) => {
			try {
				const block = (await api.at(head.hash)).call as any;
				const request = await block.inferenceApi.request(id);
				const status = request.isSome ? request.unwrap().status.type : "";
				if (status === "Refunded" || status === "Invalidated") {
					throw new Error(`no answer: ${status}`);
				}
				if (status !== "Answered" && status !== "Settled") return;
				resolve((await block.inferenceApi.result(id)).unwrap());
			} catch (problem) {
				reject(problem);
			}
		})
		.catch(reject);
});

if (result.outcome.isTrap) throw new Error(`the model trapped: ${result.outcome.asTrap.code}`);
const [output] = decode(hexToU8a(result.outcome.asOutput.toHex()));
const answer = label(output!);
console.log(`${file}: ${answer.label} (${answer.score.toFixed(6)})`);
console.log(`answered in block ${result.answeredAt}, ${result.finality}, signed by ${result.statement.signer}`);
await api.disconnect();
