// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// The address at which every Countersign chain answers this interface.
address constant INFERENCE_ADDRESS = 0x000000000000000000000000000000000a010000;

/// @title Models, called by contracts.
/// @notice A small model runs inside the transaction: `infer`. A larger one is run by a bonded
/// validator: `request`, then `resultOf`, or `deliver`, or a callback. Inputs and outputs are
/// public. Amounts are in wei: 18 decimals, of which the chain keeps 12; an amount with more
/// reverts with "Dust". Functions revert with the name of the chain's error as reason, such as
/// "FeeAboveMaximum". Only functions marked payable take value.
interface IInference {
    /// The type of a tensor's elements. They are packed, little-endian; a bool is one byte.
    enum Kind {
        F32,
        U8,
        I8,
        I32,
        I64,
        Bool,
        U16,
        I16,
        U32,
        U64
    }

    /// A tensor: elements in row-major order.
    struct Tensor {
        Kind kind;
        /// The dimensions, outermost first; empty for a scalar.
        uint32[] shape;
        /// The elements. `Inference.sol` packs and reads them.
        bytes data;
    }

    /// What stands behind a result beyond the signature of a bonded validator.
    struct Evidence {
        /// Independent auditors who ran it again and agreed.
        uint8 audited;
        /// The chain recomputed it.
        bool replayed;
        /// It carries an attestation by trusted hardware that the chain verified.
        bool tee;
        /// It carries a zero-knowledge proof that the chain verified.
        bool zk;
    }

    /// Where a request stands.
    enum Status {
        /// There is no such request, or it ended long ago.
        Unknown,
        /// Waiting for a validator with free capacity.
        Waiting,
        /// A validator is to run it.
        Assigned,
        /// The validator found nobody who offers the input; anyone may post it.
        InputDemanded,
        /// There is a result that may still be disputed.
        Answered,
        /// Ended without a result. What was held is back.
        Refunded,
        /// The result was found wrong or withheld. Everything is back.
        Invalidated,
        /// There is a final result, and everybody was paid.
        Settled
    }

    /// How settled a result is. It never goes back.
    enum Finality {
        /// There is no result.
        None,
        /// Posted; it may be disputed and invalidated.
        Open,
        /// Nothing can change it.
        Final,
        /// Found wrong or withheld; it counts for nothing.
        Invalidated
    }

    /// How far the delivery to the contract is.
    enum Delivery {
        None,
        Queued,
        Delivered,
        Failed
    }

    /// What the requester agrees to. The value sent is the most that is paid in all; what the run
    /// does not cost comes back by itself when the request ends.
    struct Terms {
        /// The last block in which the validator may answer. 0: the earliest that is accepted.
        uint32 deadline;
        /// Requests in different lanes, 0 to 15, do not wait for each other.
        uint8 lane;
        /// Evidence that is paid for.
        Evidence evidence;
        /// What a wrong answer could cost, in wei. It raises fee and cover.
        uint256 valueAtRisk;
        /// Gas for calling `onInference` of the sender, once for the end and, with `whenOpen`, once
        /// for the open result. It is paid with this call. 0: nobody is called by the chain itself.
        uint64 callbackGas;
        /// Whether open results may be delivered, and not only final ones.
        bool whenOpen;
    }

    /// One of several requests.
    struct Request {
        bytes32 model;
        Tensor[] input;
        Terms terms;
        /// The part of the value that is for this one, in wei.
        uint256 maxFee;
    }

    /// What a request in the next block would cost, and who could run it.
    struct Quote {
        /// The whole fee in wei, and its two parts: for the work, audits that the terms ask for
        /// included, and the owner's price.
        uint256 fee;
        uint256 costFee;
        uint256 price;
        /// Multiply-accumulate operations of the run.
        uint64 macs;
        /// What stands behind an open result: the part of the validator's bond, in wei.
        uint256 cover;
        /// The validators that serve the model, and those that could take this request now.
        uint32 servers;
        uint32 freeServers;
        /// The deadlines that would be accepted.
        uint32 earliestDeadline;
        uint32 latestDeadline;
        /// Blocks from a result to final.
        uint32 finalWindow;
    }

    /// What came of a run.
    struct Outcome {
        /// Whether the model refused the input instead of answering. A trap is paid for.
        bool trapped;
        /// Why, if it trapped: 0 input, 1 operator, 2 output, 3 time, 4 memory.
        uint8 code;
        /// Which operator of the program trapped; 4294967295 where there is no program.
        uint32 operator;
        /// The output's tensors, if it did not trap.
        Tensor[] output;
    }

    /// Somebody asked through this interface.
    event Requested(bytes32 indexed id, address indexed requester, bytes32 indexed model, uint256 maxFee, uint32 deadline);

