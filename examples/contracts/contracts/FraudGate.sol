// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {IInference} from "countersign/inference/IInference.sol";
import {Inference} from "countersign/inference/Inference.sol";

/// @title A wallet that asks a model before it pays.
/// @notice The model is a gradient-boosted tree that the chain itself runs inside the transaction: no
/// oracle, no answer to wait for, nobody to trust. Payments that it holds for fraud need the
/// guardian's word.
contract FraudGate {
    address public immutable owner;
    address public immutable guardian;
    bytes32 public immutable model;
    /// The score from which on a payment is held, as a fraction of 10^18.
    int256 public immutable threshold;

    uint256 public immutable since;
    uint256 public day;
    uint256 public today;
    mapping(address => bool) public known;
    mapping(bytes32 => bool) public approved;

    event Paid(address indexed to, uint256 amount, int256 score);
    event Approved(bytes32 payment);

    error NotYours();
    /// The model holds the payment for fraud. The guardian may approve it by this name.
    error Held(int256 score, bytes32 payment);
    error Failed();

    constructor(address guardian_, bytes32 model_, int256 threshold_) payable {
        owner = msg.sender;
        guardian = guardian_;
        model = model_;
        threshold = threshold_;
        since = block.timestamp;
    }

    receive() external payable {}

    /// How likely a payment is fraud, as a fraction of 10^18.
    /// @param distance The distance in kilometres from where the owner usually is, by the wallet.
    function score(address to, uint256 amount, uint256 distance) public view returns (int256) {
        int256[] memory x = new int256[](6);
        // In tokens, as the model learnt it.
        x[0] = int256(amount);
        x[1] = int256((block.timestamp / 1 hours) % 24) * 1e18;
        x[2] = int256((block.timestamp - since) / 1 days) * 1e18;
        x[3] = int256(day == block.timestamp / 1 days ? today : 0) * 1e18;
        x[4] = known[to] ? int256(0) : int256(1e18);
        x[5] = int256(distance) * 1e18;
        return scoreOf(x);
    }

    /// The model's word on six features; see `models/make.py`.
    function scoreOf(int256[] memory features) public view returns (int256) {
        IInference.Tensor[] memory input = Inference.one(Inference.f32(Inference.matrix(1, 6), features));
        IInference.Tensor[] memory output = Inference.CHAIN.infer(model, input);
        // The first output is the label, the second the probabilities: honest, fraud.
        return Inference.f32At(output[1].data, 1);
    }

    function pay(address payable to, uint256 amount, uint256 distance) external {
        if (msg.sender != owner) revert NotYours();
        int256 risk = score(to, amount, distance);
        bytes32 payment = keccak256(abi.encode(to, amount));
        if (risk >= threshold && !approved[payment]) revert Held(risk, payment);
        delete approved[payment];
        known[to] = true;
        if (day != block.timestamp / 1 days) {
            day = block.timestamp / 1 days;
            today = 0;
        }
        today += 1;
        (bool ok,) = to.call{value: amount}("");
        if (!ok) revert Failed();
        emit Paid(to, amount, risk);
    }

    function approve(bytes32 payment) external {
        if (msg.sender != guardian) revert NotYours();
        approved[payment] = true;
        emit Approved(payment);
    }
}
