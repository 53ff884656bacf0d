//! What holds after any sequence of calls.

use super::*;
use crate::{ConsensusOffences, Exposure, Ledgers, Slashes, MAX_UNBONDING};
use countersign_primitives::{
	traits::{Bonds, Offences},
	UNIT,
};
use proptest::prelude::*;
use sp_runtime::{DispatchError, Perbill};
use sp_staking::offence::{Kind, Offence, ReportOffence};

/// Who may act: three validators of genesis, and two newcomers.
const ACTORS: u32 = 5;

#[derive(Clone, Debug)]
enum Action {
	Bond(u32, Balance),
	BondMore(u32, Balance),
	Unbond(u32, Balance),
	Leave(u32),
	Rejoin(u32),
	Withdraw(u32),
	SetKeys(u32, u32),
	Reserve(u32, Balance),
	Release(u32, Balance),
	Sessions(u32),
	/// Kind, position, session back, request, amount.
	Offence(OffenceKind, u32, SessionIndex, u32, Balance),
	/// Who, and in which slot.
	Consensus(u32, u8),
	Cancel(u32),
	Lift,
	/// Everything that hooks still have to do.
	Blocks,
}

/// An offence of consensus by one validator.
struct Fault {
	slot: u8,
	offender: (AccountId, Exposure),
}

impl Offence<(AccountId, Exposure)> for Fault {
	const ID: Kind = *b"grandpa:equivoca";
	type Slot = u8;
	fn offenders(&self) -> Vec<(AccountId, Exposure)> {
		vec![self.offender.clone()]
	}
	fn session_index(&self) -> SessionIndex {
		Session::current_index()
	}
	fn validator_set_count(&self) -> u32 {
		4
	}
	fn slot(&self) -> u8 {
		self.slot
	}
	fn slash_fraction(&self, _: u32) -> Perbill {
		Perbill::one()
	}
}

/// Around what matters: the minimum, its multiples, and the ends of the scale.
fn amount() -> impl Strategy<Value = Balance> {
	prop_oneof![
		6 => (0u128..6 * MINIMUM / UNIT).prop_map(|tokens| tokens * UNIT),
		2 => Just(MINIMUM),
		1 => 0u128..3,
		1 => Just(ENDOWMENT),
		1 => any::<u128>(),
	]
}

fn action() -> impl Strategy<Value = Action> {
	let who = || 1..=ACTORS;
	prop_oneof![
		2 => (who(), amount()).prop_map(|(n, a)| Action::Bond(n, a)),
		2 => (who(), amount()).prop_map(|(n, a)| Action::BondMore(n, a)),
		4 => (who(), amount()).prop_map(|(n, a)| Action::Unbond(n, a)),
		2 => who().prop_map(Action::Leave),
		2 => who().prop_map(Action::Rejoin),
		3 => who().prop_map(Action::Withdraw),
		1 => (who(), 1u32..9).prop_map(|(n, key)| Action::SetKeys(n, key)),
		4 => (who(), amount()).prop_map(|(n, a)| Action::Reserve(n, a)),
		2 => (who(), amount()).prop_map(|(n, a)| Action::Release(n, a)),
		3 => (1u32..25).prop_map(Action::Sessions),
		3 => Just(Action::Sessions(1)),
		6 => (
			prop_oneof![
				Just(OffenceKind::Equivocation),
				Just(OffenceKind::WrongResult),
				Just(OffenceKind::Unavailable),
				Just(OffenceKind::BrokenCommit),
			],
			0u32..4,
			0u32..12,
			0u32..3,
			amount(),
		)
			.prop_map(|(kind, position, back, request, amount)| {
				Action::Offence(kind, position, back, request, amount)
			}),
		3 => (who(), 0u8..3).prop_map(|(n, slot)| Action::Consensus(n, slot)),
		1 => (0u32..12).prop_map(Action::Cancel),
		1 => Just(Action::Lift),
		4 => Just(Action::Blocks),
	]
}

