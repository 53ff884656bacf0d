//! Inference inside a transaction: every node runs the program, and nobody has to be trusted.
//!
//! There is no request and no executor: the model's stored program runs where the call stands, the
//! result is `Final` and `Replayed` at once, and a receipt says so. The weight is charged before
//! anything runs, from the program's static cost; `docs/decisions/0042` says who is paid.

use crate::{
	pallet::{Config, Error, Event, HoldReason, Pallet, Parameters, Receipts},
	settlement::{split, Payment},
	weights::WeightInfo,
};
use alloc::vec::Vec;
use codec::Encode;
use countersign_primitives::{
	commitment::tensors_commitment,
	model::{ModelId, ModelStatus, PrecisionPolicy},
	program::{
		synchronous_id, DryRun, DryRunError, ProgramCost, ProgramSummary, SyncQuote, Trap,
		MAX_SLABS, REPLAY_BUDGET, SYNCHRONOUS_BUDGET,
	},
	request::{
		EvidenceSet, Finality, InlineBytes, Outcome, OutcomeCommitment, Receipt, RequestId,
		TrapCode,
	},
	tensor::{check_signature, decode_tensors, max_encoded_bytes, Tensor, MAX_INLINE_BYTES},
	traits::{Contributors, ModelTerms, Models, Programs, RunWeights, StoredProgram},
	AccountId, Balance,
};
use countersign_programs::{examine_given, prepare, run, Chunks, Prepared};
use frame_support::{
	ensure,
	pallet_prelude::{ConstU32, Weight},
	storage::with_storage_layer,
	traits::fungible::MutateHold,
	BoundedVec,
};
use sp_runtime::DispatchError;

/// The longest encoding of outputs that an event carries.
pub const MAX_EVENT_OUTPUT_BYTES: u32 = 1_024;
/// An output as an event carries it.
pub type EventOutput = BoundedVec<u8, ConstU32<MAX_EVENT_OUTPUT_BYTES>>;

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

/// A model that can be called inside a transaction, looked up once for one call: to weigh it, and
/// then to run it.
#[derive(Clone, Debug)]
pub struct Callable {
	model: ModelId,
	stored: StoredProgram,
	/// What reading its package, handing tensors over and running weigh.
	run: Weight,
}

impl Callable {
	/// Which model.
	pub fn model(&self) -> &ModelId {
		&self.model
	}
}

impl<T: Config> Pallet<T> {
	/// The weight of [`Pallet::look_up`].
	pub fn look_up_weight() -> Weight {
		T::Programs::look_up_weight()
	}

	/// What a call of this model has to know. `None` if no program is stored that this model may be
	/// called with, or if a run is above the synchronous budget.
	///
	/// What it says of a model never changes inside a block but to `None`.
	pub fn look_up(model: &ModelId) -> Option<Callable> {
		Self::find(model).ok()
	}

	fn find(model: &ModelId) -> Result<Callable, Error<T>> {
		let stored = T::Programs::stored(model).ok_or(Error::<T>::NoStoredProgram)?;
		let summary = &stored.summary;
		// Storing it looked at the elements of its constants.
		let cost = ProgramCost { constants: 0, ..summary.cost };
		let bytes = summary.input_bytes().saturating_add(summary.output_bytes());
		let run = T::Programs::package_weight(summary.length)
			.saturating_add(T::WeightInfo::hand_over(u32::try_from(bytes).unwrap_or(u32::MAX)))
			.saturating_add(Self::run_weight(&cost).saturating_sub(T::WeightInfo::run_macs(0)));
		let callable = Callable { model: *model, run, stored };
		let whole = Self::look_up_weight().saturating_add(Self::paid_weight(&callable));
		let fits =
			callable.stored.summary.slabs <= MAX_SLABS && whole.ref_time() <= SYNCHRONOUS_BUDGET;
		ensure!(fits, Error::<T>::AboveSynchronousBudget);
		Ok(callable)
	}

	/// The weight of [`Pallet::run_paid`], whatever the input. To be charged before; nothing of it
	/// comes back.
	pub fn paid_weight(callable: &Callable) -> Weight {
		let StoredProgram { summary, inputs, .. } = &callable.stored;
		let input = max_encoded_bytes(inputs).unwrap_or(u32::MAX).min(MAX_INLINE_BYTES);
		let output = u32::try_from(summary.output_bytes()).unwrap_or(u32::MAX);
		T::WeightInfo::infer_sync()
			.saturating_add(T::WeightInfo::commit_to_tensors(input.saturating_add(output)))
			.saturating_add(callable.run)
	}

