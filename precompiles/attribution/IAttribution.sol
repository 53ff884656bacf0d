// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// The address at which every Countersign chain answers this interface.
address constant ATTRIBUTION_ADDRESS = 0x000000000000000000000000000000000A020000;

/// @title Who contributed to a model, what part of every payment is theirs, and how they get it.
/// @notice Amounts are in wei: 18 decimals, of which the chain keeps 12. Functions revert with the
/// name of the chain's error as reason, such as "UnknownModel". None takes value.
interface IAttribution {
    /// What a contributor gave.
    enum Role {
        Data,
        Training,
        FineTuning,
        Evaluation,
        Infrastructure,
        Feedback
    }

    /// One entry of a model's flattened lineage.
    struct Entry {
        /// The model whose manifest names the contributor, or whose pot it is.
        bytes32 model;
        /// Whether this is that model's own pot, from where its contributors claim.
        bool pot;
        /// The contributor's position in that manifest; 0 for a pot.
        uint16 contributor;
        /// The share of every payment, in billionths. A model's entries add up to 1000000000.
        uint32 share;
    }

    /// A contributor's right.
    struct Right {
        /// Who is paid: the address of the account.
        address owner;
        /// The whole account. A contract's or Ethereum wallet's is its address and twelve 0xEE.
        bytes32 account;
        /// For what.
        Role role;
        /// The hash of whatever shows it; zero for none.
        bytes32 evidence;
        /// Whether the owner confirmed to be the one whom the manifest names.
        bool accepted;
    }

    /// A right was paid what it earned since the last claim, or another model's pot was credited.
    /// @param model The model that earned.
    /// @param index The position in that model's lineage.
    /// @param account Who was paid; zero where a pot was credited.
    /// @param amount The payment in wei.
    event Claimed(bytes32 indexed model, uint32 indexed index, bytes32 indexed account, uint256 amount);

    /// A right has a new owner, who counts as unconfirmed until they accept.
    event RightTransferred(bytes32 indexed model, uint16 indexed contributor, bytes32 indexed account);

    /// The owner of a right confirmed to be the contributor whom the manifest names.
    event RightAccepted(bytes32 indexed model, uint16 indexed contributor);

    /// The flattened lineage of a model, at most 64 entries; empty if there is no such model.
    /// @custom:selector 0x5d676891
    function lineage(bytes32 model) external view returns (Entry[] memory entries);

    /// The right of a contributor. Reverts with "UnknownRight" where the manifest names nobody at
    /// this position.
    /// @custom:selector 0x0fbc58c5
    function right(bytes32 model, uint16 contributor) external view returns (Right memory info);

    /// What an entry of a model's lineage ever earned, and what of it was claimed, in wei. Reverts
    /// with "UnknownRight" where the lineage has no entry at `index`.
    /// @custom:selector 0x9a20631e
    function entitlement(bytes32 model, uint32 index) external view returns (uint256 earned, uint256 claimed);

    /// Everything that a model's contributors ever earned, in wei; 0 if there is no such model.
    /// @custom:selector 0xd38fb44c
    function totalCredited(bytes32 model) external view returns (uint256 total);

    /// Pays an entry of a model's lineage what it earned since its last claim. Anyone may call; the
    /// owner is paid. Reverts with "NothingToClaim", or with "BelowExistentialDeposit" where the
    /// owner's account could not live on the amount, which then stays and adds up.
    /// @return amount What was paid, in wei.
    /// @custom:selector 0x1bcc8d25
    function claim(bytes32 model, uint32 index) external returns (uint256 amount);

    /// Gives a right that the caller owns to another account, with what it earned and nobody
    /// claimed. Reverts with "NotOwner" where it is not the caller's.
    /// @custom:selector 0xb7aa20b3
    function transferRight(bytes32 model, uint16 contributor, bytes32 account) external;

    /// Confirms that the caller is the contributor whom a manifest names.
    /// @custom:selector 0x55a52c40
    function acceptRight(bytes32 model, uint16 contributor) external;
}
