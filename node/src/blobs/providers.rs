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

//! Who should have an artefact: the validators that have declared to serve a model of it.

use crate::{service::Client, session};
use countersign_engine::exchange::Wanted;
use countersign_primitives::{apis::ModelsApi, AccountId};
use sc_client_api::HeaderBackend;
use sc_network_types::{
	multiaddr::{Multiaddr, Protocol},
	PeerId,
};
use sp_api::ProvideRuntimeApi;
use std::{
	collections::HashMap,
	sync::{Arc, OnceLock},
};

/// The most validators that are looked up for one artefact.
const MAX_PROVIDERS: usize = 16;

/// Finds validators by what the chain says, and where they are by what they published.
pub(crate) struct Providers {
	client: Arc<Client>,
	discovery: OnceLock<sc_authority_discovery::Service>,
}

impl Providers {
	/// Asks the chain of this client.
	pub(crate) fn new(client: Arc<Client>) -> Arc<Self> {
		Arc::new(Self { client, discovery: OnceLock::new() })
	}

	/// Tells where validators can be found. Only validators know.
	pub(crate) fn find_by(&self, discovery: sc_authority_discovery::Service) {
		let _ = self.discovery.set(discovery);
	}

	/// The peers that should have an artefact, with their addresses.
	pub(super) async fn of(&self, wanted: &Wanted) -> HashMap<PeerId, Vec<Multiaddr>> {
		let mut found: HashMap<PeerId, Vec<Multiaddr>> = HashMap::new();
		let Some(mut discovery) = self.discovery.get().cloned() else { return found };
		let (client, wanted) = (self.client.clone(), *wanted);
		let authorities = tokio::task::spawn_blocking(move || {
			let at = client.info().best_hash;
			servers(&client, &wanted)
				.into_iter()
				.take(MAX_PROVIDERS)
				.filter_map(|account| session::next_keys(&client, at, &account))
				.map(|keys| keys.authority_discovery)
				.collect::<Vec<_>>()
		})
		.await
		.unwrap_or_default();
		for authority in authorities {
			let addresses = discovery.get_addresses_by_authority_id(authority).await;
			for address in addresses.unwrap_or_default() {
				if let Some((peer, address)) = split(address) {
					found.entry(peer).or_default().push(address);
				}
			}
		}
		found
	}
}

/// Who serves a model that runs from an artefact.
fn servers(client: &Client, wanted: &Wanted) -> Vec<AccountId> {
	let at = client.info().best_hash;
	let api = client.runtime_api();
	let model = wanted
		.model
		.or_else(|| api.model_of_artefact(at, wanted.sha256).ok().flatten())
		.and_then(|model| api.model(at, model).ok().flatten());
	model.map(|model| model.servers).unwrap_or_default()
}

/// A peer and the address without it.
fn split(mut address: Multiaddr) -> Option<(PeerId, Multiaddr)> {
	let peer = PeerId::try_from_multiaddr(&address)?;
	match address.pop() {
		Some(Protocol::P2p(_)) => Some((peer, address)),
		_ => None,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn an_address_names_its_peer() {
		let peer = PeerId::random();
		let place: Multiaddr = "/ip4/127.0.0.1/tcp/30333".parse().expect("an address");
		let whole = place.clone().with(Protocol::P2p(peer.into()));
		assert_eq!(split(whole), Some((peer, place.clone())));
		assert_eq!(split(place), None);
	}
}
