// Waits until the Ethereum RPC answers and has seen a block of this number:
//
//   node dist/ready.js 12

import { block, chain } from "./chain.js";

const patience = AbortSignal.timeout(180_000);
for (;;) {
	try {
		await chain.getChainId();
		break;
	} catch (problem) {
		if (patience.aborted) throw problem;
		await new Promise((next) => setTimeout(next, 250));
	}
}
await block(BigInt(process.argv[2] || 0));
