//! Counters of the exchange, for the node to export.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of the exchange.
#[derive(Debug, Default)]
pub struct ExchangeMetrics {
	/// Artefacts that came whole.
	pub artefacts_fetched: AtomicU64,
	/// Artefacts that nobody could give.
	pub artefacts_failed: AtomicU64,
	/// Inputs that came.
	pub inputs_fetched: AtomicU64,
	/// Inputs that nobody could give.
	pub inputs_failed: AtomicU64,
	/// Bytes that came and were right.
	pub bytes_fetched: AtomicU64,
	/// Times that a peer sent something wrong.
	pub wrong_bytes: AtomicU64,
	/// Bytes given to peers.
	pub bytes_served: AtomicU64,
	/// Queries that were answered with what was asked for.
	pub queries_served: AtomicU64,
	/// Queries for what is not here.
	pub queries_missing: AtomicU64,
	/// Queries turned away because a peer, or all, had enough.
	pub queries_refused: AtomicU64,
	/// Queries that no honest node sends.
	pub queries_malformed: AtomicU64,
	/// Artefacts that are being fetched (a gauge).
	pub fetching: AtomicU64,
}

impl ExchangeMetrics {
	/// Names and values, for an exporter. The last is a gauge.
	pub fn entries(&self) -> Vec<(&'static str, u64)> {
		let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
		vec![
			("artefacts_fetched", value(&self.artefacts_fetched)),
			("artefacts_failed", value(&self.artefacts_failed)),
			("inputs_fetched", value(&self.inputs_fetched)),
			("inputs_failed", value(&self.inputs_failed)),
			("bytes_fetched", value(&self.bytes_fetched)),
			("wrong_bytes", value(&self.wrong_bytes)),
			("bytes_served", value(&self.bytes_served)),
			("queries_served", value(&self.queries_served)),
			("queries_missing", value(&self.queries_missing)),
			("queries_refused", value(&self.queries_refused)),
			("queries_malformed", value(&self.queries_malformed)),
			("fetching", value(&self.fetching)),
		]
	}
}

pub(super) fn add(counter: &AtomicU64, value: u64) {
	counter.fetch_add(value, Ordering::Relaxed);
}
