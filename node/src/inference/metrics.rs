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
use countersign_engine::{
	store::Store,
	worker::{watch::WatchMetrics, Observation, WorkerMetrics},
};
use std::sync::Arc;
use substrate_prometheus_endpoint::{
	exponential_buckets, register as register_metric, Histogram, HistogramOpts, MetricSource, Opts,
	PrometheusError, Registry, SourcedCounter, SourcedGauge,
};

/// Values of the worker that rise and fall.
fn is_gauge(name: &str) -> bool {
	matches!(
		name,
		"assignments_open"
			| "assignments_working"
			| "assignments_waiting"
			| "models_served"
			| "models_ready"
			| "models_stopped"
	)
}

/// What was counted since the node started.
#[derive(Clone)]
struct Counters(WorkerView);

impl MetricSource for Counters {
	type N = u64;

	fn collect(&self, mut set: impl FnMut(&[&str], u64)) {
		let all = self.0.worker_counters().into_iter().chain(self.0.engine_counters());
		for (name, value) in all.chain(self.0.choice_counters()) {
			if !is_gauge(name) {
				set(&[name], value);
			}
		}
	}
}

/// What is now.
#[derive(Clone)]
struct Gauges(WorkerView, Arc<Store>);

impl MetricSource for Gauges {
	type N = u64;

	fn collect(&self, mut set: impl FnMut(&[&str], u64)) {
		for (name, value) in self.0.worker_counters().into_iter().chain(self.0.choice_counters()) {
			if is_gauge(name) {
				set(&[name], value);
			}
		}
		let status = self.0.status();
		set(&["engine_queue"], status.engine_queue);
		set(&["canonical_queue"], status.canonical_queue);
		set(&["failed"], status.failure.is_some().into());
		set(&["engine_ready"], self.0.is_native_ready().into());
		set(&["canonical_ready"], self.0.is_canonical_ready().into());
		set(&["ready"], self.0.is_ready().into());
		let stats = self.1.stats();
		set(&["store_files"], stats.files);
		set(&["store_bytes"], stats.bytes);
		set(&["store_capacity_bytes"], stats.capacity);
	}
}

/// The bounds of histograms, in seconds: from 5 milliseconds to 80 seconds.
fn buckets() -> Result<Vec<f64>, PrometheusError> {
	exponential_buckets(0.005, 2.0, 15)
}

/// Exports what the worker, its engine and the store say of themselves.
pub(super) fn register(
	registry: &Registry,
	view: &WorkerView,
	worker: &WorkerMetrics,
	store: &Arc<Store>,
) -> Result<(), PrometheusError> {
	let latency = register_metric(
		Histogram::with_opts(
			HistogramOpts::new(
				"countersign_inference_latency_seconds",
				"From seeing an assignment to submitting its statement for the first time",
			)
			.buckets(buckets()?),
		)?,
		registry,
	)?;
	let runs = register_metric(
		Histogram::with_opts(
			HistogramOpts::new(
				"countersign_inference_run_seconds",
				"What runs took in the engine processes",
			)
			.buckets(buckets()?),
		)?,
		registry,
	)?;
	worker.observe_with(move |observation| match observation {
		Observation::Latency(time) => latency.observe(time.as_secs_f64()),
		Observation::Run(time) => runs.observe(time.as_secs_f64()),
	});
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

/// What was found in the results of others.
#[derive(Clone)]
struct Watched(Arc<WatchMetrics>);

impl MetricSource for Watched {
	type N = u64;

	fn collect(&self, mut set: impl FnMut(&[&str], u64)) {
		for (name, value) in self.0.entries() {
			set(&[name], value);
		}
	}
}

/// Exports what the watcher says of itself.
pub(super) fn register_watch(
	registry: &Registry,
	metrics: &Arc<WatchMetrics>,
) -> Result<(), PrometheusError> {
	register_metric(
		SourcedCounter::new(
			&Opts::new(
				"countersign_watch_events_total",
				"What the watcher of other validators' results did since the node started",
			)
			.variable_label("event"),
			Watched(metrics.clone()),
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
		worker::Engines,
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
		let (canonical, _supervisor) = EngineHandle::new(EngineConfig::canonical("engine", "x"));
		let engines =
			Arc::new(Engines::new(Arc::new(engine.clone()), Arc::new(canonical.clone()), 10));
		engines.metrics().models_stopped.store(2, Ordering::Relaxed);
		engines.metrics().self_checks.store(7, Ordering::Relaxed);
		let view = WorkerView::new(engine, canonical, engines.clone(), metrics.clone());
		let registry = Registry::new();
		register(&registry, &view, &metrics, &store).expect("new");
		assert!(register(&registry, &view, &metrics, &store).is_err());

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
		assert_eq!(value(state, "ready"), Some(0.0));
		assert_eq!(value(state, "models_stopped"), Some(2.0));
		assert_eq!(value(events, "models_stopped"), None);
		assert_eq!(value(events, "self_checks"), Some(7.0));
		// Every gauge that is named here exists.
		let all = metrics.entries().into_iter().chain(engines.metrics().entries());
		assert_eq!(all.filter(|(name, _)| is_gauge(name)).count(), 6);
	}
}
