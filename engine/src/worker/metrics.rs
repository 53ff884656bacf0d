//! Counters of the worker, for the node to export.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! metrics {
	($($(#[$doc:meta])* $name:ident),* $(,)?) => {
		/// Counters of the worker. The node exports them.
		#[derive(Debug, Default)]
		pub struct WorkerMetrics {
			$($(#[$doc])* pub $name: AtomicU64,)*
		}

		/// The counters at one moment.
		#[derive(Clone, PartialEq, Eq, Debug, Default)]
		pub struct WorkerMetricsSnapshot {
			$($(#[$doc])* pub $name: u64,)*
		}

		impl WorkerMetrics {
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
