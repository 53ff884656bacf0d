//! Packages that are staged over blocks.

use crate::{mock::*, types::MAX_STAGED_EACH, Chunks, Error, Event, HoldReason, Stagings};
use countersign_primitives::{
	dispute::{
		staging_id, PackageSource, StagingId, Verdict, Witness, MAX_STAGED_PACKAGE, STAGED_CHUNK,
	},
	Hash,
};
use frame_support::{assert_noop, assert_ok};

const CHUNK: usize = STAGED_CHUNK as usize;

fn signed() -> RuntimeOrigin {
	RuntimeOrigin::signed(challenger())
}

fn open(length: u32) -> StagingId {
	let root = Hash::repeat_byte(3);
	assert_ok!(Disputes::stage(signed(), root, length));
	staging_id(&challenger(), &root)
}

fn post(id: StagingId, first: u32, bytes: Vec<u8>) -> sp_runtime::DispatchResult {
	Disputes::stage_chunks(signed(), id, first, bytes.try_into().unwrap())
}

#[test]
fn chunks_come_in_any_order() {
	build_and_execute(|| {
		let length = 3 * STAGED_CHUNK + 5;
		let id = open(length);
		let deposit = Disputes::staging_deposit(length);
		assert_eq!(on_hold(HoldReason::Staging, &challenger()), deposit);
		assert_ok!(post(id, 3, vec![4; 5]));
		assert_ok!(post(id, 1, [vec![2; CHUNK], vec![3; CHUNK]].concat()));
		assert_eq!(Disputes::staged(id), Some((length - STAGED_CHUNK, length)));
		let root = Hash::repeat_byte(3);
		assert!(Disputes::staged_package(&id, &root).is_none());
		assert_ok!(post(id, 0, vec![1; CHUNK]));
		assert_eq!(last_event(), Event::StagingComplete { id });
		let whole = [vec![1; CHUNK], vec![2; CHUNK], vec![3; CHUNK], vec![4; 5]].concat();
		let found: Vec<u8> =
			(0..4).flat_map(|index| Chunks::<Test>::get(id, index).unwrap().into_inner()).collect();
		assert_eq!(found, whole);
		assert!(Disputes::staged_package(&id, &root).is_some());
		assert!(Disputes::staged_package(&id, &Hash::zero()).is_none(), "of another program");
	});
}

#[test]
fn what_does_not_fit_its_place_is_refused() {
	build_and_execute(|| {
		for length in [0, MAX_STAGED_PACKAGE + 1] {
			assert_noop!(Disputes::stage(signed(), Hash::zero(), length), Error::<Test>::BadLength);
		}
		let id = open(2 * STAGED_CHUNK + 5);
		let root = Hash::repeat_byte(3);
		assert_noop!(Disputes::stage(signed(), root, 5), Error::<Test>::AlreadyStaged);
		assert_noop!(post(Hash::zero(), 0, vec![1]), Error::<Test>::NotStaged);
		for (first, bytes) in [
			(0, vec![]),
			(0, vec![1; CHUNK - 1]),
			(0, vec![1; CHUNK + 1]),
			(2, vec![1; 4]),
			(2, vec![1; 6]),
			(3, vec![1; 5]),
			(1, vec![1; 2 * CHUNK]),
			(u32::MAX, vec![1; 5]),
		] {
			assert_noop!(post(id, first, bytes), Error::<Test>::BadChunk);
		}
		assert_ok!(post(id, 1, vec![1; CHUNK]));
		assert_noop!(post(id, 1, vec![1; CHUNK]), Error::<Test>::ChunkThere);
		assert_noop!(post(id, 0, vec![1; 2 * CHUNK]), Error::<Test>::ChunkThere);
		let other = RuntimeOrigin::signed(validator(1));
		let chunk = vec![1; CHUNK].try_into().unwrap();
		assert_noop!(Disputes::stage_chunks(other.clone(), id, 0, chunk), Error::<Test>::NotOwner);
		assert_noop!(Disputes::unstage(other, id), Error::<Test>::NotOwner);
		assert_noop!(Disputes::unstage(signed(), Hash::zero()), Error::<Test>::NotStaged);
	});
}