	/// The weight of [`Pallet::run_free`], whatever the input: as [`Pallet::paid_weight`], without
	/// payment and receipt.
	pub fn free_weight(callable: &Callable) -> Weight {
		T::WeightInfo::infer_view().saturating_add(callable.run)
	}

	/// The weight of [`Pallet::run_sync`], whatever the input. `None` where [`Pallet::look_up`] is;
	/// then `run_sync` fails and takes [`Pallet::look_up_weight`].
	pub fn sync_weight(model: &ModelId) -> Option<Weight> {
		let callable = Self::look_up(model)?;
		Some(Self::look_up_weight().saturating_add(Self::paid_weight(&callable)))
	}

	/// The weight of [`Pallet::run_view`], whatever the input. `None` where [`Pallet::look_up`] is.
	pub fn view_weight(model: &ModelId) -> Option<Weight> {
		let callable = Self::look_up(model)?;
		Some(Self::look_up_weight().saturating_add(Self::free_weight(&callable)))
	}

	/// What `run_sync` takes from the caller now: the fee for the cost, and the owner's price.
	/// `None` where [`Pallet::look_up`] is, or where the model is retired or its version suspended.
	pub fn sync_fee(model: &ModelId) -> Option<Balance> {
		let callable = Self::look_up(model)?;
		let terms = Self::open_terms(model).ok()?;
		Some(Self::sync_payment(&callable.stored.summary, terms.price).paid())
	}

	/// What calling a model inside a transaction takes now.
	pub fn sync_quote(model: &ModelId) -> Option<SyncQuote> {
		Some(SyncQuote { weight: Self::sync_weight(model)?, fee: Self::sync_fee(model)? })
	}

	/// Where the fee of a call goes. There is no executor and no audit to pay: the transaction's
	/// weight pays whoever runs it, and those parts stay with the caller.
	fn sync_payment(summary: &ProgramSummary, price: Balance) -> Payment {
		let cost_fee = Parameters::<T>::get().cost_fee(summary.weighted_macs);
		let whole = split(cost_fee.saturating_add(price), cost_fee, price);
		Payment { executor: 0, audit_pot: 0, returned: 0, ..whole }
	}

	/// Runs a model in this very block and has `who` pay for it. The caller must have charged
	/// [`Pallet::sync_weight`]; one that looked the model up uses [`Pallet::run_paid`].
	///
	/// The input's tensors must be those that the manifest declares, checked here. Fails without
	/// a trace in state if there is no program to run, if the fee is above `max_fee` or cannot be
	/// paid, or if the block has no room for the receipt.
	pub fn run_sync(
		who: &AccountId,
		model: &ModelId,
		input: &[Tensor],
		max_fee: Balance,
	) -> Result<SyncRun, DispatchError> {
		// What is wrong with the model is told before what is missing of its program.
		let terms = Self::open_terms(model)?;
		let callable = Self::find(model)?;
		let package = Self::read(&callable)?;
		Self::pay_and_run(who, &callable, &terms, package, input, max_fee)
	}

	/// As [`Pallet::run_sync`], for a model that was looked up in this block.
	pub fn run_paid(
		who: &AccountId,
		callable: &Callable,
		input: &[Tensor],
		max_fee: Balance,
	) -> Result<SyncRun, DispatchError> {
		let terms = Self::open_terms(&callable.model)?;
		let package = Self::read(callable)?;
		Self::pay_and_run(who, callable, &terms, package, input, max_fee)
	}

	/// Runs a model in this very block and leaves no trace: for a caller that may only read and has
	/// charged [`Pallet::view_weight`]. Only where the owner asks no price, since nothing is paid.
	///
	/// Fails as [`Pallet::run_sync`] does, and with [`Error::PaymentRequired`].
	pub fn run_view(
		model: &ModelId,
		input: &[Tensor],
	) -> Result<(Outcome, Vec<Tensor>), DispatchError> {
		let terms = Self::open_terms(model)?;
		let callable = Self::find(model)?;
		let package = Self::read(&callable)?;
		Self::show(&callable, &terms, package, input)
	}

	/// As [`Pallet::run_view`], for a model that was looked up in this block.
	pub fn run_free(
		callable: &Callable,
		input: &[Tensor],
	) -> Result<(Outcome, Vec<Tensor>), DispatchError> {
		let terms = Self::open_terms(&callable.model)?;
		let package = Self::read(callable)?;
		Self::show(callable, &terms, package, input)
	}

