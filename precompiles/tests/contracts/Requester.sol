// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {IInference, IInferenceReceiver, INFERENCE_ADDRESS} from "inference/IInference.sol";
import {Inference} from "inference/Inference.sol";

/// A contract that asks, and behaves well or badly when it is told.
contract Requester is IInferenceReceiver {
    enum Mode {
        Record,
        Revert,
        BurnGas,
        ReturnMuch,
        DeliverAgain,
        AskAgain,
        WriteMuch,
        DeliverNext,
        SpendAll
    }

    Mode public mode;
    bytes32 public model;
    bytes32 public lastRequest;
    bytes32[] public all;
    uint256 public next;

    uint256 public notices;
    bytes32 public lastId;
    IInference.Status public lastStatus;
    bool public lastTrapped;
    bytes public lastOutput;
    address public lastSender;
    string public reentry;
    mapping(uint256 => uint256) public junk;

    /// Asks already while it is made, if it is sent value.
    constructor(bytes32 model_, uint64 callbackGas, bool whenOpen, uint32 deadline) payable {
        model = model_;
        if (msg.value > 0) ask(callbackGas, whenOpen, deadline);
    }

    receive() external payable {}

    function setMode(Mode mode_) external {
        mode = mode_;
    }

    function terms(uint64 callbackGas, bool whenOpen, uint32 deadline) public pure returns (IInference.Terms memory) {
        return IInference.Terms({
            deadline: deadline,
            lane: 0,
            evidence: IInference.Evidence(0, false, false, false),
            valueAtRisk: 0,
            callbackGas: callbackGas,
            whenOpen: whenOpen
        });
    }

    function input() public pure returns (IInference.Tensor[] memory) {
        return Inference.one(Inference.u8(Inference.vector(4), hex"01020304"));
    }

    function ask(uint64 callbackGas, bool whenOpen, uint32 deadline) public payable returns (bytes32 id) {
        id = Inference.CHAIN.request{value: msg.value}(model, input(), terms(callbackGas, whenOpen, deadline));
        lastRequest = id;
        all.push(id);
    }

    function resultOf(bytes32 id, IInference.Finality least) external view returns (bytes memory) {
        IInference.Outcome memory outcome =
            Inference.CHAIN.resultOf(id, least, IInference.Evidence(0, false, false, false));
        require(!outcome.trapped, "trapped");
        return outcome.output[0].data;
    }

    function onInference(bytes32 id, IInference.Status status, IInference.Outcome calldata outcome) external {
        require(msg.sender == INFERENCE_ADDRESS, "only the chain");
        if (mode == Mode.Revert) revert("no");
        if (mode == Mode.BurnGas) {
            uint256 x = 1;
            while (true) {
                unchecked {
                    x = x * 3 + 1;
                }
            }
        }
        if (mode == Mode.DeliverAgain) {
            try Inference.CHAIN.deliver(id) {
                reentry = "delivered twice";
            } catch Error(string memory reason) {
                reentry = reason;
            }
        }
        if (mode == Mode.AskAgain) {
            lastRequest = Inference.CHAIN.request{value: address(this).balance / 2}(model, input(), terms(0, true, 0));
        }
        if (mode == Mode.WriteMuch) {
            for (uint256 i = 0; i < 64; i++) {
                junk[uint256(id) + i] = i + 1;
            }
        }
        if (mode == Mode.DeliverNext && next < all.length) {
            bytes32 other = all[next];
            next += 1;
            try Inference.CHAIN.deliver(other) {} catch {}
        }
        if (mode == Mode.SpendAll) {
            junk[uint256(id)] = 1;
            (bool ok,) = address(0xdead).call{value: address(this).balance}("");
            require(ok, "not spent");
        }
        notices += 1;
        lastId = id;
        lastStatus = status;
        lastTrapped = outcome.trapped;
        lastOutput = outcome.output.length > 0 ? outcome.output[0].data : bytes("");
        lastSender = msg.sender;
        if (mode == Mode.ReturnMuch) {
            assembly ("memory-safe") {
                return(0, 100000)
            }
        }
    }
}
