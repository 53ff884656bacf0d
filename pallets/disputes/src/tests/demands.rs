//! Demands for what a result was made from and the chain does not have.

use crate::{mock::*, DemandCases, Demands, Error, Event, HoldReason, MAX_DEMANDS};
use codec::Encode;
use countersign_canonical::{op::Op, Model, TensorType as Type};
use countersign_primitives::{
	demand::{Piece, Showing, Wanted},
	dispute::{Verdicts, Witness},
	game::{GameMessage, GameRefusal},
	request::RequestId,
	tensor::Tensor,
	traits::Sessions,
	AccountId, Hash,
};
use countersign_programs::{examples, game::show_piece};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::Pays,
	pallet_prelude::{InvalidTransaction, TransactionSource},
	traits::Authorize,
};
use frame_system::RawOrigin;
use sp_core::Pair;
use sp_runtime::{traits::Dispatchable, DispatchError};

/// An honest result whose input is not on chain.
fn withheld() -> RequestId {
	let input = input();
	put_result(model(), &input, truth(&model(), &input), None)
}

fn demand_of(who: &AccountId, wanted: Wanted) -> Result<u128, DispatchError> {
	let fee = Disputes::demand_fee(request(), wanted.clone());
	let before = on_hold(HoldReason::Demand, who);
	Disputes::demand(RuntimeOrigin::signed(who.clone()), request(), wanted)?;
	assert_eq!(fee, Ok(on_hold(HoldReason::Demand, who) - before));
	Ok(fee.unwrap())
}

fn demand() -> u128 {
	demand_of(&challenger(), Wanted::Input).unwrap()
}

fn show(showing: Showing) -> Result<Pays, DispatchError> {
	let shown = Disputes::show(RuntimeOrigin::signed(validator(3)), request(), showing);
	shown.map(|info| info.pays_fee).map_err(|error| error.error)
}

fn show_input(input: Vec<Tensor>) -> Result<Pays, DispatchError> {
	show(Showing::input(input.encode()).unwrap())
}

fn program() -> Model {
	Model::decode(&package()).unwrap()
}

/// Leaves of one of the tensors of the program.
fn wanted_leaves(tensor: u16, first: u32, count: u8) -> Wanted {
	let program = program().program().encode().try_into().unwrap();
	Wanted::Constant { program, operators: 2, operands: 4, tensor, first, count }
}

/// A program of two inputs with so many constants of one float.
fn many_constants(count: u16) -> Vec<u8> {
	let constants = (0..count).map(|at| examples::floats(&[1], |_| at.into())).collect();
	examples::package(
		vec![examples::meta(Type::F32, &[1, 4]), examples::meta(Type::I32, &[1])],
		constants,
		vec![(Op::Concat { axis: 0 }, vec![2, 3])],
		vec![2 + count],
	)
	.encode()
}

/// What is demanded, one after the other.
fn pieces() -> Vec<Piece> {
	Demands::<Test>::iter_values().map(|demand| demand.piece).collect()
}

#[test]
fn an_input_that_is_shown_costs_who_demanded_it() {
	build_and_execute(|| {
		withheld();
		let fee = demand();
		let kept = MockResults::open_result(&request()).unwrap().final_at;
		assert!(kept >= FINAL_AT);
		let other = input_of([0.0; 4], 1);
		assert_noop!(show_input(other), Error::<Test>::WrongInput);
		assert_eq!(show_input(input()), Ok(Pays::No));
		let demand = Piece::Input.id();
		assert_eq!(last_event(), Event::Shown { request: request(), demand, burned: fee });
		assert_eq!(free(&challenger()), FUNDS - fee);
		assert_eq!(MockResults::input(&request()), Some(input().encode()));
		assert_eq!(MockResults::open_result(&request()).unwrap().final_at, FINAL_AT);
		assert_noop!(show_input(input()), Error::<Test>::NoGame);
		assert_noop!(demand_of(&challenger(), Wanted::Input), Error::<Test>::NothingToDemand);
		run_to(40);
		assert_eq!(end_of(&request()), None);
	});
}