	/// Runs a package that was read, where nothing is to be paid.
	pub(crate) fn show(
		callable: &Callable,
		terms: &ModelTerms,
		package: Chunks,
		input: &[Tensor],
	) -> Result<(Outcome, Vec<Tensor>), DispatchError> {
		Self::check_sync_input(&callable.stored, input)?;
		ensure!(terms.price == 0, Error::<T>::PaymentRequired);
		let (outcome, outputs, _) = Self::compute(&callable.stored, package, input)?;
		Ok((outcome, outputs))
	}

	/// Takes the fee and runs a package that was read.
	pub(crate) fn pay_and_run(
		who: &AccountId,
		callable: &Callable,
		terms: &ModelTerms,
		package: Chunks,
		input: &[Tensor],
		max_fee: Balance,
	) -> Result<SyncRun, DispatchError> {
		let Callable { model, stored, .. } = callable;
		Self::check_sync_input(stored, input)?;
		let due = Self::sync_payment(&stored.summary, terms.price);
		ensure!(due.paid() <= max_fee, Error::<T>::FeeAboveMaximum);
		ensure!(Self::has_room_for_receipt(), Error::<T>::TooManyReceipts);
		with_storage_layer(|| {
			// Whoever cannot pay is turned away before anything runs.
			T::Currency::hold(&HoldReason::Request.into(), who, due.paid())?;
			Self::run_held(who, model, stored, package, input, due)
		})
	}

	/// The terms of a model that may be called now.
	pub(crate) fn open_terms(model: &ModelId) -> Result<ModelTerms, DispatchError> {
		let terms = T::Models::terms(model, Self::now()).ok_or(Error::<T>::UnknownModel)?;
		ensure!(terms.status == ModelStatus::Active, Error::<T>::ModelRetired);
		ensure!(!Self::is_in_doubt(terms.canonical_version), Error::<T>::VersionSuspended);
		Ok(terms)
	}

	/// Whether this is an input for a model.
	fn check_sync_input(stored: &StoredProgram, input: &[Tensor]) -> Result<(), DispatchError> {
		for tensor in input {
			tensor.check().map_err(Error::<T>::from)?;
		}
		Ok(check_signature(&stored.inputs, input).map_err(Error::<T>::from)?)
	}

	/// Runs a stored program. The last part is the output as an event carries it.
	fn compute(
		stored: &StoredProgram,
		package: Chunks,
		input: &[Tensor],
	) -> Result<(Outcome, Vec<Tensor>, Option<EventOutput>), DispatchError> {
		let mut prepared = prepare(package).map_err(|_| Error::<T>::NoStoredProgram)?;
		let result = run(&mut prepared, &stored.policies, input).and_then(|outputs| {
			// What the manifest declares was compared when the program was looked up.
			let bytes = InlineBytes::try_from(outputs.encode()).map_err(|_| BAD_OUTPUT)?;
			check_signature(&stored.outputs, &outputs).map_err(|_| BAD_OUTPUT)?;
			Ok((outputs, bytes))
		});
		Ok(match result {
			Ok((outputs, bytes)) => {
				let output = (bytes.len() as u64 <= u64::from(MAX_EVENT_OUTPUT_BYTES))
					.then(|| EventOutput::truncate_from(bytes.to_vec()));
				(Outcome::Output(bytes), outputs, output)
			}
			Err(trap) => (trap.into(), Vec::new(), None),
		})
	}

	/// Runs a program whose package was read and whose fee is held.
	fn run_held(
		who: &AccountId,
		model: &ModelId,
		stored: &StoredProgram,
		package: Chunks,
		input: &[Tensor],
		due: Payment,
	) -> Result<SyncRun, DispatchError> {
		let paid = Self::pay_parts(who, None, model, due);
		let attribution = T::Contributors::commitment(model).ok_or(Error::<T>::UnknownModel)?;
		let now = Self::now();
		let commitment = tensors_commitment(input);
		let index = Receipts::<T>::decode_len(now).unwrap_or(0);
		let index = u32::try_from(index).unwrap_or(u32::MAX);
		let request = synchronous_id(&Self::genesis(), now, index, who, model, &commitment);

		let (outcome, outputs, output) = Self::compute(stored, package, input)?;
		let committed = match &outcome {
			Outcome::Output(_) => OutcomeCommitment::of_output(&outputs),
			Outcome::Trap { code, operator } => {
				OutcomeCommitment::Trap { code: *code, operator: *operator }
			}
		};
		let receipt = Receipt {
			request,
			model: *model,
			requester: who.clone(),
			executor: None,
			input: commitment,
			outcome: committed.clone(),
			attribution,
			finality: Finality::Final,
			evidence: EvidenceSet { replayed: true, ..Default::default() },
			paid: paid.paid(),
			contributors: paid.contributors,
		};
		Receipts::<T>::try_append(now, receipt).map_err(|()| Error::<T>::TooManyReceipts)?;
		Self::deposit_event(Event::Computed {
			request,
			who: who.clone(),
			model: *model,
			input: commitment,
			outcome: committed,
			output,
			treasury_paid: paid.treasury,
			burned: paid.burned,
			contributors_paid: paid.contributors,
		});
		Ok(SyncRun { request, outcome, outputs, paid: paid.paid() })
	}

