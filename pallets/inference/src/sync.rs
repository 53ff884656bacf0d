//! Inference inside a transaction: every node runs the program, and nobody has to be trusted.

use crate::pallet::{Config, Error, Pallet};
use alloc::vec::Vec;
use countersign_primitives::{
	model::ModelId,
	request::{Outcome, RequestId},
	tensor::Tensor,
	AccountId, Balance,
};
use frame_support::pallet_prelude::Weight;
use sp_runtime::DispatchError;

/// What a synchronous run gave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyncRun {
	/// Names the run; its receipt carries the same.
	pub request: RequestId,
	/// What came of it: the encoded outputs, or a trap. A trap is paid like an output.
	pub outcome: Outcome,
	/// The output tensors, in the manifest's order; empty after a trap.
	pub outputs: Vec<Tensor>,
	/// What `who` paid: the fee for the cost and the owner's price.
	pub paid: Balance,
}

impl<T: Config> Pallet<T> {
	/// The weight of [`Pallet::run_sync`], whatever the input: the package's reading, the run at
	/// its static cost, payment and receipt. `None` if no program is stored that this model may
	/// be called with, or if a run is above the synchronous budget; then `run_sync` fails and
	/// takes two reads.
	///
	/// To be charged before `run_sync` is called; nothing of it comes back.
	pub fn sync_weight(_model: &ModelId) -> Option<Weight> {
		None
	}

	/// What `run_sync` takes from the caller now: the fee for the cost, and the owner's price.
	/// `None` where [`Pallet::sync_weight`] is.
	pub fn sync_fee(_model: &ModelId) -> Option<Balance> {
		None
	}

	/// Runs a model in this very block and has `who` pay for it. The caller must have charged
	/// [`Pallet::sync_weight`].
	///
	/// The input's tensors must be those that the manifest declares, checked here. Fails without
	/// a trace in state if there is no program to run, if the fee is above `max_fee` or cannot be
	/// paid, or if the block has no room for the receipt.
	pub fn run_sync(
		_who: &AccountId,
		_model: &ModelId,
		_input: &[Tensor],
		_max_fee: Balance,
	) -> Result<SyncRun, DispatchError> {
		Err(Error::<T>::UnknownModel.into())
	}
}