    /// A contract was told what came of its request, by `deliver`. Callbacks by the chain itself are
    /// outside of Ethereum transactions and leave no logs.
    event Delivered(bytes32 indexed id, address indexed contractAddress, Status status);

    /// Runs a model now and returns its output. Every node computes it, so nobody has to be
    /// believed. It costs gas by the model's size and nothing else. Reverts with "NotSynchronous"
    /// where the model's program is not on chain or is too large for a transaction, with
    /// "PaymentRequired" where its owner asks a price (then it is `inferPaid`), and with "Trapped"
    /// where the model refuses the input.
    /// @custom:selector 0xe524f1e6
    function infer(bytes32 model, Tensor[] calldata input) external view returns (Tensor[] memory output);

    /// Runs a model now, as `infer` does, and pays its owner's price and the fee for the work out of the
    /// value. What is left of it comes back to the sender at once. Leaves a receipt, and credits the
    /// model's contributors. Reverts with "FeeAboveMaximum" where the value does not suffice.
    /// @return id Names the run's receipt.
    /// @return output The output's tensors.
    /// @custom:selector 0xebacce47
    function inferPaid(bytes32 model, Tensor[] calldata input) external payable returns (bytes32 id, Tensor[] memory output);

    /// What `inferPaid` takes now, in wei: its owner's price and the fee for the work. Reverts with
    /// "NotSynchronous" as `infer` does.
    /// @custom:selector 0xe2a69aea
    function inferFee(bytes32 model) external view returns (uint256 fee);

    /// What a request would cost.
    /// @param inputLength The bytes of the encoded input; see `encodedLength`.
    /// @custom:selector 0xf063dd88
    function quote(bytes32 model, uint32 inputLength, Terms calldata terms) external view returns (Quote memory);

    /// The length that an input has when it is encoded for the chain, for `quote`.
    /// @custom:selector 0xf829a4f3
    function encodedLength(Tensor[] calldata input) external view returns (uint32);

    /// Asks for a paid run. The value is held until the request ends.
    /// @return id Identifies the request.
    /// @custom:selector 0xa710b194
    function request(bytes32 model, Tensor[] calldata input, Terms calldata terms) external payable returns (bytes32 id);

    /// Asks for a paid run on an input that nodes offer, named by its commitment.
    /// @param length The bytes of the encoded input, at most 1 MiB.
    /// @custom:selector 0x6dc00dc5
    function requestCommitted(bytes32 model, bytes32 commitment, uint32 length, Terms calldata terms) external payable returns (bytes32 id);

    /// Asks for several runs. Their `maxFee` must add up to the value, or it reverts with
    /// "ValueMismatch". Either all are taken or none.
    /// @custom:selector 0x84761e29
    function requestMany(Request[] calldata requests) external payable returns (bytes32[] memory ids);

    /// Where a request stands. `cover` is the part of a bond that stands behind the open result now,
    /// in wei.
    /// @custom:selector 0xc7df14e2
    function statusOf(bytes32 id) external view returns (Status status, Finality finality, Evidence memory evidence, uint256 cover);

    /// How far the deliveries of a request are: of the open result, and of the end.
    /// @custom:selector 0xfa70f1aa
    function deliveryOf(bytes32 id) external view returns (Delivery open, Delivery end);

    /// The outcome of a request, at least so settled and with at least this evidence. Reverts with
    /// "NotAnswered", "NotFinal", "Invalidated" or "EvidenceMissing" below that. A contract that
    /// takes `Finality.Open` has to know what to do when the result is invalidated later.
    /// @param minFinality `Open` or `Final`; anything else reverts with "BadFinality".
    /// @custom:selector 0xfc923e46
    function resultOf(bytes32 id, Finality minFinality, Evidence calldata evidence) external view returns (Outcome memory outcome);

    /// Calls `onInference` of the contract that asked, inside this transaction. Anyone may call.
    /// Each request's end is delivered once, and its open result once where its terms say
    /// `whenOpen`. Reverts with "NotAnswered", "NotFinal", "AlreadyDelivered", "NotAContract" or
    /// "CallbackFailed", and then may be called again.
    /// @custom:selector 0x0fa566fa
    function deliver(bytes32 id) external;
}

/// What a contract implements to be told.
interface IInferenceReceiver {
    /// Called by the chain, and by `deliver`: `msg.sender` is INFERENCE_ADDRESS both times. A contract
    /// has to check that, and that `id` is a request of its own. It may call any function of
    /// `IInference` meanwhile.
    /// @param status `Answered` (open), `Settled` (final), `Invalidated` or `Refunded`.
    /// @param outcome Empty unless answered or settled.
    function onInference(bytes32 id, IInference.Status status, IInference.Outcome calldata outcome) external;
}