#[test]
fn what_nobody_shows_costs_the_cover() {
	for wanted in [Wanted::Input, Wanted::Program, wanted_leaves(2, 0, 1)] {
		build_and_execute(|| {
			withheld();
			demand_of(&challenger(), wanted.clone()).unwrap();
			assert_noop!(demand_of(&validator(2), wanted.clone()), Error::<Test>::NothingToDemand);
			run_to(21);
			assert_eq!(end_of(&request()), None);
			HasRoom::set(false);
			next_block();
			assert_eq!(end_of(&request()), None, "there is no room for the receipt");
			let showing = match pieces().remove(0) {
				Piece::Input => Showing::input(input().encode()),
				piece => show_piece(&program(), &piece),
			};
			assert_noop!(show(showing.unwrap()), Error::<Test>::TooLate);
			HasRoom::set(true);
			next_block();
			assert_eq!(end_of(&request()), Some(MockEnd::Invalidated));
			let report = Reports::get(request()).unwrap();
			assert_eq!((report.2, report.3, report.4), (COVER, None, Some(challenger())));
			assert_eq!(free(&challenger()), FUNDS, "nothing of it is lost");
			assert!(System::events().iter().any(|record| matches!(
				record.event,
				RuntimeEvent::Disputes(Event::Withheld { slash: COVER, .. })
			)));
			assert!(pieces().is_empty());
		});
	}
}

#[test]
fn a_program_is_shown_at_the_price_of_its_length() {
	build_and_execute(|| {
		withheld();
		let fee = demand_of(&challenger(), Wanted::Program).unwrap();
		let model = program();
		let mut other = model.program().encode();
		other[3] ^= 1;
		let other = Showing::Program(other.try_into().unwrap());
		assert_noop!(show(other), Error::<Test>::WrongPackage);
		assert_noop!(show_input(input()), Error::<Test>::NoGame);
		let showing = show_piece(&model, &Piece::Program).unwrap();
		let length = u128::from(showing.length());
		assert_eq!(show(showing), Ok(Pays::No));
		let burned = FUNDS - free(&challenger());
		let (most, envelope) = (1 << 20, 512);
		assert_eq!(burned, fee * (length + envelope) / (most + envelope));
		assert!(burned > 0 && burned < fee / 100, "it is short");
		assert_eq!(MockResults::open_result(&request()).unwrap().final_at, FINAL_AT);
	});
}

#[test]
fn leaves_of_constants_are_shown_with_their_paths() {
	build_and_execute(|| {
		withheld();
		// Neither an input nor a result is a constant, and the second constant has one leaf.
		for (wanted, error) in [
			(wanted_leaves(0, 0, 1), Error::<Test>::NothingToDemand),
			(wanted_leaves(4, 0, 1), Error::<Test>::NothingToDemand),
			(wanted_leaves(99, 0, 1), Error::<Test>::NothingToDemand),
			(wanted_leaves(3, 0, 0), Error::<Test>::WrongCount),
			(wanted_leaves(3, 0, 2), Error::<Test>::WrongCount),
			(wanted_leaves(3, u32::MAX, 1), Error::<Test>::WrongCount),
		] {
			assert_noop!(demand_of(&challenger(), wanted), error);
		}
		let mut undeclared = wanted_leaves(3, 0, 1);
		let Wanted::Constant { operands, .. } = &mut undeclared else { panic!() };
		*operands = 3;
		assert_noop!(demand_of(&challenger(), undeclared), Error::<Test>::WrongPackage);

		let fee = demand_of(&challenger(), wanted_leaves(3, 0, 1)).unwrap();
		let piece = pieces().remove(0);
		let right = show_piece(&program(), &piece).unwrap();
		let Showing::Constant { demand, leaves } = right.clone() else { panic!() };
		let mut forged = leaves.clone();
		forged[0].bytes[0] ^= 1;
		let mut moved = leaves.clone();
		moved[0].leaf = 1;
		let mut of_other = leaves.clone();
		of_other[0].tensor = 2;
		for (leaves, error) in [
			(forged, Error::<Test>::WrongHash),
			(moved, Error::<Test>::WrongCount),
			(of_other, Error::<Test>::WrongCount),
			(Default::default(), Error::<Test>::WrongCount),
		] {
			assert_noop!(show(Showing::Constant { demand, leaves }), error);
		}
		let stray = Showing::Constant { demand: Hash::zero(), leaves };
		assert_noop!(show(stray), Error::<Test>::NoGame);
		assert_eq!(show(right), Ok(Pays::No));
		assert_eq!(free(&challenger()), FUNDS - fee);
	});
}

