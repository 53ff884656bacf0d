// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {IInference, IInferenceReceiver, INFERENCE_ADDRESS} from "countersign/inference/IInference.sol";
import {Inference} from "countersign/inference/Inference.sol";

/// @title The least that a contract needs to ask a model and be told: it notes when.
/// @notice `src/latency.ts` measures with it. Runs are paid out of the contract's balance, and so is
/// the storage that it writes when the chain tells it.
contract Asker is IInferenceReceiver {
    /// Seconds since 1970 of the blocks in which it asked, was told of the open result, and of the end.
    struct Times {
        uint64 asked;
        uint64 open;
        uint64 end;
    }

    address public immutable owner;
    bytes32 public immutable model;
    mapping(bytes32 => Times) public times;

    event Asked(bytes32 id);

    error NotYours();

    constructor(bytes32 model_) payable {
        owner = msg.sender;
        model = model_;
    }

    receive() external payable {}

    /// Asks, and has the chain tell this contract twice: at the open result and at the end.
    /// @param maxFee The most that the run may cost, in wei.
    /// @param callbackGas Gas for being told, each time.
    function ask(IInference.Tensor[] calldata input, uint256 maxFee, uint64 callbackGas) external {
        if (msg.sender != owner) revert NotYours();
        IInference.Terms memory terms = IInference.Terms({
            deadline: 0,
            lane: 0,
            evidence: IInference.Evidence(0, false, false, false),
            valueAtRisk: 0,
            callbackGas: callbackGas,
            whenOpen: true
        });
        bytes32 id = Inference.CHAIN.request{value: maxFee}(model, input, terms);
        times[id].asked = uint64(block.timestamp);
        emit Asked(id);
    }

    function onInference(bytes32 id, IInference.Status status, IInference.Outcome calldata) external {
        if (msg.sender != INFERENCE_ADDRESS || times[id].asked == 0) revert NotYours();
        if (status == IInference.Status.Answered) {
            times[id].open = uint64(block.timestamp);
        } else {
            times[id].end = uint64(block.timestamp);
        }
    }
}
