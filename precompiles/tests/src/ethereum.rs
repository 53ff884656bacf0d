//! Transactions as Ethereum wallets sign them, through all that a transaction goes through.

use crate::contracts::wei;
use codec::Encode;
use countersign_primitives::Balance;
use countersign_runtime::{
	configs::contracts::CHAIN_ID, Executive, Revive, Runtime, RuntimeCall, RuntimeEvent, System,
	UncheckedExtrinsic,
};
use pallet_revive::{
	evm::{Account, GenericTransaction, TYPE_EIP1559},
	H160, U256,
};
use sp_runtime::{
	generic, transaction_validity::TransactionValidityError, DispatchError, TransactionOutcome,
};

/// The private keys of Ethereum's development accounts Alith, Baltathar and Charleth.
const KEYS: [&str; 3] = [
	"5fb92d6e98884f76de468fa3f6278f8807c48bebc13595d45af5bdc4da702133",
	"8075991ce870b93a8870eca0c0f91913d12f47948ca0fd25b49c6fa7cdbeee8b",
	"0b6e18cafb6ed99687ec547bd28139cafdd2bffe70e6b688025de6b445aa5c5b",
];

/// What an Ethereum wallet signs with.
pub fn signer(index: usize) -> Account {
	let key = hex::decode(KEYS[index]).expect("hexadecimal");
	Account::from_secret_key(key.try_into().expect("32 bytes"))
}

/// What came of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
	/// It did what it says.
	Worked,
	/// It is in the block and was paid for, but everything else of it was undone.
	Reverted(DispatchError),
	/// No block may have it.
	Invalid(TransactionValidityError),
}

/// A transaction to an address, before the wallet fills in the rest.
pub fn transaction(to: H160, value: Balance, data: Vec<u8>) -> GenericTransaction {
	GenericTransaction {
		to: Some(to),
		value: Some(wei(value)),
		input: data.into(),
		chain_id: Some(CHAIN_ID.into()),
		r#type: Some(TYPE_EIP1559.into()),
		..Default::default()
	}
}

/// The gas that a wallet is told to put into a transaction, or why it would fail.
pub fn estimate(from: &Account, transaction: &GenericTransaction) -> Result<U256, String> {
	let asked = GenericTransaction { from: Some(from.address()), ..transaction.clone() };
	frame_support::storage::with_transaction(|| {
		let told = Revive::eth_estimate_gas(asked, None, None);
		TransactionOutcome::Rollback(Ok::<_, DispatchError>(told))
	})
	.expect("rolled back")
	.map_err(|error| format!("{error:?}"))
}

/// A wallet fills in nonce and fee, and gas as it was estimated unless it is given; signs, and sends.
pub fn send(from: &Account, transaction: GenericTransaction) -> Sent {
	let gas = transaction.gas.unwrap_or_else(|| {
		estimate(from, &transaction).unwrap_or_else(|error| panic!("it would fail: {error}"))
	});
	let nonce = System::account_nonce(from.substrate_account());
	let filled = GenericTransaction {
		nonce: Some(transaction.nonce.unwrap_or_else(|| nonce.into())),
		gas: Some(gas),
		max_fee_per_gas: Some(Revive::evm_base_fee()),
		max_priority_fee_per_gas: Some(U256::zero()),
		..transaction
	};
	let signed = from.sign_transaction(filled.try_into_unsigned().expect("a transaction"));
	let call = RuntimeCall::from(pallet_revive::Call::<Runtime>::eth_transact {
		payload: signed.signed_payload(),
	});
	let extrinsic = UncheckedExtrinsic::from(generic::UncheckedExtrinsic::new_bare(call));
	let before = System::events().len();
	// Who makes a block drops what a transaction left that no block may have.
	let applied =
		frame_support::storage::with_transaction(|| match Executive::apply_extrinsic(extrinsic) {
			Ok(result) => TransactionOutcome::Commit(Ok::<_, DispatchError>(Ok(result))),
			Err(error) => TransactionOutcome::Rollback(Ok(Err(error))),
		})
		.expect("one way or the other");
	match applied {
		Err(error) => Sent::Invalid(error),
		Ok(result) => {
			result.expect("an Ethereum transaction succeeds as an extrinsic, whatever it does");
			let mut events = System::events().into_iter().skip(before);
			let reverted = events.find_map(|record| match record.event {
				RuntimeEvent::Revive(pallet_revive::Event::EthExtrinsicRevert {
					dispatch_error,
				}) => Some(dispatch_error),
				_ => None,
			});
			reverted.map_or(Sent::Worked, Sent::Reverted)
		}
	}
}

/// One of the chain's own calls, to the address where they are taken.
pub fn runtime_call(call: impl Into<RuntimeCall>) -> GenericTransaction {
	transaction(pallet_revive::RUNTIME_PALLETS_ADDR, 0, call.into().encode())
}
