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

//! How inputs and artefacts travel over this node's network.
//!
//! What is asked, checked, limited and remembered is `countersign_engine::exchange`; this joins it
//! to the network's request-response protocol and to the chain, which knows who serves what.

pub(crate) mod metrics;
mod peers;
mod providers;
mod server;

pub(crate) use peers::Peers;
pub(crate) use providers::Providers;
pub(crate) use server::serve;

use countersign_engine::exchange::Misconduct;
use countersign_primitives::Hash;
use sc_network::{ProtocolName, ReputationChange};
use std::time::Duration;

/// Finds inputs and artefacts at peers.
pub(crate) type Exchange = countersign_engine::exchange::Exchange<Peers>;

/// How long a reply may take.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Queries that wait to be served; more are refused by the network.
pub(crate) const QUEUE_LENGTH: usize = 64;

/// What misconduct costs a peer. Who sends wrong bytes is left at once and not met again for a
/// while; a flood ends in the same after some 30 reports.
fn reputation(misconduct: Misconduct) -> ReputationChange {
	match misconduct {
		Misconduct::WrongBytes => ReputationChange::new_fatal("Wrong bytes for a blob"),
		Misconduct::Malformed => ReputationChange::new(-(1 << 28), "Malformed blob message"),
		Misconduct::Withheld => ReputationChange::new(-(1 << 16), "Offered blob withheld"),
		Misconduct::Flood => ReputationChange::new(-(1 << 26), "Flood of blob queries"),
	}
}

/// The name of the protocol on a chain.
pub(crate) fn protocol_name(genesis: &Hash, fork_id: Option<&str>) -> ProtocolName {
	let genesis = hex::encode(genesis);
	match fork_id {
		Some(fork_id) => format!("/{genesis}/{fork_id}/countersign/blob/2"),
		None => format!("/{genesis}/countersign/blob/2"),
	}
	.into()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn chains_and_forks_do_not_share_a_protocol() {
		let (one, two) = (Hash::repeat_byte(1), Hash::repeat_byte(2));
		let expected = format!("/{}/countersign/blob/2", "01".repeat(32));
		assert_eq!(&*protocol_name(&one, None), expected);
		assert_ne!(protocol_name(&one, None), protocol_name(&two, None));
		assert_ne!(protocol_name(&one, None), protocol_name(&one, Some("fork")));
	}

	#[test]
	fn every_misconduct_costs_something() {
		for misconduct in
			[Misconduct::WrongBytes, Misconduct::Malformed, Misconduct::Withheld, Misconduct::Flood]
		{
			assert!(reputation(misconduct).value < 0);
		}
		assert_eq!(reputation(Misconduct::WrongBytes).value, i32::MIN);
	}
}
