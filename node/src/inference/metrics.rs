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

//! The worker's counters, for Prometheus.

use super::WorkerView;
use countersign_engine::store::Store;
use std::sync::Arc;
use substrate_prometheus_endpoint::{
	register as register_metric, MetricSource, Opts, PrometheusError, Registry, SourcedCounter,
	SourcedGauge,
};

/// Values of the worker that rise and fall.
fn is_gauge(name: &str) -> bool {
	matches!(name, "assignments_open" | "assignments_working" | "assignments_waiting")
}

/// What was counted since the node started.
#[derive(Clone)]
struct Counters(WorkerView);

impl MetricSource for Counters {
	type N = u64;

	fn collect(&self, mut set: impl FnMut(&[&str], u64)) {
		let worker = self.0.worker_counters().into_iter().filter(|(name, _)| !is_gauge(name));
		for (name, value) in worker.chain(self.0.engine_counters()) {
			set(&[name], value);
		}
	}
}

/// What is now.
#[derive(Clone)]
struct Gauges(WorkerView, Arc<Store>);

impl MetricSource for Gauges {
	type N = u64;

	fn collect(&self, mut set: impl FnMut(&[&str], u64)) {
		for (name, value) in self.0.worker_counters() {
			if is_gauge(name) {
				set(&[name], value);
			}
		}
		set(&["engine_ready"], self.0.is_ready().into());
		let stats = self.1.stats();
		set(&["store_files"], stats.files);
		set(&["store_bytes"], stats.bytes);
		set(&["store_capacity_bytes"], stats.capacity);
	}
}

/// Exports what the worker, its engine and the store say of themselves.
pub(super) fn register(
	registry: &Registry,
	view: &WorkerView,
	store: &Arc<Store>,
) -> Result<(), PrometheusError> {
	register_metric(
		SourcedCounter::new(
			&Opts::new(
				"countersign_inference_events_total",
				"What the inference worker and its engine did since the node started",
			)
			.variable_label("event"),
			Counters(view.clone()),
		)?,
		registry,
	)?;
	register_metric(
		SourcedGauge::new(
			&Opts::new(
				"countersign_inference_state",
				"What the inference worker, its engine and the store have now",
			)
			.variable_label("of"),
			Gauges(view.clone(), store.clone()),
		)?,
		registry,
	)?;
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use countersign_engine::{
		supervisor::{EngineConfig, EngineHandle},
		worker::WorkerMetrics,
	};
	use std::sync::atomic::Ordering;

	#[test]
	fn everything_is_exported_once_and_by_its_kind() {
		let folder = tempfile::tempdir().expect("a temporary folder");
		let store = Arc::new(Store::open(folder.path(), 1 << 20).expect("opens"));
		let (engine, _supervisor) = EngineHandle::new(EngineConfig::new("engine", "library"));
		let metrics = Arc::new(WorkerMetrics::default());
		metrics.assignments_open.store(4, Ordering::Relaxed);
		metrics.runs.store(9, Ordering::Relaxed);
		let view = WorkerView::new(engine, metrics.clone());
		let registry = Registry::new();
		register(&registry, &view, &store).expect("new");
		assert!(register(&registry, &view, &store).is_err());

		let families = registry.gather();
		let value = |family: &str, label: &str| {
			families
				.iter()
				.filter(|found| found.get_name() == family)
				.flat_map(|found| found.get_metric())
				.find(|metric| metric.get_label()[0].get_value() == label)
				.map(|metric| metric.get_counter().get_value() + metric.get_gauge().get_value())
		};
		let (events, state) = ("countersign_inference_events_total", "countersign_inference_state");
		assert_eq!(value(events, "runs"), Some(9.0));
		assert_eq!(value(events, "assignments_open"), None);
		assert_eq!(value(state, "assignments_open"), Some(4.0));
		assert_eq!(value(state, "runs"), None);
		assert_eq!(value(state, "store_capacity_bytes"), Some((1 << 20) as f64));
		assert_eq!(value(state, "engine_ready"), Some(0.0));
		// Every gauge that is named here exists.
		let gauges = metrics.entries().into_iter().filter(|(name, _)| is_gauge(name)).count();
		assert_eq!(gauges, 3);
	}
}
