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

//! Holds `deploy/` to what the node exports: a dashboard that shows nothing looks like a node that
//! is well.

use crate::{blobs, inference};
use std::collections::{BTreeMap, BTreeSet};
use substrate_prometheus_endpoint::Registry;

/// What nodes of this kind export that is not ours. `tests/` looks that a running node has them.
const UPSTREAM: [&str; 4] = [
	"substrate_block_height",
	"substrate_proposer_block_constructed_count",
	"substrate_ready_transactions_number",
	"substrate_sub_libp2p_peers_count",
];

/// What Prometheus itself adds.
const SCRAPED: [&str; 1] = ["up"];

/// Every family that the node registers, with the values of its one label.
fn exported() -> BTreeMap<String, BTreeSet<String>> {
	// As `sc-service` makes it: what is upstream's has its prefix in its name.
	let registry = Registry::new_custom(None, None).expect("valid");
	inference::register_all_for_tests(&registry);
	blobs::metrics::register(&registry, &Default::default()).expect("new");
	let mut families: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
	for family in registry.gather() {
		let labels = family.get_metric().iter().flat_map(|metric| {
			metric.get_label().iter().map(|label| label.get_value().to_string()).collect::<Vec<_>>()
		});
		let labels = labels.collect();
		let name = family.get_name().to_string();
		if name.ends_with("_seconds") {
			for suffix in ["_bucket", "_sum", "_count"] {
				families.insert(format!("{name}{suffix}"), BTreeSet::new());
			}
		}
		families.insert(name, labels);
	}
	families
}

/// The metrics that an expression names, each with what it wants of the labels `event`, `of`, `as`
/// and `end`.
fn selectors(expression: &str) -> Vec<(String, Vec<String>)> {
	const WORDS: [&str; 9] =
		["sum", "by", "without", "on", "ignoring", "and", "or", "le", "instance"];
	let mut found = Vec::new();
	let bytes = expression.as_bytes();
	let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':';
	let mut at = 0;
	while at < bytes.len() {
		if bytes[at].is_ascii_digit() {
			// A number or a duration.
			while at < bytes.len() && (is_name(bytes[at]) || bytes[at] == b'.') {
				at += 1;
			}
			continue;
		}
		if !is_name(bytes[at]) {
			at += 1;
			continue;
		}
		let begin = at;
		while at < bytes.len() && is_name(bytes[at]) {
			at += 1;
		}
		let name = &expression[begin..at];
		let rest = expression[at..].trim_start();
		let mut wanted = Vec::new();
		if rest.starts_with('{') {
			let end = at + expression[at..].find('}').expect("braces are closed");
			for matcher in expression[at..end].trim_start_matches([' ', '{']).split(',') {
				if let Some((label, value)) = matcher.split_once('=') {
					if ["event", "of", "as", "end"].contains(&label) {
						wanted.push(value.trim_matches('"').to_string());
					}
				}
			}
			at = end;
		}
		let is_label = ["status", "end", "of", "as", "event"].contains(&name);
		if !WORDS.contains(&name) && !is_label && !rest.starts_with('(') {
			found.push((name.to_string(), wanted));
		}
	}
	found
}

fn check(file: &str, expressions: &[String]) {
	let exported = exported();
	assert!(!expressions.is_empty(), "{file} has no expressions");
	for expression in expressions {
		let selectors = selectors(expression);
		assert!(!selectors.is_empty(), "{file}: {expression} names no metric");
		for (name, wanted) in selectors {
			if UPSTREAM.contains(&name.as_str()) || SCRAPED.contains(&name.as_str()) {
				continue;
			}
			let labels = exported.get(&name);
			let labels = labels.unwrap_or_else(|| panic!("{file}: nothing exports {name}"));
			for value in wanted {
				assert!(labels.contains(&value), "{file}: {name} has no {value}: {labels:?}");
			}
		}
	}
}

fn deployed(file: &str) -> String {
	let path = format!("{}/../deploy/{file}", env!("CARGO_MANIFEST_DIR"));
	std::fs::read_to_string(path).expect(file)
}

/// All `expr` of a dashboard, however deep.
fn collect(value: &serde_json::Value, found: &mut Vec<String>) {
	match value {
		serde_json::Value::Object(fields) => {
			for (name, value) in fields {
				match value {
					serde_json::Value::String(text) if name == "expr" => found.push(text.clone()),
					value => collect(value, found),
				}
			}
		}
		serde_json::Value::Array(all) => all.iter().for_each(|value| collect(value, found)),
		_ => {}
	}
}

#[test]
fn every_expression_of_the_dashboard_is_exported() {
	let file = "grafana-dashboard.json";
	let json = serde_json::from_str(&deployed(file)).expect("JSON");
	let mut expressions = Vec::new();
	collect(&json, &mut expressions);
	assert!(expressions.len() > 40, "{} expressions", expressions.len());
	check(file, &expressions);
}

#[test]
fn every_alert_is_about_something_exported() {
	let file = "countersign-alerts.yml";
	let text = deployed(file);
	let expressions: Vec<String> = text
		.lines()
		.filter_map(|line| line.trim().strip_prefix("expr: "))
		.map(str::to_string)
		.collect();
	assert_eq!(expressions.len(), text.matches("- alert:").count());
	check(file, &expressions);
}

#[test]
fn expressions_are_taken_apart() {
	let found = selectors(
		r#"histogram_quantile(0.95, sum by (le, instance) (rate(a_bucket{x="y"}[5m]))) - b{of="c"}"#,
	);
	let expected = [("a_bucket".to_string(), vec![]), ("b".to_string(), vec!["c".to_string()])];
	assert_eq!(found, expected);
}
