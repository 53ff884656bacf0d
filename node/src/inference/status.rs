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

//! What operators see of the worker.

use countersign_engine::{
	supervisor::{EngineHandle, EngineState},
	worker::WorkerMetrics,
};
use parking_lot::Mutex;
use serde::Serialize;
use std::{
	collections::BTreeMap,
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
};

/// What the engine process does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "state")]
pub(crate) enum EngineStatus {
	/// It is about to be started.
	Starting,
	/// It is there.
	Ready {
		/// The process.
		pid: u32,
		/// What it is.
		description: String,
	},
	/// It is not there.
	Unavailable {
		/// Why.
		reason: String,
	},
}

impl From<EngineState> for EngineStatus {
	fn from(state: EngineState) -> Self {
		match state {
			EngineState::Starting => Self::Starting,
			EngineState::Ready { pid, description } => Self::Ready { pid, description },
			EngineState::Unavailable(reason) => Self::Unavailable { reason },
		}
	}
}

/// What the worker does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorkerStatus {
	/// The engine process.
	pub(crate) engine: EngineStatus,
	/// Jobs that wait for it.
	pub(crate) engine_queue: u64,
	/// Why the worker ended, if it did.
	pub(crate) failure: Option<String>,
	/// What it counted since the node started.
	pub(crate) counters: BTreeMap<String, u64>,
}

/// A look at the worker.
#[derive(Clone)]
pub(crate) struct WorkerView {
	engine: EngineHandle,
	metrics: Arc<WorkerMetrics>,
	failure: Arc<Mutex<Option<String>>>,
}

impl WorkerView {
	/// Looks at a worker by its engine and its counters.
	pub(crate) fn new(engine: EngineHandle, metrics: Arc<WorkerMetrics>) -> Self {
		Self { engine, metrics, failure: Arc::default() }
	}

	/// Notes why the worker ended.
	pub(super) fn set_failure(&self, why: String) {
		*self.failure.lock() = Some(why);
	}

	/// What the worker does now.
	pub(crate) fn status(&self) -> WorkerStatus {
		WorkerStatus {
			engine: self.engine.state().into(),
			engine_queue: self.engine.waiting() as u64,
			failure: self.failure.lock().clone(),
			counters: self
				.worker_counters()
				.into_iter()
				.chain(self.engine_counters())
				.map(|(name, value)| (camel_case(name), value))
				.collect(),
		}
	}

	/// Whether the engine process is there.
	pub(super) fn is_ready(&self) -> bool {
		matches!(self.engine.state(), EngineState::Ready { .. })
	}

	/// What the worker counts.
	pub(super) fn worker_counters(&self) -> Vec<(&'static str, u64)> {
		self.metrics.entries()
	}

	/// What the engine's supervisor counts.
	pub(super) fn engine_counters(&self) -> Vec<(&'static str, u64)> {
		let metrics = self.engine.metrics();
		let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
		vec![
			("engine_starts", value(&metrics.starts)),
			("engine_failed_starts", value(&metrics.failed_starts)),
			("engine_outputs", value(&metrics.outputs)),
			("engine_traps", value(&metrics.traps)),
			("engine_refusals", value(&metrics.refusals)),
			("engine_crashes", value(&metrics.crashes)),
			("engine_hangs", value(&metrics.hangs)),
			("engine_protocol_errors", value(&metrics.protocol_errors)),
			("engine_run_micros", value(&metrics.run_micros)),
		]
	}
}

/// `names_like_this` as `namesLikeThis`, which is how RPC spells them.
fn camel_case(name: &str) -> String {
	let mut words = name.split('_');
	let first = words.next().unwrap_or_default().to_string();
	words.fold(first, |mut name, word| {
		let mut letters = word.chars();
		name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
		name.push_str(letters.as_str());
		name
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use countersign_engine::supervisor::EngineConfig;
	use serde_json::json;

	#[test]
	fn the_status_names_every_counter_once() {
		let (engine, _supervisor) = EngineHandle::new(EngineConfig::new("engine", "library"));
		let metrics = Arc::new(WorkerMetrics::default());
		metrics.statements_signed.store(3, Ordering::Relaxed);
		engine.metrics().crashes.store(2, Ordering::Relaxed);
		let view = WorkerView::new(engine, metrics.clone());
		let status = view.status();
		assert_eq!(status.counters.len(), metrics.entries().len() + view.engine_counters().len());
		assert_eq!(status.counters["statementsSigned"], 3);
		assert_eq!(status.counters["engineCrashes"], 2);
		assert!(!view.is_ready());
		view.set_failure("no journal".into());
		let json = json!(view.status());
		assert_eq!(json["engine"], json!({ "state": "starting" }));
		assert_eq!(json["failure"], json!("no journal"));
		assert_eq!(json["engineQueue"], json!(0));
	}

	#[test]
	fn states_are_told_apart() {
		let status = |state: EngineState| json!(EngineStatus::from(state));
		assert_eq!(
			status(EngineState::Ready { pid: 7, description: "ours".into() }),
			json!({ "state": "ready", "pid": 7, "description": "ours" })
		);
		assert_eq!(
			status(EngineState::Unavailable("no library".into())),
			json!({ "state": "unavailable", "reason": "no library" })
		);
	}

	#[test]
	fn names_are_spelled_as_rpc_spells_them() {
		assert_eq!(camel_case("runs"), "runs");
		assert_eq!(camel_case("statements_signed"), "statementsSigned");
		assert_eq!(camel_case("a_b_c"), "aBC");
	}
}
