// This file is part of Countersign.

// Copyright (C) The Countersign developers.
// SPDX-License-Identifier: GPL-3.0-or-later WITH Classpath-exception-2.0

// This program is free software: you can redistribute it and/or modify
// it under the terms of the GNU General Public License as published by
// the Free Software Foundation, either version 3 of the License, or
// (at your option) any later version.

// This program is distributed in the hope that it will be useful,
// but WITHOUT ANY WARRANTY; without even the implied warranty of
// MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE. See the
// GNU General Public License for more details.

// You should have received a copy of the GNU General Public License
// along with this program. If not, see <https://www.gnu.org/licenses/>.

//! What the chain says of the validators whose keys are here, for Prometheus: bond, cover, record,
//! and what they earned.

use super::{owners, LOG_TARGET};
use crate::{service::Client, slashes};
use codec::Decode;
use countersign_primitives::{apis::ValidatorsApi, AccountId, Balance, Hash, UNIT};
use countersign_runtime::{opaque::Block, RuntimeEvent};
use futures::StreamExt;
use sc_client_api::{BlockchainEvents, FinalityNotification, StorageProvider};
use sp_api::ProvideRuntimeApi;
use sp_core::storage::StorageKey;
use sp_io::hashing::twox_128;
use sp_keystore::KeystorePtr;
use std::sync::Arc;
use substrate_prometheus_endpoint::{
	register, Counter, CounterVec, GaugeVec, Opts, PrometheusError, Registry, F64, U64,
};

/// The most blocks that are read for one notification. After a long pause the older ones are not
/// counted.
const MAX_BLOCKS: usize = 256;

/// What is exported.
#[derive(Clone)]
pub(super) struct Metrics {
	state: GaugeVec<F64>,
	earned: CounterVec<F64>,
	results: CounterVec<U64>,
	slashes: CounterVec<U64>,
	slashed: Counter<F64>,
}

impl Metrics {
	pub(super) fn new(registry: &Registry) -> Result<Self, PrometheusError> {
		let metrics = Self {
			state: register(
				GaugeVec::new(
					Opts::new(
						"countersign_validator_state",
						"What the chain says of the validators whose keys are here, all together",
					),
					&["of"],
				)?,
				registry,
			)?,
			earned: register(
				CounterVec::new(
					Opts::new(
						"countersign_validator_earned_tokens_total",
						"What they were paid in finalised blocks since the node started",
					),
					&["as"],
				)?,
				registry,
			)?,
			results: register(
				CounterVec::new(
					Opts::new(
						"countersign_validator_results_total",
						"What became of their results in finalised blocks since the node started",
					),
					&["end"],
				)?,
				registry,
			)?,
			slashes: register(
				CounterVec::new(
					Opts::new(
						"countersign_validator_slashes_total",
						"What became of slashes on their bonds in finalised blocks since the node started",
					),
					&["event"],
				)?,
				registry,
			)?,
			slashed: register(
				Counter::new(
					"countersign_validator_slashed_tokens_total",
					"What slashes took from their bonds in finalised blocks since the node started",
				)?,
				registry,
			)?,
		};
		// Shown from the beginning, so that a rate has something to start from.
		for role in ["executor", "auditor"] {
			metrics.earned.with_label_values(&[role]).inc_by(0.0);
		}
		for end in ["final", "invalidated"] {
			metrics.results.with_label_values(&[end]).inc_by(0);
		}
		for event in ["deferred", "frozen", "cancelled", "applied"] {
			metrics.slashes.with_label_values(&[event]).inc_by(0);
		}
		metrics.show(&State::default());
		Ok(metrics)
	}

	fn show(&self, state: &State) {
		let whole = |amount: Balance| amount as f64 / UNIT as f64;
		for (of, value) in [
			("bonded_tokens", whole(state.bonded)),
			("cover_reserved_tokens", whole(state.reserved_cover)),
			("cover_free_tokens", whole(state.free_cover)),
			("assignments_answered", state.answered as f64),
			("assignments_missed", state.missed as f64),
			("validators", state.validators as f64),
			("in_session", state.in_session as f64),
			("slashes_pending_tokens", whole(state.slashes_pending)),
		] {
			self.state.with_label_values(&[of]).set(value);
		}
	}

