// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {IInference, IInferenceReceiver, INFERENCE_ADDRESS} from "countersign/inference/IInference.sol";
import {Inference} from "countersign/inference/Inference.sol";

/// @title Pays a seller for a file if, and only if, a model says that it is of the agreed kind.
/// @notice The buyer locks the price. The seller delivers what the model looks at, and pays for its
/// run. A validator runs the model and answers with its bond behind it; when the answer is final,
/// the chain tells this contract, and the money goes to the seller or back to the buyer. If nobody
/// answers, or the answer is found wrong, the seller may deliver again until the deadline.
contract Escrow is IInferenceReceiver {
    enum State {
        Locked,
        Asked,
        Paid,
        Returned
    }

    address public immutable buyer;
    address public immutable seller;
    /// The acceptance model, and the position of the agreed kind in its output.
    bytes32 public immutable model;
    uint256 public immutable accepted;
    /// The first block in which the buyer may take the money back.
    uint256 public immutable expires;

    State public state;
    uint256 public price;
    bytes32 public request;
    /// What the seller paid for the run and has not got back.
    uint256 public runFee;

    event Delivered(bytes32 request);
    event Judged(uint256 kind, bool isAccepted);
    event Ended(State state);

    error NotYours();
    error WrongState();
    error TooEarly();
    error NotAccepted();

    constructor(address seller_, bytes32 model_, uint256 accepted_, uint256 blocks) payable {
        buyer = msg.sender;
        seller = seller_;
        model = model_;
        accepted = accepted_;
        expires = block.number + blocks;
        price = msg.value;
    }

    /// The seller delivers, and pays for the run with the value. What the run does not cost comes
    /// back to this contract, and with the price to the seller.
    /// @param callbackGas Gas for being told by the chain; 0 if somebody will call `deliver`.
    function deliver(IInference.Tensor[] calldata file, uint64 callbackGas) external payable {
        if (msg.sender != seller) revert NotYours();
        if (state != State.Locked) revert WrongState();
        state = State.Asked;
        runFee += msg.value;
        IInference.Terms memory terms = IInference.Terms({
            deadline: 0,
            lane: 0,
            evidence: IInference.Evidence(0, false, false, false),
            valueAtRisk: 0,
            callbackGas: callbackGas,
            whenOpen: false
        });
        request = Inference.CHAIN.request{value: msg.value}(model, file, terms);
        emit Delivered(request);
    }

    /// Called by the chain, or by whoever calls `deliver` on the precompile.
    function onInference(bytes32 id, IInference.Status status, IInference.Outcome calldata outcome) external {
        if (msg.sender != INFERENCE_ADDRESS || id != request) revert NotYours();
        settle(status, outcome.trapped, outcome.trapped || outcome.output.length == 0 ? bytes("") : outcome.output[0].data);
    }

    /// The same by pull: anyone reads the final answer and has this contract act on it.
    function pull() external {
        IInference.Outcome memory outcome =
            Inference.CHAIN.resultOf(request, IInference.Finality.Final, IInference.Evidence(0, false, false, false));
        settle(IInference.Status.Settled, outcome.trapped, outcome.trapped ? bytes("") : outcome.output[0].data);
    }

    function settle(IInference.Status status, bool trapped, bytes memory scores) private {
        if (state != State.Asked) revert WrongState();
        if (status != IInference.Status.Settled) {
            // Refunded or invalidated: the seller may try again.
            state = State.Locked;
            return;
        }
        bool isAccepted = false;
        uint256 kind = type(uint256).max;
        if (!trapped) {
            kind = Inference.top1F32(scores);
            isAccepted = kind == accepted;
        }
        emit Judged(kind, isAccepted);
        if (isAccepted) {
            end(State.Paid, seller, address(this).balance);
        } else {
            state = State.Locked;
        }
    }

    /// The buyer takes the money back when the time is over. What runs cost less is the seller's.
    /// A run that ended without an answer does not hold this up, and neither does one that the chain
    /// has forgotten because nobody told this contract of it in time.
    function expire() external {
        if (msg.sender != buyer) revert NotYours();
        if (block.number < expires) revert TooEarly();
        if (state == State.Asked) {
            (IInference.Status status,,,) = Inference.CHAIN.statusOf(request);
            if (
                status != IInference.Status.Unknown && status != IInference.Status.Refunded
                    && status != IInference.Status.Invalidated
            ) revert WrongState();
        } else if (state != State.Locked) {
            revert WrongState();
        }
        uint256 amount = price;
        uint256 rest = address(this).balance - amount;
        end(State.Returned, buyer, amount);
        if (rest > 0) {
            (bool ok,) = seller.call{value: rest}("");
            if (!ok) revert NotAccepted();
        }
    }

    function end(State state_, address to, uint256 amount) private {
        state = state_;
        price = 0;
        emit Ended(state_);
        (bool ok,) = to.call{value: amount}("");
        if (!ok) revert NotAccepted();
    }
}