#[test]
fn an_account_stages_a_few_at_a_time() {
	build_and_execute(|| {
		for byte in 0..MAX_STAGED_EACH as u8 {
			assert_ok!(Disputes::stage(signed(), Hash::repeat_byte(byte), 1));
		}
		let one_more = Disputes::stage(signed(), Hash::repeat_byte(99), 1);
		assert_noop!(one_more, Error::<Test>::TooManyStaged);
		let id = staging_id(&challenger(), &Hash::zero());
		assert_ok!(Disputes::unstage(signed(), id));
		next_block();
		assert_ok!(Disputes::stage(signed(), Hash::repeat_byte(99), 1));
	});
}

#[test]
fn a_deposit_needs_funds() {
	build_and_execute(|| {
		let poor = RuntimeOrigin::signed(account(9));
		assert!(Disputes::stage(poor, Hash::zero(), 10).is_err());
		assert_eq!(Stagings::<Test>::iter().count(), 0);
	});
}

#[test]
fn what_expires_is_removed_over_blocks_and_the_deposit_goes_back() {
	build_and_execute(|| {
		let ours = free(&challenger());
		let chunks = 40;
		let id = open(chunks * STAGED_CHUNK);
		for first in (0..chunks).step_by(8) {
			assert_ok!(post(id, first, vec![7; 8 * CHUNK]));
		}
		run_to(1 + STAGING_PERIOD);
		assert_eq!(Chunks::<Test>::iter_prefix(id).count(), chunks as usize);
		assert!(
			Disputes::staged_package(&id, &Hash::repeat_byte(3)).is_none(),
			"nothing is used while it is removed"
		);
		assert_noop!(post(id, 0, vec![7; CHUNK]), Error::<Test>::Expired);
		assert_noop!(Disputes::unstage(signed(), id), Error::<Test>::Expired);
		next_block();
		assert_eq!(Chunks::<Test>::iter_prefix(id).count(), 8, "32 a block");
		Disputes::do_try_state().unwrap();
		next_block();
		assert_eq!(Chunks::<Test>::iter_prefix(id).count(), 0);
		assert_eq!(Stagings::<Test>::get(id), None);
		assert_eq!(free(&challenger()), ours);
		assert_eq!(on_hold(HoldReason::Staging, &challenger()), 0);
	});
}

#[test]
fn what_is_unstaged_is_removed_at_once() {
	build_and_execute(|| {
		let ours = free(&challenger());
		let id = open(STAGED_CHUNK);
		assert_ok!(post(id, 0, vec![7; CHUNK]));
		assert_ok!(Disputes::unstage(signed(), id));
		assert_noop!(Disputes::unstage(signed(), id), Error::<Test>::Expired);
		next_block();
		assert_eq!(Stagings::<Test>::get(id), None);
		assert_eq!(free(&challenger()), ours);
	});
}

#[test]
fn a_replay_takes_a_staged_package_of_anyone() {
	build_and_execute(|| {
		let package = package();
		let root = root_of(&package);
		assert_ok!(Disputes::stage(signed(), root, package.len() as u32));
		let id = staging_id(&challenger(), &root);
		assert_ok!(post(id, 0, package));
		result_off_by(1.0);
		let witness = Witness { package: PackageSource::Staged(id), input: None };
		assert_eq!(Disputes::dry_run(request(), witness.clone()), Ok(Verdict::Wrong));
		let cost = Disputes::replay_cost_of(request(), PackageSource::Staged(id)).unwrap();
		let other = RuntimeOrigin::signed(validator(2));
		assert_ok!(Disputes::dispute_by_replay(other, request(), witness, cost.effort));
		assert_eq!(end_of(&request()), Some(MockEnd::Invalidated));
	});
}
