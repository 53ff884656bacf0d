// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {IInference, INFERENCE_ADDRESS} from "./IInference.sol";

/// @title Tensors in Solidity: packing, reading, fixed point, the largest element.
/// @notice Numbers are fixed point with 18 decimals ("wad"), as most contracts have them. A model's
/// floats have 24 bits of precision: a wad is rounded to the nearest float, half to even, and a
/// float to the nearest wad, half to even.
library Inference {
    /// The chain's precompile.
    IInference internal constant CHAIN = IInference(INFERENCE_ADDRESS);

    /// The float is NaN or infinite.
    error NotFinite();
    /// The number is beyond the largest float.
    error FloatOverflow();
    /// There is no such element.
    error OutOfRange();
    /// The shape does not have as many elements as there are values.
    error ShapeMismatch();

    // --- tensors ---

    /// A tensor of floats out of wads.
    function f32(uint32[] memory shape, int256[] memory wads) internal pure returns (IInference.Tensor memory) {
        requireCount(shape, wads.length);
        return IInference.Tensor(IInference.Kind.F32, shape, packF32(wads));
    }

    /// A tensor of signed bytes.
    function i8(uint32[] memory shape, int8[] memory values) internal pure returns (IInference.Tensor memory) {
        requireCount(shape, values.length);
        return IInference.Tensor(IInference.Kind.I8, shape, packI8(values));
    }

    /// A tensor of bytes as they are.
    function u8(uint32[] memory shape, bytes memory data) internal pure returns (IInference.Tensor memory) {
        requireCount(shape, data.length);
        return IInference.Tensor(IInference.Kind.U8, shape, data);
    }

    /// The only tensor of a list.
    function one(IInference.Tensor memory tensor) internal pure returns (IInference.Tensor[] memory list) {
        list = new IInference.Tensor[](1);
        list[0] = tensor;
    }

    /// A shape of one dimension.
    function vector(uint32 length) internal pure returns (uint32[] memory shape) {
        shape = new uint32[](1);
        shape[0] = length;
    }

    /// A shape of two dimensions.
    function matrix(uint32 rows, uint32 columns) internal pure returns (uint32[] memory shape) {
        shape = new uint32[](2);
        shape[0] = rows;
        shape[1] = columns;
    }

    function requireCount(uint32[] memory shape, uint256 count) private pure {
        uint256 product = 1;
        for (uint256 i = 0; i < shape.length; i++) {
            product *= shape[i];
        }
        if (product != count) revert ShapeMismatch();
    }

    // --- packing ---

    /// Wads as little-endian floats.
    function packF32(int256[] memory wads) internal pure returns (bytes memory data) {
        data = new bytes(wads.length * 4);
        for (uint256 i = 0; i < wads.length; i++) {
            uint32 bits = toF32(wads[i]);
            data[4 * i] = bytes1(uint8(bits));
            data[4 * i + 1] = bytes1(uint8(bits >> 8));
            data[4 * i + 2] = bytes1(uint8(bits >> 16));
            data[4 * i + 3] = bytes1(uint8(bits >> 24));
        }
    }

    /// Signed bytes as they are packed.
    function packI8(int8[] memory values) internal pure returns (bytes memory data) {
        data = new bytes(values.length);
        for (uint256 i = 0; i < values.length; i++) {
            data[i] = bytes1(uint8(values[i]));
        }
    }

    // --- reading ---

    /// The bits of the float at a position.
    function bitsAt(bytes memory data, uint256 index) internal pure returns (uint32) {
        if (index >= data.length / 4) revert OutOfRange();
        uint256 first = 4 * index;
        return uint32(uint8(data[first])) | (uint32(uint8(data[first + 1])) << 8) | (uint32(uint8(data[first + 2])) << 16)
            | (uint32(uint8(data[first + 3])) << 24);
    }

    /// The float at a position, as a wad.
    function f32At(bytes memory data, uint256 index) internal pure returns (int256) {
        return toWad(bitsAt(data, index));
    }

    /// The signed byte at a position.
    function i8At(bytes memory data, uint256 index) internal pure returns (int8) {
        if (index >= data.length) revert OutOfRange();
        return int8(uint8(data[index]));
    }

    /// The signed integer of 32 bits at a position.
    function i32At(bytes memory data, uint256 index) internal pure returns (int32) {
        return int32(bitsAt(data, index));
    }

    /// The signed integer of 64 bits at a position.
    function i64At(bytes memory data, uint256 index) internal pure returns (int64) {
        return int64((uint64(bitsAt(data, 2 * index + 1)) << 32) | bitsAt(data, 2 * index));
    }

    // --- the largest element ---

    /// The position of the largest float, the first of equal ones. Reverts on NaN.
    function top1F32(bytes memory data) internal pure returns (uint256 index) {
        uint256 count = data.length / 4;
        if (count == 0) revert OutOfRange();
        uint32 best = 0;
        for (uint256 i = 0; i < count; i++) {
            uint32 bits = bitsAt(data, i);
            if (bits & 0x7fffffff > 0x7f800000) revert NotFinite();
            if (bits == 0x80000000) bits = 0;
            // Orders as the floats do.
            uint32 key = bits & 0x80000000 == 0 ? bits | 0x80000000 : ~bits;
            if (i == 0 || key > best) {
                best = key;
                index = i;
            }
        }
    }

    /// The position of the largest signed byte, the first of equal ones.
    function top1I8(bytes memory data) internal pure returns (uint256 index) {
        if (data.length == 0) revert OutOfRange();
        int8 best = type(int8).min;
        for (uint256 i = 0; i < data.length; i++) {
            int8 value = int8(uint8(data[i]));
            if (value > best) {
                best = value;
                index = i;
            }
        }
    }

    // --- fixed point ---

    /// The bits of the float nearest to a wad, half to even.
    function toF32(int256 wad) internal pure returns (uint32) {
        if (wad == 0) return 0;
        uint256 sign = wad < 0 ? 1 << 31 : 0;
        uint256 magnitude = wad < 0 ? uint256(-(wad + 1)) + 1 : uint256(wad);
        if (magnitude >> 190 != 0) revert FloatOverflow();
        // The least wad is far above the subnormal floats, so there are always 24 bits.
        int256 scale = int256(log2(magnitude)) - 59;
        (uint256 above, uint256 below) = fraction(magnitude, 23 - scale);
        if (above < (below << 23)) {
            scale -= 1;
            (above, below) = fraction(magnitude, 23 - scale);
        }
        uint256 bits = (uint256(scale + 126) << 23) + divideHalfEven(above, below);
        if (bits >= 0x7f800000) revert FloatOverflow();
        return uint32(bits | sign);
    }

    /// The wad nearest to a float, given its bits, half to even. Reverts on NaN and infinities.
    function toWad(uint32 bits) internal pure returns (int256 wad) {
        uint256 exponent = (bits >> 23) & 0xff;
        if (exponent == 0xff) revert NotFinite();
        uint256 significand = bits & 0x7fffff;
        if (exponent == 0) {
            exponent = 1;
        } else {
            significand |= 0x800000;
        }
        uint256 magnitude = significand * 1e18;
        if (exponent >= 150) {
            magnitude <<= exponent - 150;
        } else {
            magnitude = divideHalfEven(magnitude, 1 << (150 - exponent));
        }
        wad = bits >> 31 == 1 ? -int256(magnitude) : int256(magnitude);
    }

    /// `magnitude * 2^shift` over 10^18.
    function fraction(uint256 magnitude, int256 shift) private pure returns (uint256, uint256) {
        return shift >= 0 ? (magnitude << uint256(shift), 1e18) : (magnitude, 1e18 << uint256(-shift));
    }

    function divideHalfEven(uint256 above, uint256 below) private pure returns (uint256 quotient) {
        quotient = above / below;
        uint256 rest = above % below;
        if (rest > below - rest || (rest == below - rest && quotient & 1 == 1)) quotient += 1;
    }

    function log2(uint256 x) private pure returns (uint256 n) {
        for (uint256 step = 128; step > 0; step >>= 1) {
            if (x >> step != 0) {
                x >>= step;
                n += step;
            }
        }
    }
}
