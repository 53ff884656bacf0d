// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// A network of dense layers in plain Solidity, as well as one can do it there: weights are 16-bit
/// integers in the code of data contracts, numbers are fixed point with 12 binary digits, the inner
/// loop is assembly without checks.
contract Plain {
    address[] private parts;
    uint256[] private widths;

    /// @param parts_ Data contracts: a zero byte, then for each output of each layer its bias and its
    /// weights, two bytes each, big-endian.
    /// @param widths_ The width of the input and of each layer.
    constructor(address[] memory parts_, uint256[] memory widths_) {
        parts = parts_;
        widths = widths_;
    }

    /// Runs the network. All layers but the last one end with `max(0, x)`.
    function run(int256[] memory x) external view returns (int256[] memory) {
        uint256 position = load();
        uint256 layers = widths.length - 1;
        for (uint256 i = 0; i < layers; i++) {
            (x, position) = layer(x, position, widths[i + 1], i + 1 < layers);
        }
        return x;
    }

    /// Copies the weights to memory.
    function load() private view returns (uint256 start) {
        assembly ("memory-safe") {
            start := mload(0x40)
        }
        uint256 to = start;
        for (uint256 i = 0; i < parts.length; i++) {
            address part = parts[i];
            assembly ("memory-safe") {
                let length := sub(extcodesize(part), 1)
                extcodecopy(part, to, 1, length)
                to := add(to, length)
                mstore(0x40, and(add(to, 63), not(31)))
            }
        }
    }

    function layer(int256[] memory x, uint256 position, uint256 outputs, bool relu)
        private
        pure
        returns (int256[] memory y, uint256 next)
    {
        y = new int256[](outputs);
        assembly ("memory-safe") {
            let inputs := mload(x)
            let from := add(x, 32)
            let until := add(from, mul(inputs, 32))
            let to := add(y, 32)
            for { let o := 0 } lt(o, outputs) { o := add(o, 1) } {
                let sum := shl(12, signextend(1, shr(240, mload(position))))
                position := add(position, 2)
                for { let at := from } lt(at, until) { at := add(at, 32) } {
                    sum := add(sum, mul(mload(at), signextend(1, shr(240, mload(position)))))
                    position := add(position, 2)
                }
                sum := sar(12, sum)
                if and(relu, slt(sum, 0)) { sum := 0 }
                mstore(to, sum)
                to := add(to, 32)
            }
            next := position
        }
    }
}
