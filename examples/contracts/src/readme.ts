// Deploys a contract that asks a model inside its transaction, pays a validator to run a larger one
// on a file, and reads who is credited. Needs the variables that `./run --keep` prints.
import { readFileSync } from "node:fs";
import * as viem from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { localhost } from "viem/chains";
import { encodeFile, label } from "./magika.js";

const { COUNTERSIGN_MODEL_FRAUD: fraud, COUNTERSIGN_MODEL_MAGIKA: magika } = process.env;
const alith = "0x5fb92d6e98884f76de468fa3f6278f8807c48bebc13595d45af5bdc4da702133";
const [account, chain] = [privateKeyToAccount(alith), { ...localhost, id: 667_720 }];
const transport = viem.http(process.env.COUNTERSIGN_ETH_RPC);
const node = viem.createPublicClient({ chain, transport, pollingInterval: 500 });
const wallet = viem.createWalletClient({ account, chain, transport });
const built = (name: string) => JSON.parse(readFileSync(`build/${name}.json`, "utf8"));
const at = (address: string, name: string): any => ({ address, abi: built(name).abi });
const read = (contract: any, functionName: string, ...args: any[]): Promise<any> =>
	node.readContract({ ...contract, functionName, args });
const inference = at("0x000000000000000000000000000000000a010000", "IInference");
const attribution = at("0x000000000000000000000000000000000A020000", "IAttribution");

// A small model runs inside the transaction of the contract that asks it.
const given = [account.address, fraud, viem.parseEther("0.5")];
let hash = await wallet.deployContract({ ...built("FraudGate"), args: given });
const { contractAddress: gate } = await node.waitForTransactionReceipt({ hash, confirmations: 2 });
const payment = [1900, 3, 12, 9, 1, 800].map((feature) => viem.parseEther(`${feature}`));
const score = await read(at(gate!, "FraudGate"), "scoreOf", payment);
console.log("fraud with a probability of", viem.formatEther(score));
// A larger one is run by a validator, with its bond behind the answer: pay, wait, read.
const evidence = { audited: 0, replayed: false, tee: false, zk: false };
const terms = { deadline: 0, lane: 0, evidence, valueAtRisk: 0n, callbackGas: 0n, whenOpen: true };
const args = [magika, encodeFile(readFileSync(process.argv[2] ?? "package.json")), terms];
hash = await wallet.writeContract({ ...inference, functionName: "request", args, value: 10n ** 18n });
const { logs } = await node.waitForTransactionReceipt({ hash, confirmations: 2 });
const [{ args: { id } }] = viem.parseEventLogs({ abi: inference.abi, logs }) as any;
while ((await read(inference, "statusOf", id))[0] < 4) await new Promise((go) => setTimeout(go, 500));
console.log("the file is", label((await read(inference, "resultOf", id, 1, evidence)).output[0].data));
const [makers, earned] = [await read(attribution, "lineage", magika), await read(attribution, "totalCredited", magika)];
console.log(makers.length, "contributors share every payment for it:", viem.formatEther(earned), "so far");
