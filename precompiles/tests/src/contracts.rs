//! Deploying and calling contracts.

use countersign_primitives::{AccountId, Balance, UNIT};
use countersign_runtime::{Revive, Runtime, RuntimeEvent, RuntimeOrigin, System};
use frame_support::weights::Weight;
use pallet_revive::{
	precompiles::alloy::{
		primitives::{B256, U256},
		sol_types::{Panic, Revert, SolCall, SolError, SolEvent},
	},
	AddressMapper, Code, ExecConfig, TransactionLimits, H160,
};
use sp_runtime::DispatchError;

/// What a transaction may take: what a block leaves to one.
pub const WEIGHT: Weight = Weight::from_parts(300_000_000_000, 30 * 1024 * 1024);
/// What a transaction may pay in deposits.
pub const DEPOSIT: Balance = 10_000 * UNIT;

/// The runtime's mapping of accounts.
pub type Mapper = <Runtime as pallet_revive::Config>::AddressMapper;

/// A contract or a precompile.
pub type Contract = H160;

/// What came of a call.
#[derive(Clone, Debug)]
pub struct Reply {
	/// What it returned, or why not.
	pub result: Result<Vec<u8>, Failure>,
	/// What it took.
	pub weight: Weight,
	/// The same as gas.
	pub gas: u128,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
	/// `revert("...")`.
	Revert(String),
	/// `Panic(code)`.
	Panic(u64),
	/// Other bytes.
	Bytes(Vec<u8>),
	/// The call trapped, or never began.
	Trap(DispatchError),
}

impl Reply {
	/// What the call returned.
	#[track_caller]
	pub fn bytes(&self) -> Vec<u8> {
		match &self.result {
			Ok(bytes) => bytes.clone(),
			Err(failure) => panic!("the call failed: {failure:?}"),
		}
	}

	/// What the function returned.
	#[track_caller]
	pub fn returns<C: SolCall>(&self) -> C::Return {
		C::abi_decode_returns_validate(&self.bytes()).expect("the function returns what it says")
	}

	/// That it reverted, and for this reason.
	#[track_caller]
	pub fn reverts(&self, reason: &str) {
		assert_eq!(self.result, Err(Failure::Revert(reason.into())));
	}

	/// That it worked.
	#[track_caller]
	pub fn works(&self) {
		self.bytes();
	}
}

fn failure(data: Vec<u8>) -> Failure {
	if let Ok(revert) = Revert::abi_decode(&data) {
		return Failure::Revert(revert.reason);
	}
	if let Ok(panic) = Panic::abi_decode(&data) {
		return Failure::Panic(panic.code.try_into().expect("a small code"));
	}
	Failure::Bytes(data)
}

/// The accounts of Ethereum wallets that have money.
pub fn wallet(index: usize) -> AccountId {
	countersign_runtime::genesis_config_presets::ethereum_accounts()[index].clone()
}

/// The address of an account.
pub fn address(account: &AccountId) -> H160 {
	Mapper::to_address(account)
}

/// The account of an address.
pub fn account(address: &H160) -> AccountId {
	Mapper::to_account_id(address)
}

/// An amount in wei.
pub fn wei(amount: Balance) -> pallet_revive::U256 {
	pallet_revive::U256::from(amount) * 1_000_000
}

/// An amount in wei, as the interfaces have it.
pub fn wei_word(amount: Balance) -> U256 {
	U256::from(amount) * U256::from(1_000_000)
}

/// Calls with everything chosen.
pub fn call_with(
	from: &AccountId,
	to: &H160,
	value: pallet_revive::U256,
	data: Vec<u8>,
	weight_limit: Weight,
) -> Reply {
	let called = Revive::bare_call(
		RuntimeOrigin::signed(from.clone()),
		*to,
		value,
		TransactionLimits::WeightAndDeposit { weight_limit, deposit_limit: DEPOSIT },
		data,
		&ExecConfig::new_substrate_tx(),
	);
	Reply {
		result: match called.result {
			Ok(returned) if returned.did_revert() => Err(failure(returned.data)),
			Ok(returned) => Ok(returned.data),
			Err(error) => Err(Failure::Trap(error)),
		},
		weight: called.weight_consumed,
		gas: called.gas_consumed,
	}
}

/// A wallet calls a function, with value.
pub fn pay(from: &AccountId, to: &H160, value: Balance, call: &impl SolCall) -> Reply {
	call_with(from, to, wei(value), call.abi_encode(), WEIGHT)
}

/// A wallet calls a function.
pub fn call(from: &AccountId, to: &H160, call: &impl SolCall) -> Reply {
	pay(from, to, 0, call)
}

/// The bytecode of one of the contracts.
pub fn bytecode(name: &str) -> Vec<u8> {
	let file = format!("{}/contracts/bytecode/{name}.hex", env!("CARGO_MANIFEST_DIR"));
	let text = std::fs::read_to_string(&file)
		.unwrap_or_else(|error| panic!("{file}: {error}; run `npm run compile` in contracts/"));
	hex::decode(text.trim()).expect("hexadecimal")
}

thread_local! {
	static MADE: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

/// How many contracts were made since this was asked last.
pub fn made() -> u32 {
	MADE.with(|count| count.replace(0))
}

/// Counts a contract that was made: its existential deposit is minted.
pub(crate) fn count_made() {
	MADE.with(|count| count.set(count.get() + 1));
}

/// Deploys a contract with encoded arguments for its constructor.
#[track_caller]
pub fn deploy(name: &str, arguments: Vec<u8>, value: Balance) -> H160 {
	try_deploy(name, arguments, value).expect("the contract can be deployed")
}

/// Deploys a contract, if its constructor lets it.
pub fn try_deploy(name: &str, arguments: Vec<u8>, value: Balance) -> Result<H160, Failure> {
	let mut code = bytecode(name);
	code.extend(arguments);
	// As the check of a transaction's nonce does before it is dispatched.
	System::inc_account_nonce(wallet(0));
	let made = Revive::bare_instantiate(
		RuntimeOrigin::signed(wallet(0)),
		wei(value),
		TransactionLimits::WeightAndDeposit { weight_limit: WEIGHT, deposit_limit: DEPOSIT },
		Code::Upload(code),
		Vec::new(),
		None,
		&ExecConfig::new_substrate_tx(),
	);
	match made.result {
		Ok(made) if made.result.did_revert() => Err(failure(made.result.data)),
		Ok(made) => {
			count_made();
			Ok(made.addr)
		}
		Err(error) => Err(Failure::Trap(error)),
	}
}

/// The logs of a kind that a contract or precompile left in this block.
pub fn logs<E: SolEvent>(of: &H160) -> Vec<E> {
	System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::Revive(pallet_revive::Event::ContractEmitted {
				contract,
				data,
				topics,
			}) if contract == *of => {
				let topics = topics.iter().map(|topic| B256::from(topic.0));
				E::decode_raw_log_validate(topics, &data).ok()
			}
			_ => None,
		})
		.collect()
}
