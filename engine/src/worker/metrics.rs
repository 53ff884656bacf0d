//! Counters of the worker, for the node to export.

use std::{
	sync::{
		atomic::{AtomicU64, Ordering},
		OnceLock,
	},
	time::Duration,
};

/// One thing whose duration matters, for a histogram.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Observation {
	/// From seeing an assignment to submitting its statement for the first time.
	Latency(Duration),
	/// A run, in the engine.
	Run(Duration),
}

type Observe = Box<dyn Fn(Observation) + Send + Sync>;

/// Who is told of durations.
#[derive(Default)]
struct Observer(OnceLock<Observe>);

impl std::fmt::Debug for Observer {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.debug_tuple("Observer").field(&self.0.get().is_some()).finish()
	}
}

macro_rules! metrics {
	($($(#[$doc:meta])* $name:ident),* $(,)?) => {
		/// Counters of the worker. The node exports them.
		#[derive(Debug, Default)]
		pub struct WorkerMetrics {
			$($(#[$doc])* pub $name: AtomicU64,)*
			observer: Observer,
		}

		/// The counters at one moment.
		#[derive(Clone, PartialEq, Eq, Debug, Default)]
		pub struct WorkerMetricsSnapshot {
			$($(#[$doc])* pub $name: u64,)*
		}

		impl WorkerMetrics {
			/// Has every duration told to `observe`, from now on. Only the first counts.
			pub fn observe_with(&self, observe: impl Fn(Observation) + Send + Sync + 'static) {
				let _ = self.observer.0.set(Box::new(observe));
			}

			pub(super) fn observe(&self, observation: Observation) {
				if let Some(observe) = self.observer.0.get() {
					observe(observation);
				}
			}

			/// The counters now.
			pub fn snapshot(&self) -> WorkerMetricsSnapshot {
				WorkerMetricsSnapshot {
					$($name: self.$name.load(Ordering::Relaxed),)*
				}
			}

			/// Names and values, for an exporter.
			pub fn entries(&self) -> Vec<(&'static str, u64)> {
				vec![$((stringify!($name), self.$name.load(Ordering::Relaxed)),)*]
			}
		}
	};
}

metrics! {
	/// Open assignments at the last block (a gauge).
	assignments_open,
	/// Assignments that are being worked on (a gauge).
	assignments_working,
	/// Open assignments that wait for a free place (a gauge).
	assignments_waiting,
	/// Models that our validators have declared to serve (a gauge).
	models_served,
	/// Those of them whose artefact is here (a gauge).
	models_ready,
	/// Assignments that ended, or whose deadline passed, without a statement of ours.
	assignments_missed,
	/// Runs that gave an answer.
	runs,
	/// Runs that the engine failed.
	run_failures,
	/// Answers that were traps.
	traps,
	/// Answers that were not safe to sign.
	unsafe_answers,
	/// Microseconds that runs took in the engine, in all.
	run_micros,
	/// Microseconds from seeing an assignment to submitting its statement, in all.
	latency_micros,
	/// Artefacts and inputs found in the store.
	cache_hits,
	/// Artefacts and inputs that had to be fetched.
	cache_misses,
	/// Bytes fetched from other nodes.
	bytes_fetched,
	/// Fetches that brought nothing, or something wrong.
	fetch_failures,
	/// Inputs demanded on chain.
	inputs_demanded,
	/// Statements signed for the first time.
	statements_signed,
	/// Statements submitted, again included.
	statements_submitted,
	/// Times that a second, different statement was refused.
	conflicts_refused,
	/// Assignments left alone because they are older than the journal.
	before_journal,
	/// Audits that were run.
	audits_run,
	/// Commitments of audits that were submitted, again included.
	audits_committed,
	/// Audits that were shown, again included.
	audits_shown,
	/// Audits that were given up: the input, the artefact or the engine was not to be had in time.
	audits_missed,
	/// Commitments on chain that this node cannot show, because it does not know what is behind
	/// them. Each costs stake.
	audits_lost,
	/// First answers after a release that the runtime computed as well, and alike.
	rehearsals,
	/// First answers after a release that the runtime computes otherwise. The model is not served any
	/// more.
	rehearsals_failed,
	/// Questions that the chain did not answer, and submissions that failed.
	chain_failures,
}

pub(super) fn count(counter: &AtomicU64) {
	add(counter, 1);
}

pub(super) fn add(counter: &AtomicU64, value: u64) {
	counter.fetch_add(value, Ordering::Relaxed);
}

pub(super) fn set(counter: &AtomicU64, value: usize) {
	counter.store(value as u64, Ordering::Relaxed);
}
