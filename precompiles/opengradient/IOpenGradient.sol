// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// The address at which every Countersign chain answers this interface. OpenGradient's own is 0xf4.
address constant OPENGRADIENT_ADDRESS = 0x0000000000000000000000000000000000f40000;

/// @title OpenGradient's published inference interface, for models that run inside a transaction.
/// @notice `modelCID` is a model's identifier on this chain, as 64 hexadecimal digits with or without
/// "0x": what it names cannot change, which a name would not promise. The chain itself runs the
/// model, so that the answer needs no mode to be believed; a mode that asks for evidence of another
/// kind reverts. No logs: the answer is in the transaction. See `docs/contracts.md`.
interface IOpenGradient {
    enum ModelInferenceMode {
        VANILLA,
        ZK,
        TEE
    }

    enum LlmInferenceMode {
        VANILLA,
        TEE
    }

    /// A decimal: `value * 10^-decimals`. Rounded half to even on the way to a model's element, and to
    /// nine significant digits on the way from a float.
    struct Number {
        int128 value;
        int128 decimals;
    }

    struct MultiDimensionalNumberTensor {
        string name;
        Number[] values;
        uint32[] shape;
    }

    struct StringTensor {
        string name;
        string[] values;
    }

    struct JsonScalar {
        string name;
        string value;
    }

    struct ModelInput {
        MultiDimensionalNumberTensor[] numbers;
        StringTensor[] strings;
    }

    struct ModelInferenceRequest {
        ModelInferenceMode mode;
        string modelCID;
        ModelInput input;
    }

    struct ModelOutput {
        MultiDimensionalNumberTensor[] numbers;
        StringTensor[] strings;
        JsonScalar[] jsons;
        bool is_simulation_result;
    }

    struct LlmCompletionRequest {
        LlmInferenceMode mode;
        string modelCID;
        string prompt;
        uint32 max_tokens;
        string[] stop_sequence;
        uint32 temperature;
    }

    struct LlmResponse {
        string answer;
    }

    struct ToolCall {
        string id;
        string name;
        string arguments;
    }

    struct Message {
        string role;
        string content;
        string name;
        string tool_call_id;
        ToolCall[] tool_calls;
    }

    struct Tool {
        string description;
        string name;
        string parameters;
    }

    struct LlmChatRequest {
        LlmInferenceMode mode;
        string modelCID;
        Message[] messages;
        Tool[] tools;
        string tool_choice;
        uint32 max_tokens;
        string[] stop_sequence;
        uint32 temperature;
    }

    struct LlmChatResponse {
        string finish_reason;
        Message message;
    }

    /// Runs a model now. Tensors are matched to the model's inputs by name; a number that does not fit
    /// the input's type reverts with "NumberOverflow", a float that is no number in the output with
    /// "NotANumber". Reverts with "NotSynchronous: use IInference.request" where the model cannot run
    /// inside a transaction, and with "ZkUnavailable" or "TeeUnavailable" by mode.
    /// @custom:selector 0x7289e9c2
    function runModelInference(ModelInferenceRequest memory request) external returns (ModelOutput memory);

    /// Reverts with "LlmUnavailable": no such model runs inside a transaction.
    /// @custom:selector 0x14800c61
    function runLLMCompletion(LlmCompletionRequest memory request) external returns (LlmResponse memory);

    /// Reverts with "LlmUnavailable": no such model runs inside a transaction.
    /// @custom:selector 0xe39aa7e7
    function runLLMChat(LlmChatRequest memory request) external returns (LlmChatResponse memory);
}
