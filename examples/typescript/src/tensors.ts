// Tensors as requests and results carry them: a SCALE list of (type, shape, little-endian data).

/** The element types, in the order of their indices. */
export const TYPES = ["F32", "U8", "I8", "I32", "I64", "Bool", "U16", "I16", "U32", "U64"] as const;
export type TensorType = (typeof TYPES)[number];

export interface Tensor {
	ty: TensorType;
	shape: number[];
	data: Uint8Array;
}

/** The values of a tensor of 32-bit floats. */
export function floats(tensor: Tensor): number[] {
	const view = new DataView(tensor.data.buffer, tensor.data.byteOffset, tensor.data.length);
	return Array.from({ length: tensor.data.length / 4 }, (_, i) => view.getFloat32(i * 4, true));
}

/** A tensor of 32-bit integers. */
export function integers(shape: number[], values: number[]): Tensor {
	return { ty: "I32", shape, data: new Uint8Array(Int32Array.from(values).buffer) };
}

/** Writes a length as SCALE's compact integer. */
function compact(value: number): number[] {
	if (value < 1 << 6) return [value << 2];
	if (value < 1 << 14) return [((value << 2) & 0xff) | 1, value >> 6];
	const word = value * 4 + 2;
	return [word & 0xff, (word >>> 8) & 0xff, (word >>> 16) & 0xff, (word >>> 24) & 0xff];
}

/** Encodes a list of tensors. */
export function encode(tensors: Tensor[]): Uint8Array {
	const parts: (number[] | Uint8Array)[] = [compact(tensors.length)];
	for (const { ty, shape, data } of tensors) {
		const dims = shape.flatMap((d) => [d & 0xff, (d >>> 8) & 0xff, (d >>> 16) & 0xff, d >>> 24]);
		parts.push([TYPES.indexOf(ty)], compact(shape.length), dims, compact(data.length), data);
	}
	const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
	let at = 0;
	for (const part of parts) {
		bytes.set(part, at);
		at += part.length;
	}
	return bytes;
}

/** Decodes a list of tensors, and refuses what is not exactly one. */
export function decode(bytes: Uint8Array): Tensor[] {
	let at = 0;
	const take = (length: number): Uint8Array => {
		if (at + length > bytes.length) throw new Error("the tensors are cut off");
		at += length;
		return bytes.slice(at - length, at);
	};
	const little = (part: Uint8Array): number => part.reduceRight((sum, byte) => sum * 256 + byte, 0);
	const length = (): number => {
		const [first] = take(1) as unknown as [number];
		const mode = first & 3;
		if (mode === 3) throw new Error("no tensor is that long");
		const more = take([0, 1, 3][mode]!);
		return Math.floor((first + little(more) * 256) / 4);
	};
	const tensors = Array.from({ length: length() }, () => {
		const ty = TYPES[take(1)[0]!];
		if (!ty) throw new Error("unknown element type");
		const shape = Array.from({ length: length() }, () => little(take(4)));
		return { ty, shape, data: take(length()) };
	});
	if (at !== bytes.length) throw new Error("bytes are left over after the tensors");
	return tensors;
}