	/// Counts an event, if it is about one of these accounts.
	fn count(&self, event: &RuntimeEvent, ours: &[AccountId]) {
		match event {
			RuntimeEvent::Inference(pallet_inference::Event::Finalised {
				executor,
				executor_paid,
				..
			}) if ours.contains(executor) => {
				let tokens = *executor_paid as f64 / UNIT as f64;
				self.earned.with_label_values(&["executor"]).inc_by(tokens);
				self.results.with_label_values(&["final"]).inc();
			}
			RuntimeEvent::Inference(pallet_inference::Event::Invalidated { executor, .. })
				if ours.contains(executor) =>
			{
				self.results.with_label_values(&["invalidated"]).inc();
			}
			RuntimeEvent::Audits(pallet_audits::Event::Paid { auditor, paid, .. })
				if ours.contains(auditor) =>
			{
				let tokens = *paid as f64 / UNIT as f64;
				self.earned.with_label_values(&["auditor"]).inc_by(tokens);
			}
			RuntimeEvent::Validators(event) => self.count_slash(event, ours),
			_ => {}
		}
	}

	fn count_slash(
		&self,
		event: &pallet_validators::Event<countersign_runtime::Runtime>,
		ours: &[AccountId],
	) {
		use pallet_validators::Event;
		let (validator, what) = match event {
			Event::SlashDeferred { validator, .. } => (validator, "deferred"),
			Event::SlashFrozen { validator, .. } => (validator, "frozen"),
			Event::SlashCancelled { validator, .. } => (validator, "cancelled"),
			Event::Slashed { validator, .. } => (validator, "applied"),
			_ => return,
		};
		if !ours.contains(validator) {
			return;
		}
		self.slashes.with_label_values(&[what]).inc();
		if let Event::Slashed { amount, .. } = event {
			self.slashed.inc_by(*amount as f64 / UNIT as f64);
		}
	}
}

/// What the chain says of our validators.
#[derive(Default)]
struct State {
	bonded: Balance,
	reserved_cover: Balance,
	free_cover: Balance,
	answered: u64,
	missed: u64,
	validators: u64,
	in_session: u64,
	slashes_pending: Balance,
}

/// An event as storage holds it.
#[derive(Decode)]
struct Record {
	_phase: Phase,
	event: RuntimeEvent,
	_topics: Vec<Hash>,
}

