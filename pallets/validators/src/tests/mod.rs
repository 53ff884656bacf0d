//! Tests, by what a validator does.

mod bonding;
mod breaker;
mod consensus;
mod cover;
mod evidence;
mod genesis;
mod leaving;
mod parameters;
mod properties;
mod pruning;
mod sessions;
mod slashing;
mod try_state;

use crate::mock::*;
use countersign_primitives::{
	keys::{InferencePair, InferenceSignature},
	offence::{OffenceKind, OffenceReport, SignedStatement},
	request::{OutcomeCommitment, Role, Statement},
	AccountId, Balance, Hash, SessionIndex,
};
use frame_support::traits::fungible::Inspect;
use sp_application_crypto::Pair;

fn signed(n: u32) -> RuntimeOrigin {
	RuntimeOrigin::signed(account(n))
}

/// The candidates in the order of the list.
fn candidates() -> Vec<AccountId> {
	crate::Candidates::<Test>::get().iter().map(|c| c.account.clone()).collect()
}

/// Accounts by number.
fn accounts(numbers: impl IntoIterator<Item = u32>) -> Vec<AccountId> {
	numbers.into_iter().map(account).collect()
}

/// The pair of the inference key with this number.
fn pair(n: u32) -> InferencePair {
	InferencePair::from_string(&format!("//{n}"), None).unwrap()
}

/// What validator `n`, at position `n - 1` of the current session, says about a request.
fn statement(n: u32, request: u32, answer: u8) -> Statement {
	Statement {
		genesis: System::block_hash(0),
		request: Hash::from_low_u64_be(request.into()),
		model: Hash::repeat_byte(7),
		role: Role::Executor,
		session: Session::current_index(),
		validator: n - 1,
		input: Hash::repeat_byte(8),
		outcome: OutcomeCommitment::Output(Hash::repeat_byte(answer)),
		attribution: Hash::repeat_byte(9),
		signer: pair(n).public(),
	}
}

fn sign(n: u32, statement: Statement) -> SignedStatement {
	let signature: InferenceSignature = pair(n).sign(&statement.signing_payload());
	SignedStatement { statement, signature }
}

/// What is proved against validator `n`, at position `n - 1` of the current session.
fn proved(kind: OffenceKind, n: u32, request: u32, amount: Balance) -> OffenceReport {
	OffenceReport {
		kind,
		session: Session::current_index(),
		validator: n - 1,
		request: Hash::from_low_u64_be(request.into()),
		role: Role::Executor,
		amount,
		version: (kind == OffenceKind::WrongResult).then_some(1),
		reporter: None,
	}
}

/// Begins a session, and does what the hooks of its blocks do.
fn settle_to(session: SessionIndex) {
	while Session::current_index() < session {
		rotate_to(Session::current_index() + 1);
		work_off();
	}
}

/// Does what hooks do until nothing is left to do in this session.
fn work_off() {
	for _ in 0..10_000 {
		let done = Validators::prune()
			+ Validators::apply_due_slashes()
			+ Validators::prune_reports()
			+ Validators::thaw();
		if done == 0 {
			return;
		}
	}
	panic!("the hooks always find more to do");
}

fn issuance() -> Balance {
	Balances::total_issuance()
}

/// Numbers that are the same in every run (xorshift).
struct Random(u64);

impl Random {
	fn next(&mut self) -> u64 {
		self.0 ^= self.0 << 13;
		self.0 ^= self.0 >> 7;
		self.0 ^= self.0 << 17;
		self.0
	}
	fn below(&mut self, end: usize) -> usize {
		// Not the lowest bits, which repeat soonest.
		((self.next() >> 11) % end as u64) as usize
	}
	fn hash(&mut self) -> Hash {
		Hash::from_low_u64_be(self.next())
	}
}
