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

//! Whether the node does what its operator wants.
//!
//! [`Observer::health`] is for machines that watch: cheap, safe to expose, with one word at the
//! top. [`Observer::doctor`] is for people: it goes through everything that has to be right for a
//! validator to earn, says what it found, and what to do.

mod checks;
mod facts;

use checks::{judge_node, judge_validator};
pub(crate) use checks::{Check, Status};
pub(crate) use facts::Observer;

use serde::Serialize;

/// A block older than this means that the node does not follow the chain.
const STALE_MS: i64 = 60_000;

/// What machines that watch want to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Health {
	/// Whether there is nothing to do.
	pub(crate) healthy: bool,
	/// Whether the node is at the head of the chain.
	pub(crate) synced: bool,
	/// Other nodes that it syncs with.
	pub(crate) peers: usize,
	/// The best block.
	pub(crate) best_block: u32,
	/// The last finalised block.
	pub(crate) finalized_block: u32,
	/// How old the best block is, in milliseconds; absent at genesis.
	pub(crate) best_block_age: Option<i64>,
	/// Whether the node answers requests at all.
	pub(crate) answers_requests: bool,
	/// Whether its engines are up; absent where it answers no requests.
	pub(crate) engines_ready: Option<bool>,
	/// Models that its validators declared to serve, and those of them whose artefact is here.
	pub(crate) models_served: Option<u64>,
	/// See `models_served`.
	pub(crate) models_ready: Option<u64>,
	/// What is not as it should be.
	pub(crate) problems: Vec<String>,
}

impl Observer {
	/// What machines that watch want to know.
	pub(crate) async fn health(&self) -> Health {
		let node = self.node().await;
		let problems: Vec<String> = judge_node(&node)
			.into_iter()
			.filter(|check| check.status == Status::Failed)
			.map(|check| check.detail)
			.collect();
		let worker = node.worker.as_ref();
		Health {
			healthy: problems.is_empty(),
			synced: node.is_synced(),
			peers: node.peers,
			best_block: node.best,
			finalized_block: node.finalized,
			best_block_age: node.best_age_ms,
			answers_requests: worker.is_some_and(|worker| worker.failure.is_none()),
			engines_ready: worker.map(|worker| worker.ready),
			models_served: worker.map(|worker| worker.models_served),
			models_ready: worker.map(|worker| worker.models_ready),
			problems,
		}
	}

	/// Everything that has to be right for a validator to earn, for one account or for all whose
	/// inference keys are here.
	pub(crate) async fn doctor(
		&self,
		account: Option<countersign_primitives::AccountId>,
	) -> Vec<Check> {
		let node = self.node().await;
		let mut checks = judge_node(&node);
		let accounts = match account {
			Some(account) => vec![account],
			None => self.accounts().await,
		};
		if accounts.is_empty() {
			checks.push(Check::failed(
				"keys",
				"no account has registered an inference key of this node: see \
				 `countersign validator keys`",
			));
		}
		for account in accounts {
			checks.extend(judge_validator(&self.validator(account).await));
		}
		checks
	}
}
