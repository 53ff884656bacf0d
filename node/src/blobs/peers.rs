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

//! The peers that can be asked.

use super::{reputation, Providers};
use async_trait::async_trait;
use countersign_engine::exchange::{Misconduct, Transport, Wanted};
use countersign_runtime::opaque::Block;
use parking_lot::Mutex;
use sc_network::{
	service::traits::NetworkService, IfDisconnected, NetworkPeers, NetworkRequest, ProtocolName,
};
use sc_network_sync::SyncingService;
use sc_network_types::PeerId;
use std::{collections::HashSet, sync::Arc};

/// The most peers outside of the node's own that are remembered.
const MAX_OUTSIDE: usize = 256;

/// The peers of this node's network.
pub(crate) struct Peers {
	network: Arc<dyn NetworkService>,
	sync: Arc<SyncingService<Block>>,
	protocol: ProtocolName,
	providers: Arc<Providers>,
	/// Peers to connect to where there is no connection: the chain says that they have something.
	outside: Mutex<HashSet<PeerId>>,
}

impl Peers {
	/// Asks the peers that the node syncs with, and those that `providers` knows.
	pub(crate) fn new(
		network: Arc<dyn NetworkService>,
		sync: Arc<SyncingService<Block>>,
		protocol: ProtocolName,
		providers: Arc<Providers>,
	) -> Self {
		Self { network, sync, protocol, providers, outside: Mutex::default() }
	}
}

#[async_trait]
impl Transport for Peers {
	type Peer = PeerId;

	async fn peers(&self) -> Vec<PeerId> {
		let Ok(peers) = self.sync.peers_info().await else { return Vec::new() };
		let mut peers: Vec<_> = peers.into_iter().map(|(peer, _)| peer).collect();
		// No order is better than another, but the same one for all would load the same peers.
		if let Some(last) = peers.len().checked_sub(1) {
			peers.rotate_left(random_index(last));
		}
		peers
	}

	async fn providers(&self, wanted: &Wanted) -> Vec<PeerId> {
		let own = self.network.local_peer_id();
		let mut found = Vec::new();
		for (peer, addresses) in self.providers.of(wanted).await {
			if peer == own {
				continue;
			}
			for address in addresses {
				self.network.add_known_address(peer, address);
			}
			found.push(peer);
		}
		let mut outside = self.outside.lock();
		if outside.len().saturating_add(found.len()) > MAX_OUTSIDE {
			outside.clear();
		}
		outside.extend(found.iter().copied());
		drop(outside);
		if let Some(last) = found.len().checked_sub(1) {
			found.rotate_left(random_index(last));
		}
		found
	}

	async fn ask(&self, peer: PeerId, query: Vec<u8>) -> Result<Vec<u8>, String> {
		let connect = if self.outside.lock().contains(&peer) {
			IfDisconnected::TryConnect
		} else {
			IfDisconnected::ImmediateError
		};
		self.network
			.request(peer, self.protocol.clone(), query, None, connect)
			.await
			.map(|(reply, _)| reply)
			.map_err(|error| error.to_string())
	}

	fn report(&self, peer: PeerId, misconduct: Misconduct) {
		self.network.report_peer(peer, reputation(misconduct));
	}
}

/// A number from 0 to `last`, different from call to call.
fn random_index(last: usize) -> usize {
	use std::hash::{BuildHasher, RandomState};
	let random = RandomState::new().hash_one(last);
	usize::try_from(random & 0xffff_ffff).unwrap_or(0) % last.saturating_add(1)
}
