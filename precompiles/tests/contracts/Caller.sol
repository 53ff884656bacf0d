// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// Calls whatever it is told to, in every way, and hands back what came of it.
contract Caller {
    event Called(bool ok, bytes data);

    receive() external payable {}

    function call(address to, bytes calldata data) external payable returns (bytes memory) {
        (bool ok, bytes memory out) = to.call{value: msg.value}(data);
        return done(ok, out);
    }

    function callWithValue(address to, uint256 value, bytes calldata data) external returns (bytes memory) {
        (bool ok, bytes memory out) = to.call{value: value}(data);
        return done(ok, out);
    }

    function callWithGas(address to, uint256 gasLimit, bytes calldata data) external payable returns (bool ok) {
        (ok,) = to.call{value: msg.value, gas: gasLimit}(data);
    }

    function staticCall(address to, bytes calldata data) external view returns (bytes memory) {
        (bool ok, bytes memory out) = to.staticcall(data);
        return done(ok, out);
    }

    function delegateCall(address to, bytes calldata data) external payable returns (bytes memory) {
        (bool ok, bytes memory out) = to.delegatecall(data);
        return done(ok, out);
    }

    /// Calls, and then reverts whatever came of it, so that the caller of this has to undo it.
    function callAndRevert(address to, bytes calldata data) external payable {
        (bool ok,) = to.call{value: msg.value}(data);
        require(ok, "the call failed already");
        revert("undo");
    }

    /// Calls itself in a way that reverts, and goes on.
    function tryAndUndo(address to, bytes calldata data) external payable returns (bool undone) {
        try this.callAndRevert{value: msg.value}(to, data) {
            return false;
        } catch Error(string memory reason) {
            return keccak256(bytes(reason)) == keccak256("undo");
        }
    }

    /// The gas that a call takes.
    function gasOf(address to, bytes calldata data) external view returns (uint256) {
        uint256 before = gasleft();
        (bool ok, bytes memory out) = to.staticcall(data);
        uint256 used = before - gasleft();
        done(ok, out);
        return used;
    }

    function done(bool ok, bytes memory out) private pure returns (bytes memory) {
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(out, 32), mload(out))
            }
        }
        return out;
    }
}
