//! An emergency stops new requests, and nothing else.

use crate::{mock::*, Error, Event, Paused};
use countersign_primitives::request::RequestStatus;
use frame_support::{assert_err, assert_noop, assert_ok, assert_storage_noop};
use sp_runtime::DispatchError;

#[test]
fn a_pause_refuses_new_requests_and_lets_open_ones_end() {
	ExtBuilder::default().build_and_execute(|| {
		let to_answer = assigned();
		let waiting = answered();
		assert_noop!(
			Inference::set_paused(RuntimeOrigin::signed(alice()), true),
			DispatchError::BadOrigin
		);
		assert_ok!(Inference::set_paused(RuntimeOrigin::root(), true));
		System::assert_last_event(Event::<Test>::PauseChanged { paused: true }.into());
		assert!(Paused::<Test>::get());
		assert_storage_noop!(assert_err!(ask().send(), Error::<Test>::Paused));
		assert_ok!(answer(&to_answer));
		run_blocks(61);
		assert_eq!(status(&to_answer), RequestStatus::Settled);
		assert_eq!(status(&waiting), RequestStatus::Settled);
		assert_ok!(Inference::set_paused(RuntimeOrigin::root(), false));
		assert_ok!(ask().send());
	});
}