	/// The package of a stored program, in the memory that it runs in.
	fn read_package(stored: &StoredProgram) -> Option<Chunks> {
		let mut package = Chunks::new();
		let room = package.extend(stored.summary.length as usize).ok()?;
		T::Programs::read(stored, room).then_some(package)
	}

	/// The package of a model that was looked up.
	pub(crate) fn read(callable: &Callable) -> Result<Chunks, DispatchError> {
		Ok(Self::read_package(&callable.stored).ok_or(Error::<T>::NoStoredProgram)?)
	}

	/// The weight of the call `infer_sync` with an input of this length.
	pub(crate) fn infer_sync_weight(model: &ModelId, length: u32) -> Weight {
		Self::sync_weight(model)
			.unwrap_or_else(Self::look_up_weight)
			.saturating_add(T::WeightInfo::hand_over(length))
	}

	/// Runs a program that nobody stored; nothing of it is trusted. The outputs are whole.
	pub fn dry_run(package: &[u8], input: &[u8]) -> Result<DryRun, DryRunError> {
		let (summary, prepared) =
			examine_given(package, sp_io::hashing::blake2_256).map_err(DryRunError::Package)?;
		Self::try_out(prepared, &[], summary, input)
	}

	/// Runs the stored program of a model, whether or not it may be called inside a transaction.
	/// The outputs are what a result of the model carries.
	pub fn dry_run_model(model: &ModelId, input: &[u8]) -> Result<DryRun, DryRunError> {
		let stored = T::Programs::stored(model).ok_or(DryRunError::NoProgram)?;
		let package = Self::read_package(&stored).ok_or(DryRunError::NoProgram)?;
		let prepared = prepare(package).map_err(DryRunError::Package)?;
		Self::try_out(prepared, &stored.policies, stored.summary, input)
	}

	fn try_out(
		mut prepared: Prepared,
		policies: &[PrecisionPolicy],
		summary: ProgramSummary,
		input: &[u8],
	) -> Result<DryRun, DryRunError> {
		ensure!(summary.slabs <= MAX_SLABS, DryRunError::TooMuchMemory);
		let weight = Self::run_weight(&summary.cost);
		ensure!(weight.ref_time() <= REPLAY_BUDGET, DryRunError::TooCostly);
		let input = decode_tensors(input).map_err(DryRunError::Input)?;
		let output = run(&mut prepared, policies, &input);
		let outcome = match &output {
			Ok(outputs) => OutcomeCommitment::of_output(outputs),
			Err(trap) => (*trap).into(),
		};
		Ok(DryRun { output: output.map(|outputs| outputs.encode()), outcome, summary })
	}
}

/// The program gave other tensors than the manifest declares, or too many bytes.
const BAD_OUTPUT: Trap = Trap { code: TrapCode::BadOutput, operator: u32::MAX };

/// The unit of the weights of runs: as many elements, bytes or steps weigh as much.
pub const RUN_UNIT: u64 = 1_024;

impl<T: Config> RunWeights for Pallet<T> {
	fn run_weight(cost: &ProgramCost) -> Weight {
		// What a class of work weighs beyond a run that does nothing.
		let class = |count: u64, weigh: fn(u32) -> Weight| {
			let units = u32::try_from(count.div_ceil(RUN_UNIT)).unwrap_or(u32::MAX);
			weigh(units).saturating_sub(weigh(0))
		};
		T::WeightInfo::run_macs(0)
			.saturating_add(class(cost.macs, T::WeightInfo::run_macs))
			.saturating_add(class(cost.moved, T::WeightInfo::run_moved))
			.saturating_add(class(cost.simple, T::WeightInfo::run_simple))
			.saturating_add(class(cost.divisions, T::WeightInfo::run_divisions))
			.saturating_add(class(cost.transcendental, T::WeightInfo::run_transcendental))
			.saturating_add(class(cost.searches, T::WeightInfo::run_searches))
			.saturating_add(class(cost.constants, T::WeightInfo::run_constants))
			.saturating_add(
				T::WeightInfo::run_operators(cost.operators)
					.saturating_sub(T::WeightInfo::run_operators(0)),
			)
	}
}