#[derive(Decode)]
enum Phase {
	ApplyExtrinsic(#[allow(dead_code)] u32),
	Finalization,
	Initialization,
}

/// The events of a block. None where another runtime made them.
fn events(client: &Client, block: Hash) -> Option<Vec<Record>> {
	let mut key = twox_128(b"System").to_vec();
	key.extend(twox_128(b"Events"));
	let data = client.storage(block, &StorageKey(key)).ok().flatten()?;
	Decode::decode(&mut &data.0[..]).ok()
}

fn look(
	client: &Client,
	keystore: &KeystorePtr,
	metrics: &Metrics,
	notification: &FinalityNotification<Block>,
) {
	let ours = owners(client, notification.hash, keystore);
	let blocks = notification.tree_route.iter().chain([&notification.hash]);
	let skip = notification.tree_route.len().saturating_add(1).saturating_sub(MAX_BLOCKS);
	for block in blocks.skip(skip).filter(|_| !ours.is_empty()) {
		match events(client, *block) {
			Some(records) => {
				records.iter().for_each(|record| metrics.count(&record.event, &ours));
			}
			None => log::debug!(target: LOG_TARGET, "The events of {block:?} cannot be read"),
		}
	}
	let mut state = State { validators: ours.len() as u64, ..State::default() };
	if !ours.is_empty() {
		let pending = slashes::pending(client, notification.hash).into_iter();
		let pending = pending.filter(|(offender, _)| ours.contains(offender));
		state.slashes_pending =
			pending.fold(0, |total: Balance, (_, slash)| total.saturating_add(slash.amount));
	}
	for account in ours {
		let found = client.runtime_api().validator(notification.hash, account);
		if let Ok(Some(view)) = found {
			state.bonded = state.bonded.saturating_add(view.bonded);
			state.reserved_cover = state.reserved_cover.saturating_add(view.reserved_cover);
			state.free_cover = state.free_cover.saturating_add(view.free_cover);
			state.answered = state.answered.saturating_add(view.answered.into());
			state.missed = state.missed.saturating_add(view.missed.into());
			state.in_session = state.in_session.saturating_add(view.position.is_some().into());
		}
	}
	metrics.show(&state);
}

/// Follows finalised blocks until the node stops.
pub(super) async fn follow(client: Arc<Client>, keystore: KeystorePtr, metrics: Metrics) {
	let mut finalized = client.finality_notification_stream();
	while let Some(notification) = finalized.next().await {
		let (client, keystore, metrics) = (client.clone(), keystore.clone(), metrics.clone());
		let look =
			tokio::task::spawn_blocking(move || look(&client, &keystore, &metrics, &notification));
		if look.await.is_err() {
			return;
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use countersign_primitives::{offence::OffenceKind, request::Role};
	use pallet_validators::{Cause, SlashId};

	fn value(registry: &Registry, family: &str, label: &str) -> f64 {
		let families = registry.gather();
		let family = families.iter().find(|found| found.get_name() == family).expect("registered");
		let metric = family.get_metric().iter();
		let metric = metric
			.filter(|metric| metric.get_label()[0].get_value() == label)
			.map(|metric| metric.get_counter().get_value() + metric.get_gauge().get_value());
		metric.sum()
	}

	#[test]
	fn only_what_our_validators_got_is_counted() {
		let registry = Registry::new();
		let metrics = Metrics::new(&registry).expect("new");
		let (ours, other) = (AccountId::new([1; 32]), AccountId::new([2; 32]));
		let event = |executor: &AccountId, executor_paid| {
			RuntimeEvent::Inference(pallet_inference::Event::Finalised {
				request: Hash::zero(),
				executor: executor.clone(),
				executor_paid,
				audit_pot_paid: 1,
				treasury_paid: 1,
				burned: 1,
				contributors_paid: 1,
				returned: 1,
			})
		};
		let accounts = [ours.clone()];
		metrics.count(&event(&ours, UNIT / 2), &accounts);
		metrics.count(&event(&other, UNIT), &accounts);
		metrics.count(&event(&ours, UNIT), &accounts);
		let earned = "countersign_validator_earned_tokens_total";
		assert_eq!(value(&registry, earned, "executor"), 1.5);
		let results = "countersign_validator_results_total";
		assert_eq!(value(&registry, results, "final"), 2.0);
		assert_eq!(value(&registry, results, "invalidated"), 0.0);
		let paid = |auditor: &AccountId| {
			RuntimeEvent::Audits(pallet_audits::Event::Paid {
				request: Hash::zero(),
				role: Role::Auditor(0),
				auditor: auditor.clone(),
				paid: UNIT / 4,
				owed: 0,
			})
		};
		metrics.count(&paid(&ours), &accounts);
		metrics.count(&paid(&other), &accounts);
		assert_eq!(value(&registry, earned, "auditor"), 0.25);
		for validator in [&ours, &other] {
			let cause = Cause::Inference {
				kind: OffenceKind::Equivocation,
				request: Hash::zero(),
				role: Role::Executor,
			};
			let slash = SlashId::default();
			for event in [
				pallet_validators::Event::SlashDeferred {
					slash,
					validator: validator.clone(),
					cause: cause.clone(),
					amount: 2 * UNIT,
					until: 1,
				},
				pallet_validators::Event::Slashed {
					slash,
					validator: validator.clone(),
					cause,
					amount: 2 * UNIT,
					burned: UNIT,
				},
			] {
				metrics.count(&RuntimeEvent::Validators(event), &accounts);
			}
		}
		let slashes = "countersign_validator_slashes_total";
		assert_eq!(value(&registry, slashes, "deferred"), 1.0);
		assert_eq!(value(&registry, slashes, "applied"), 1.0);
		assert_eq!(value(&registry, slashes, "cancelled"), 0.0);
		assert_eq!(metrics.slashed.get(), 2.0);
		metrics.show(&State {
			free_cover: 3 * UNIT,
			missed: 7,
			slashes_pending: UNIT / 2,
			..State::default()
		});
		let state = "countersign_validator_state";
		assert_eq!(value(&registry, state, "cover_free_tokens"), 3.0);
		assert_eq!(value(&registry, state, "assignments_missed"), 7.0);
		assert_eq!(value(&registry, state, "slashes_pending_tokens"), 0.5);
	}
}
