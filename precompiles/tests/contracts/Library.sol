// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {IInference} from "inference/IInference.sol";
import {Inference} from "inference/Inference.sol";

/// The functions of the library, callable from outside.
contract Library {
    function toF32(int256 wad) external pure returns (uint32) {
        return Inference.toF32(wad);
    }

    function toWad(uint32 bits) external pure returns (int256) {
        return Inference.toWad(bits);
    }

    function f32(uint32[] memory shape, int256[] memory wads) external pure returns (IInference.Tensor memory) {
        return Inference.f32(shape, wads);
    }

    function i8(uint32[] memory shape, int8[] memory values) external pure returns (IInference.Tensor memory) {
        return Inference.i8(shape, values);
    }

    function f32At(bytes memory data, uint256 index) external pure returns (int256) {
        return Inference.f32At(data, index);
    }

    function i8At(bytes memory data, uint256 index) external pure returns (int8) {
        return Inference.i8At(data, index);
    }

    function i32At(bytes memory data, uint256 index) external pure returns (int32) {
        return Inference.i32At(data, index);
    }

    function i64At(bytes memory data, uint256 index) external pure returns (int64) {
        return Inference.i64At(data, index);
    }

    function top1F32(bytes memory data) external pure returns (uint256) {
        return Inference.top1F32(data);
    }

    function top1I8(bytes memory data) external pure returns (uint256) {
        return Inference.top1I8(data);
    }
}
