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

//! The chain as the watcher sees it, which has wrong results of others replayed.

use super::{
	chain::Chain,
	keys::{inference_ids, owners},
};
use async_trait::async_trait;
use countersign_engine::worker::{
	watch::{Court, Games, Seat},
	ChainView, Failure,
};
use countersign_primitives::{
	apis::{ModelsApi, ValidatorsApi},
	audit::AuditsApi,
	demand::{DemandId, DemandView, Showing},
	dispute::{
		DisputableView, DisputesApi, PackageSource, ReplayChallenge, ReplayCost, ReplayRefusal,
		Verdict, Witness,
	},
	game::{GameCost, GameMessage, GameMove, GameRefusal, GameView, Opening},
	keys::{InferenceId, InferenceSignature},
	model::{Manifest, ModelId},
	request::RequestId,
	AccountId, Hash,
};
use sp_api::{ApiError, ProvideRuntimeApi};
use sp_keystore::KeystorePtr;

/// The chain and the keys of this node.
pub(super) struct Bench {
	chain: Chain,
	keystore: KeystorePtr,
}

impl Bench {
	pub(super) fn new(chain: Chain, keystore: KeystorePtr) -> Self {
		Self { chain, keystore }
	}
}

#[async_trait]
impl Court for Bench {
	fn genesis(&self) -> Hash {
		ChainView::genesis(&self.chain)
	}

	async fn seats(&self, at: Hash) -> Result<Vec<Seat>, Failure> {
		let keystore = self.keystore.clone();
		self.chain
			.ask(move |client| {
				let api = client.runtime_api();
				let session = api.session(at)?;
				let ours = inference_ids(&keystore);
				let mut seats = Vec::new();
				for account in owners(client, at, &keystore) {
					let Some(view) = api.validator(at, account.clone())? else { continue };
					if let (Some(validator), Some(key)) = (view.position, view.key) {
						if ours.contains(&key) {
							seats.push(Seat { account, session, validator, key });
						}
					}
				}
				Ok::<_, ApiError>(seats)
			})
			.await
	}

	async fn answered(&self, at: Hash) -> Result<Vec<RequestId>, Failure> {
		self.chain.ask(move |client| client.runtime_api().answered_here(at)).await
	}

	async fn open(
		&self,
		at: Hash,
		after: Option<RequestId>,
		limit: u32,
	) -> Result<Vec<DisputableView>, Failure> {
		self.chain.ask(move |client| client.runtime_api().disputable(at, after, limit)).await
	}

	async fn result(
		&self,
		at: Hash,
		request: RequestId,
	) -> Result<Option<DisputableView>, Failure> {
		self.chain.ask(move |client| client.runtime_api().disputable_result(at, request)).await
	}

	async fn manifest(&self, at: Hash, model: ModelId) -> Result<Option<Manifest>, Failure> {
		let view = self.chain.ask(move |client| client.runtime_api().model(at, model)).await?;
		Ok(view.map(|view| view.manifest))
	}

	async fn input(&self, at: Hash, request: RequestId) -> Result<Option<Vec<u8>>, Failure> {
		ChainView::input(&self.chain, at, request).await
	}

	async fn cost_stored(
		&self,
		at: Hash,
		request: RequestId,
	) -> Result<Result<ReplayCost, ReplayRefusal>, Failure> {
		self.chain
			.ask(move |client| {
				client.runtime_api().replay_cost_of(at, request, PackageSource::Stored)
			})
			.await
	}

	async fn cost(
		&self,
		at: Hash,
		package: Vec<u8>,
		input_bytes: u32,
	) -> Result<Result<ReplayCost, ReplayRefusal>, Failure> {
		self.chain
			.ask(move |client| client.runtime_api().replay_cost(at, package, input_bytes))
			.await
	}

	async fn judge(
		&self,
		at: Hash,
		request: RequestId,
		witness: Witness,
	) -> Result<Result<Verdict, ReplayRefusal>, Failure> {
		self.chain.ask(move |client| client.runtime_api().judge(at, request, witness)).await
	}

	async fn contradicted(&self, at: Hash, account: AccountId) -> Result<Vec<RequestId>, Failure> {
		self.chain.ask(move |client| client.runtime_api().contradicted(at, account)).await
	}

	async fn challenge(
		&self,
		at: Hash,
		challenge: ReplayChallenge,
		witness: Witness,
		signature: InferenceSignature,
	) -> Result<(), Failure> {
		let extrinsic = self
			.chain
			.ask(move |client| {
				client.runtime_api().challenge_transaction(at, challenge, witness, signature)
			})
			.await?;
		self.chain.submit(at, extrinsic).await
	}
}

#[async_trait]
impl Games for Bench {
	fn holds(&self, key: &InferenceId) -> bool {
		inference_ids(&self.keystore).contains(key)
	}

	async fn games(
		&self,
		at: Hash,
		after: Option<(RequestId, u8)>,
		limit: u32,
	) -> Result<Vec<GameView>, Failure> {
		self.chain.ask(move |client| client.runtime_api().games(at, after, limit)).await
	}

	async fn roots(&self, at: Hash, request: RequestId) -> Result<Option<Vec<Hash>>, Failure> {
		self.chain.ask(move |client| client.runtime_api().game_roots(at, request)).await
	}

	async fn cost(
		&self,
		at: Hash,
		request: RequestId,
		opening: Option<Opening>,
	) -> Result<Result<GameCost, GameRefusal>, Failure> {
		self.chain.ask(move |client| client.runtime_api().game_cost(at, request, opening)).await
	}

	async fn open(
		&self,
		at: Hash,
		message: GameMessage,
		opening: Option<Opening>,
		signature: InferenceSignature,
	) -> Result<(), Failure> {
		let extrinsic = self
			.chain
			.ask(move |client| {
				client.runtime_api().open_game_transaction(at, message, opening, signature)
			})
			.await?;
		self.chain.submit(at, extrinsic).await
	}

	async fn demands(
		&self,
		at: Hash,
		after: Option<(RequestId, DemandId)>,
		limit: u32,
	) -> Result<Vec<DemandView>, Failure> {
		self.chain.ask(move |client| client.runtime_api().demands(at, after, limit)).await
	}

	async fn show(
		&self,
		at: Hash,
		message: GameMessage,
		showing: Showing,
		signature: InferenceSignature,
	) -> Result<(), Failure> {
		let extrinsic = self
			.chain
			.ask(move |client| {
				client.runtime_api().show_transaction(at, message, showing, signature)
			})
			.await?;
		self.chain.submit(at, extrinsic).await
	}

	async fn play(
		&self,
		at: Hash,
		message: GameMessage,
		action: GameMove,
		signature: InferenceSignature,
	) -> Result<(), Failure> {
		let extrinsic = self
			.chain
			.ask(move |client| {
				client.runtime_api().game_move_transaction(at, message, action, signature)
			})
			.await?;
		self.chain.submit(at, extrinsic).await
	}
}