/// Whether the action succeeded.
fn apply(action: Action) -> bool {
	use frame_support::dispatch::{DispatchResult, GetDispatchInfo};
	use sp_runtime::traits::Dispatchable;
	let call = |n: u32, call: crate::Call<Test>| -> DispatchResult {
		let call = RuntimeCall::Validators(call);
		assert!(call.get_dispatch_info().call_weight.all_gt(Default::default()));
		call.dispatch(signed(n)).map(|_| ()).map_err(|e| e.error)
	};
	match action {
		Action::Bond(n, amount) => call(n, crate::Call::bond { amount }),
		Action::BondMore(n, amount) => call(n, crate::Call::bond_more { amount }),
		Action::Unbond(n, amount) => call(n, crate::Call::unbond { amount }),
		Action::Leave(n) => call(n, crate::Call::leave {}),
		Action::Rejoin(n) => call(n, crate::Call::rejoin {}),
		Action::Withdraw(n) => call(n, crate::Call::withdraw {}),
		Action::SetKeys(n, key) => {
			let (keys, proof) = keys_and_proof(&account(n), key);
			let call = RuntimeCall::Session(pallet_session::Call::set_keys { keys, proof });
			call.dispatch(signed(n)).map(|_| ()).map_err(|e| e.error)
		}
		Action::Reserve(n, amount) => Validators::reserve_cover(&account(n), amount),
		Action::Release(n, amount) => {
			Validators::release_cover(&account(n), amount);
			Ok(())
		}
		Action::Sessions(count) => {
			for _ in 0..count {
				Session::rotate_session();
				Validators::prune();
				Validators::apply_due_slashes();
				Validators::prune_reports();
				Validators::thaw();
			}
			Ok(())
		}
		Action::Offence(kind, validator, back, request, amount) => {
			Validators::report(OffenceReport {
				session: Session::current_index().saturating_sub(back),
				validator,
				role: Role::Auditor((amount % 2) as u8),
				reporter: (request % 2 == 0).then(|| account(9)),
				..proved(kind, 1, request, amount)
			})
			.map(|_| ())
		}
		Action::Consensus(n, slot) => {
			let bond = Validators::bonded(&account(n));
			let offender = (account(n), Exposure { bond });
			<ConsensusOffences<Test>>::report_offence(vec![account(9)], Fault { slot, offender })
				.map_err(|_| DispatchError::Unavailable)
		}
		Action::Cancel(back) => {
			let slash = crate::NextSlash::<Test>::get().wrapping_sub(back);
			Validators::cancel_slash(RuntimeOrigin::root(), slash)
		}
		Action::Lift => Validators::lift_suspension(RuntimeOrigin::root(), 1),
		Action::Blocks => {
			work_off();
			Ok(())
		}
	}
	.is_ok()
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(192))]

	#[test]
	fn stake_moves_by_slashes_alone_and_covers_stay_within_half_of_the_bond(
		actions in proptest::collection::vec(action(), 1..80),
	) {
		ExtBuilder::default().build().execute_with(|| {
			let mut totals: Vec<_> =
				(1..=ACTORS).map(|n| Balances::total_balance(&account(n))).collect();
			let mut slashed_once = std::collections::BTreeSet::new();
			for action in actions {
				let root = sp_io::storage::root(sp_core::storage::StateVersion::V1);
				let described = format!("{action:?}");
				let before = issuance();
				events();
				let done = apply(action);
				if !done {
					let after = sp_io::storage::root(sp_core::storage::StateVersion::V1);
					assert_eq!(root, after, "{described} failed, and changed something");
				}
				Validators::do_try_state()
					.unwrap_or_else(|error| panic!("{described}: {error:?}"));
				// What left an account is what its slashes say, each of which took once and no
				// more than it stood for.
				let mut burned_in_all = 0;
				for event in events() {
					let crate::Event::Slashed { slash, validator, amount, burned, .. } = event
					else {
						continue;
					};
					assert!(slashed_once.insert(slash), "{described}: slashed twice");
					assert!(amount - burned <= amount / 10);
					burned_in_all += burned;
					let total = (1..=ACTORS)
						.find(|n| account(*n) == validator)
						.and_then(|n| totals.get_mut(n as usize - 1))
						.expect("only they were reported");
					*total -= amount;
				}
				assert_eq!(before - issuance(), burned_in_all, "{described}");
				for n in 1..=ACTORS {
					let who = account(n);
					let total = Balances::total_balance(&who);
					assert_eq!(Some(&total), totals.get(n as usize - 1), "{described}");
					let ledger = Ledgers::<Test>::get(&who).unwrap_or_default();
					assert_eq!(held(&who), ledger.held());
					assert!(ledger.owed() <= ledger.held(), "{described}");
					assert!(
						Validators::free_cover(&who) == 0
							|| Validators::free_cover(&who) + ledger.reserved
								+ ledger.pending.covers <= ledger.bonded / 2,
						"{described}: more than half of the bond is reserved"
					);
					assert!(ledger.unbonding.len() as u32 <= MAX_UNBONDING);
					if ledger.leaving.is_none() && ledger.bonded >= MINIMUM {
						assert!(Validators::is_validator(&who));
					}
				}
				assert!(!Session::validators().is_empty());
			}
			// In the end nothing stands on any bond but what is frozen.
			let _ = apply(Action::Lift);
			apply(Action::Sessions(14));
			work_off();
			if !Validators::is_suspended(1) {
				assert_eq!(Slashes::<Test>::iter_keys().count(), 0);
			}
			Validators::do_try_state().unwrap();
		});
	}

	#[test]
	fn nothing_is_released_before_the_unbonding_period(
		bond in MINIMUM..10 * MINIMUM,
		part in 1u128..10 * MINIMUM,
		wait in 0u32..60,
	) {
		ExtBuilder::default().build().execute_with(|| -> Result<(), TestCaseError> {
			prop_assert!(apply(Action::Bond(4, bond)));
			apply(Action::Unbond(4, part));
			prop_assert!(apply(Action::Leave(4)));
			apply(Action::Sessions(wait));
			prop_assert!(!apply(Action::Withdraw(4)));
			prop_assert_eq!(held(&account(4)), bond);
			apply(Action::Sessions(60 - wait));
			prop_assert!(apply(Action::Withdraw(4)));
			prop_assert_eq!(held(&account(4)), 0);
			prop_assert_eq!(Balances::free_balance(account(4)), ENDOWMENT);
			Ok(())
		})?;
	}
}