#[test]
fn a_stored_program_is_not_demanded() {
	build_and_execute(|| {
		withheld();
		PackageTable::insert(model(), package());
		for wanted in [Wanted::Program, wanted_leaves(2, 0, 1)] {
			assert_noop!(demand_of(&challenger(), wanted), Error::<Test>::NothingToDemand);
		}
		demand();
	});
}

/// Programs with many constants have many pieces: each further one costs twice as much, and none of
/// them keeps anybody from the input.
#[test]
fn demands_at_one_time_become_dear() {
	build_and_execute(|| {
		let package = many_constants(40);
		let root = root_of(&package);
		ManifestTable::mutate(model(), |manifest| {
			manifest.as_mut().unwrap().program.as_mut().unwrap().root = root;
		});
		withheld();
		let model = Model::decode(&package).unwrap();
		let wanted = |tensor: u16| Wanted::Constant {
			program: model.program().encode().try_into().unwrap(),
			operators: 1,
			operands: 2,
			tensor,
			first: 0,
			count: 1,
		};
		let first = demand_of(&challenger(), wanted(2)).unwrap();
		for at in 1..MAX_DEMANDS {
			let fee = demand_of(&challenger(), wanted(2 + u16::from(at))).unwrap();
			assert_eq!(fee, first << at);
		}
		assert_noop!(demand_of(&validator(2), wanted(30)), Error::<Test>::TooManyDemands);
		assert_eq!(Disputes::demand_fee(request(), wanted(30)), Err(GameRefusal::TooManyDemands));
		let fee = demand_of(&validator(2), Wanted::Input).unwrap();
		assert!(fee < 2 * first);
		assert_eq!(DemandCases::<Test>::get(request()).unwrap().on, MAX_DEMANDS + 1);
		// All are shown, in one page of a client's.
		let page = Disputes::demands(None, 64);
		assert_eq!(page.len(), usize::from(MAX_DEMANDS) + 1);
		let after = page[3].clone();
		assert_eq!(Disputes::demands(Some((after.request, after.demand)), 64), page[4..]);
		for view in page {
			let showing = match &view.piece {
				Piece::Input => Showing::input(input().encode()),
				piece => show_piece(&model, piece),
			};
			assert_ok!(show(showing.unwrap()));
		}
		assert_eq!(DemandCases::<Test>::get(request()), None);
		assert_eq!(MockResults::open_result(&request()).unwrap().final_at, FINAL_AT);
	});
}

/// What is decided needs no input; what else is demanded of it goes back in its own time.
#[test]
fn what_is_decided_meanwhile_needs_nothing_shown() {
	build_and_execute(|| {
		withheld();
		demand();
		demand_of(&validator(1), Wanted::Program).unwrap();
		let input = Some(input().encode().try_into().unwrap());
		let witness = Witness { input, ..inline() };
		assert_ok!(Disputes::confirm_by_replay(
			RuntimeOrigin::signed(validator(2)),
			request(),
			witness,
			effort(),
		));
		assert_eq!(free(&challenger()), FUNDS);
		assert_eq!(pieces(), [Piece::Program]);
		assert!(Disputes::demands(None, 64).is_empty());
		run_to(24);
		assert!(pieces().is_empty());
		assert_eq!(free(&validator(1)), FUNDS);
		assert_eq!(end_of(&request()), Some(MockEnd::Upheld));
	});
}

#[test]
fn a_validator_shows_it_by_its_key() {
	build_and_execute(|| {
		withheld();
		let showing = Showing::input(input().encode()).unwrap();
		let message = GameMessage {
			genesis: Hash::repeat_byte(0x47),
			request: request(),
			branch: 0,
			step: 0,
			session: SESSION,
			validator: MockSessions::position(&executor()).unwrap(),
			signer: pair_of(&executor()).public(),
			content: GameMessage::content_of(&showing),
		};
		let signature = pair_of(&executor()).sign(&message.signing_payload());
		let call: RuntimeCall = crate::Call::show_by_key { message, showing, signature }.into();
		let authorize = || call.authorize(TransactionSource::External).unwrap();
		assert_eq!(authorize().map(|_| ()), Err(InvalidTransaction::Stale.into()));
		demand();
		assert_ok!(authorize());
		call.clone().dispatch(RawOrigin::Authorized.into()).unwrap();
		assert_eq!(authorize().map(|_| ()), Err(InvalidTransaction::Stale.into()));
		assert!(MockResults::input(&request()).is_some());
	});
}
