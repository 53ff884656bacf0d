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

//! The exchange's counters, for Prometheus.

use countersign_engine::exchange::ExchangeMetrics;
use std::sync::Arc;
use substrate_prometheus_endpoint::{
	register as register_metric, MetricSource, Opts, PrometheusError, Registry, SourcedCounter,
	SourcedGauge,
};

/// Values that rise and fall.
const GAUGES: [&str; 1] = ["fetching"];

#[derive(Clone)]
struct Counters(Arc<ExchangeMetrics>);

impl MetricSource for Counters {
	type N = u64;

	fn collect(&self, mut set: impl FnMut(&[&str], u64)) {
		for (name, value) in self.0.entries() {
			if !GAUGES.contains(&name) {
				set(&[name], value);
			}
		}
	}
}

#[derive(Clone)]
struct Gauges(Arc<ExchangeMetrics>);

impl MetricSource for Gauges {
	type N = u64;

	fn collect(&self, mut set: impl FnMut(&[&str], u64)) {
		for (name, value) in self.0.entries() {
			if GAUGES.contains(&name) {
				set(&[name], value);
			}
		}
	}
}

/// Exports what the exchange says of itself.
pub(crate) fn register(
	registry: &Registry,
	metrics: &Arc<ExchangeMetrics>,
) -> Result<(), PrometheusError> {
	register_metric(
		SourcedCounter::new(
			&Opts::new(
				"countersign_exchange_events_total",
				"Artefacts and inputs that went between this node and others since it started",
			)
			.variable_label("event"),
			Counters(metrics.clone()),
		)?,
		registry,
	)?;
	register_metric(
		SourcedGauge::new(
			&Opts::new("countersign_exchange_state", "What goes between this node and others now")
				.variable_label("of"),
			Gauges(metrics.clone()),
		)?,
		registry,
	)?;
	Ok(())
}
