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
	worker::{Engines, WorkerMetrics},
};
use parking_lot::Mutex;
use serde::Serialize;
use std::{
	collections::BTreeMap,
	sync::{atomic::Ordering, Arc},
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
	/// The engine process that runs ONNX Runtime.
	pub(crate) engine: EngineStatus,
	/// Jobs that wait for it.
	pub(crate) engine_queue: u64,
	/// The engine process that runs the canonical operator set.
	pub(crate) canonical: EngineStatus,
	/// Jobs that wait for it.
	pub(crate) canonical_queue: u64,
	/// Models that are not served any more, because engines disagree about them, and why.
	pub(crate) stopped_models: BTreeMap<String, String>,
	/// Why the worker ended, if it did.
	pub(crate) failure: Option<String>,
	/// What it counted since the node started.
	pub(crate) counters: BTreeMap<String, u64>,
}

/// A look at the worker.
#[derive(Clone)]
pub(crate) struct WorkerView {
	engine: EngineHandle,
	canonical: EngineHandle,
	engines: Arc<Engines>,
	metrics: Arc<WorkerMetrics>,
	failure: Arc<Mutex<Option<String>>>,
}

impl WorkerView {
	/// Looks at a worker by its engines, the choice between them, and its counters.
	pub(crate) fn new(
		engine: EngineHandle,
		canonical: EngineHandle,
		engines: Arc<Engines>,
		metrics: Arc<WorkerMetrics>,
	) -> Self {
		Self { engine, canonical, engines, metrics, failure: Arc::default() }
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
			canonical: self.canonical.state().into(),
			canonical_queue: self.canonical.waiting() as u64,
			stopped_models: self
				.engines
				.stopped()
				.into_iter()
				.map(|(model, why)| (format!("{model:?}"), why))
				.collect(),
			failure: self.failure.lock().clone(),
			counters: self
				.worker_counters()
				.into_iter()
				.chain(self.engine_counters())
				.chain(self.choice_counters())
				.map(|(name, value)| (camel_case(name), value))
				.collect(),
		}
	}

	/// Whether the engine process is there that runs ONNX Runtime.
	pub(super) fn is_native_ready(&self) -> bool {
		matches!(self.engine.state(), EngineState::Ready { .. })
	}

	/// Whether the engine process is there that runs the canonical operator set.
	pub(super) fn is_canonical_ready(&self) -> bool {
		matches!(self.canonical.state(), EngineState::Ready { .. })
	}

	/// Whether this node can answer what it declared to serve: both engines are there, and agree.
	pub(crate) fn is_ready(&self) -> bool {
		self.is_native_ready() && self.is_canonical_ready() && self.engines.stopped().is_empty()
	}

	/// What the choice between engines counts.
	pub(super) fn choice_counters(&self) -> Vec<(&'static str, u64)> {
		self.engines.metrics().entries()
	}

	/// What the worker counts.
	pub(super) fn worker_counters(&self) -> Vec<(&'static str, u64)> {
		self.metrics.entries()
	}

	/// What the engines' supervisors count.
	pub(super) fn engine_counters(&self) -> Vec<(&'static str, u64)> {
		let counters = |names: [&'static str; 9], engine: &EngineHandle| {
			let metrics = engine.metrics();
			let values = [
				&metrics.starts,
				&metrics.failed_starts,
				&metrics.outputs,
				&metrics.traps,
				&metrics.refusals,
				&metrics.crashes,
				&metrics.hangs,
				&metrics.protocol_errors,
				&metrics.run_micros,
			];
			names.into_iter().zip(values.map(|counter| counter.load(Ordering::Relaxed)))
		};
		let native = counters(
			[
				"engine_starts",
				"engine_failed_starts",
				"engine_outputs",
				"engine_traps",
				"engine_refusals",
				"engine_crashes",
				"engine_hangs",
				"engine_protocol_errors",
				"engine_run_micros",
			],
			&self.engine,
		);
		let canonical = counters(
			[
				"canonical_starts",
				"canonical_failed_starts",
				"canonical_outputs",
				"canonical_traps",
				"canonical_refusals",
				"canonical_crashes",
				"canonical_hangs",
				"canonical_protocol_errors",
				"canonical_run_micros",
			],
			&self.canonical,
		);
		native.chain(canonical).collect()
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
		let (canonical, _supervisor) = EngineHandle::new(EngineConfig::canonical("engine", "x"));
		let engines =
			Arc::new(Engines::new(Arc::new(engine.clone()), Arc::new(canonical.clone()), 10));
		engines.metrics().self_check_breaches.store(1, Ordering::Relaxed);
		let metrics = Arc::new(WorkerMetrics::default());
		metrics.statements_signed.store(3, Ordering::Relaxed);
		engine.metrics().crashes.store(2, Ordering::Relaxed);
		canonical.metrics().outputs.store(4, Ordering::Relaxed);
		let view = WorkerView::new(engine, canonical, engines, metrics.clone());
		let status = view.status();
		assert_eq!(
			status.counters.len(),
			metrics.entries().len() + view.engine_counters().len() + view.choice_counters().len()
		);
		assert_eq!(status.counters["canonicalOutputs"], 4);
		assert_eq!(status.counters["selfCheckBreaches"], 1);
		assert_eq!(status.counters["statementsSigned"], 3);
		assert_eq!(status.counters["engineCrashes"], 2);
		assert!(!view.is_ready());
		view.set_failure("no journal".into());
		let json = json!(view.status());
		assert_eq!(json["engine"], json!({ "state": "starting" }));
		assert_eq!(json["failure"], json!("no journal"));
		assert_eq!(json["engineQueue"], json!(0));
		assert_eq!(json["canonical"], json!({ "state": "starting" }));
		assert_eq!(json["stoppedModels"], json!({}));
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
