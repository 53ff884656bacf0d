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

//! What clients can call, besides what every node of this kind offers.

mod countersign;

use crate::service::{Backend, Client, Pool, SelectChain};
use countersign_primitives::{BlockNumber, Hash};
use countersign_runtime::opaque::Block;
use jsonrpsee::RpcModule;
use sc_consensus_babe::BabeWorkerHandle;
use sc_consensus_grandpa::{
	FinalityProofProvider, GrandpaJustificationStream, SharedAuthoritySet, SharedVoterState,
};
use sc_rpc::SubscriptionTaskExecutor;
use sp_keystore::KeystorePtr;
use std::sync::Arc;

/// What the calls need.
pub(crate) struct Dependencies {
	/// Access to the chain.
	pub(crate) client: Arc<Client>,
	/// The transaction pool.
	pub(crate) pool: Arc<Pool>,
	/// The rule for the best chain.
	pub(crate) select_chain: SelectChain,
	/// The keys, to tell which slots are this node's.
	pub(crate) keystore: KeystorePtr,
	/// BABE's epochs.
	pub(crate) babe_worker: BabeWorkerHandle<Block>,
	/// The state of GRANDPA's rounds.
	pub(crate) shared_voter_state: SharedVoterState,
	/// GRANDPA's authorities.
	pub(crate) shared_authority_set: SharedAuthoritySet<Hash, BlockNumber>,
	/// Justifications as they come.
	pub(crate) justification_stream: GrandpaJustificationStream<Block>,
	/// Proofs of finality.
	pub(crate) finality_provider: Arc<FinalityProofProvider<Backend, Block>>,
	/// Where subscriptions run.
	pub(crate) subscription_executor: SubscriptionTaskExecutor,
	/// The calls of this chain.
	pub(crate) countersign: countersign::Countersign,
}

pub(crate) use countersign::{Countersign, Outside};

/// All calls.
pub(crate) fn create(
	dependencies: Dependencies,
) -> Result<RpcModule<()>, Box<dyn std::error::Error + Send + Sync>> {
	use countersign::CountersignApiServer;
	use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
	use sc_consensus_babe_rpc::{Babe, BabeApiServer};
	use sc_consensus_grandpa_rpc::{Grandpa, GrandpaApiServer};
	use substrate_frame_rpc_system::{System, SystemApiServer};

	let Dependencies {
		client,
		pool,
		select_chain,
		keystore,
		babe_worker,
		shared_voter_state,
		shared_authority_set,
		justification_stream,
		finality_provider,
		subscription_executor,
		countersign,
	} = dependencies;

	let mut module = RpcModule::new(());
	module.merge(System::new(client.clone(), pool).into_rpc())?;
	module.merge(TransactionPayment::new(client.clone()).into_rpc())?;
	module.merge(Babe::new(client, babe_worker, keystore, select_chain).into_rpc())?;
	module.merge(
		Grandpa::new(
			subscription_executor,
			shared_authority_set,
			shared_voter_state,
			justification_stream,
			finality_provider,
		)
		.into_rpc(),
	)?;
	module.merge(countersign.into_rpc())?;
	Ok(module)
}
