// What the magika model (standard v3.3) takes and gives. The labels are those of the Python
// package magika 1.0.3 (Apache-2.0), which the command line keeps.

import { readFileSync } from "node:fs";
import { floats, integers, type Tensor } from "./tensors.js";

const config = JSON.parse(
	readFileSync(new URL("../../../cli/client/data/magika-v3_3.json", import.meta.url), "utf8"),
);

/** A file's first and last 1,024 bytes without the space around them, padded with 256. */
export function encodeFile(content: Uint8Array): Tensor {
	const space = new Set([9, 10, 11, 12, 13, 32]);
	const head = Array.from(content.subarray(0, config.block_size));
	const tail = Array.from(content.subarray(-config.block_size));
	while (head.length && space.has(head[0]!)) head.shift();
	while (tail.length && space.has(tail.at(-1)!)) tail.pop();
	if (head.length < config.min_file_size_for_dl) throw new Error("the file is too short to ask");
	const padding = (length: number): number[] => Array(length).fill(config.padding_token);
	const first = head.slice(0, config.beg_size);
	const last = tail.slice(-config.end_size);
	return integers(
		[1, config.beg_size + config.end_size],
		[
			...first,
			...padding(config.beg_size - first.length),
			...padding(config.end_size - last.length),
			...last,
		],
	);
}

/** The label with the highest score. */
export function label(output: Tensor): { label: string; score: number } {
	const scores = floats(output);
	const best = scores.reduce((best, score, index) => (score > scores[best]! ? index : best), 0);
	return { label: config.labels[best], score: scores[best]! };
}
