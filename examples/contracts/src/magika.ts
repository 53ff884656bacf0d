// What the magika model (standard v3.3) takes. The labels are those of the Python package magika
// 1.0.3 (Apache-2.0), which the command line keeps.

import { readFileSync } from "node:fs";
import { hexToBytes, toHex, type Hex } from "viem";

const config = JSON.parse(
	readFileSync(new URL("../../../cli/client/data/magika-v3_3.json", import.meta.url), "utf8"),
);

/** The type of `IInference.Tensor` for 32-bit integers. */
const I32 = 3;

/** A file's first and last 1,024 bytes without the space around them, padded with 256. */
export function encodeFile(content: Uint8Array): { kind: number; shape: number[]; data: Hex }[] {
	const space = new Set([9, 10, 11, 12, 13, 32]);
	const head = Array.from(content.subarray(0, config.block_size));
	const tail = Array.from(content.subarray(-config.block_size));
	while (head.length && space.has(head[0]!)) head.shift();
	while (tail.length && space.has(tail.at(-1)!)) tail.pop();
	const padding = (length: number): number[] => Array(length).fill(config.padding_token);
	const first = head.slice(0, config.beg_size);
	const last = tail.slice(-config.end_size);
	const values = [
		...first,
		...padding(config.beg_size - first.length),
		...padding(config.end_size - last.length),
		...last,
	];
	const data = toHex(new Uint8Array(Int32Array.from(values).buffer));
	return [{ kind: I32, shape: [1, values.length], data }];
}

/** The position of a kind of file in the model's output. */
export function kind(label: string): bigint {
	const index = config.labels.indexOf(label);
	if (index < 0) throw new Error(`magika knows no ${label}`);
	return BigInt(index);
}

/** The kind of file that an output of the model says it is: that of the largest of its floats. */
export function label(output: Hex): string {
	const scores = new Float32Array(hexToBytes(output).slice().buffer);
	return config.labels[scores.indexOf(Math.max(...scores))];
}
