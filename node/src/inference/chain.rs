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

//! The chain and the transaction pool, as the worker sees them.

use super::{
	head::Arrivals,
	keys::{inference_ids, owners},
};
use crate::service::{Client, Pool};
use async_trait::async_trait;
use countersign_engine::worker::{ChainView, Failure, Referee, Submitter};
use countersign_primitives::{
	apis::{InferenceApi, ModelsApi, ProgramsApi},
	audit::{AuditCommit, AuditItem, AuditReveal, AuditsApi},
	keys::InferenceSignature,
	model::{ModelId, ModelView},
	program::{DryRun, DryRunError},
	request::{InputDemand, Outcome, RequestId, Statement, WorkItem},
	Hash,
};
use countersign_runtime::opaque::Block;
use sc_transaction_pool_api::{
	error::{Error as PoolError, IntoPoolError},
	TransactionPool, TransactionSource,
};
use sp_api::{Core, ProvideRuntimeApi};
use sp_keystore::KeystorePtr;
use sp_runtime::traits::Block as BlockT;
use std::sync::Arc;

type Extrinsic = <Block as BlockT>::Extrinsic;

/// The chain and the pool of this node.
#[derive(Clone)]
pub(super) struct Chain {
	client: Arc<Client>,
	pool: Arc<Pool>,
	keystore: KeystorePtr,
	genesis: Hash,
	arrivals: Arc<Arrivals>,
}

impl Chain {
	pub(super) fn new(
		client: Arc<Client>,
		pool: Arc<Pool>,
		keystore: KeystorePtr,
		genesis: Hash,
		arrivals: Arc<Arrivals>,
	) -> Self {
		Self { client, pool, keystore, genesis, arrivals }
	}

	/// Asks the runtime, where that may take its time.
	pub(super) async fn ask<T: Send + 'static, E: std::fmt::Display>(
		&self,
		question: impl FnOnce(&Client) -> Result<T, E> + Send + 'static,
	) -> Result<T, Failure> {
		let client = self.client.clone();
		tokio::task::spawn_blocking(move || question(&client).map_err(Failure::new))
			.await
			.map_err(Failure::new)?
	}

	/// Gives a transaction to the pool, and so to other nodes, once these have the best block.
	pub(super) async fn submit(&self, at: Hash, extrinsic: Extrinsic) -> Result<(), Failure> {
		self.arrivals.everywhere().await;
		let submitted = self.pool.submit_one(at, TransactionSource::Local, extrinsic).await;
		match submitted.map_err(IntoPoolError::into_pool_error) {
			Ok(_) => Ok(()),
			Err(Ok(error)) if is_there_already(&error) => Ok(()),
			Err(Ok(error)) => Err(Failure::new(error)),
			Err(Err(error)) => Err(Failure::new(error)),
		}
	}
}

/// Whether the pool refuses a transaction because it has one for the same purpose. A statement has
/// one tag, however often it is signed.
fn is_there_already(error: &PoolError) -> bool {
	matches!(error, PoolError::AlreadyImported(_) | PoolError::TooLowPriority { .. })
}

#[async_trait]
impl ChainView for Chain {
	fn genesis(&self) -> Hash {
		self.genesis
	}

	async fn assignments(&self, at: Hash) -> Result<Vec<WorkItem>, Failure> {
		let keys = inference_ids(&self.keystore);
		self.ask(move |client| {
			let mut items = Vec::new();
			for key in keys {
				items.extend(client.runtime_api().assignments(at, key)?);
			}
			items.sort_by_key(|item| item.assigned_at);
			Ok::<_, sp_api::ApiError>(items)
		})
		.await
	}

	async fn model(&self, at: Hash, model: ModelId) -> Result<Option<ModelView>, Failure> {
		self.ask(move |client| client.runtime_api().model(at, model)).await
	}

	async fn served(&self, at: Hash) -> Result<Vec<ModelId>, Failure> {
		let keystore = self.keystore.clone();
		self.ask(move |client| {
			let mut models = Vec::new();
			for owner in owners(client, at, &keystore) {
				models.extend(client.runtime_api().serving(at, owner)?.models);
			}
			Ok::<_, sp_api::ApiError>(models)
		})
		.await
	}

	async fn input(&self, at: Hash, request: RequestId) -> Result<Option<Vec<u8>>, Failure> {
		self.ask(move |client| client.runtime_api().input(at, request)).await
	}

	async fn audits(&self, at: Hash) -> Result<Vec<AuditItem>, Failure> {
		let keys = inference_ids(&self.keystore);
		self.ask(move |client| {
			let mut items = Vec::new();
			for key in keys {
				items.extend(client.runtime_api().audit_work(at, key)?);
			}
			items.sort_by_key(|item| item.drawn_at);
			Ok::<_, sp_api::ApiError>(items)
		})
		.await
	}
}

#[async_trait]
impl Referee for Chain {
	async fn release(&self, at: Hash) -> Result<u32, Failure> {
		let version = self.ask(move |client| client.runtime_api().version(at)).await?;
		Ok(version.spec_version)
	}

	async fn dry_run_stored(
		&self,
		at: Hash,
		model: ModelId,
		input: Vec<u8>,
	) -> Result<Result<DryRun, DryRunError>, Failure> {
		self.ask(move |client| client.runtime_api().dry_run_model(at, model, input)).await
	}

	async fn dry_run(
		&self,
		at: Hash,
		package: Vec<u8>,
		input: Vec<u8>,
	) -> Result<Result<DryRun, DryRunError>, Failure> {
		self.ask(move |client| client.runtime_api().dry_run(at, package, input)).await
	}
}

#[async_trait]
impl Submitter for Chain {
	async fn submit_result(
		&self,
		at: Hash,
		statement: Statement,
		outcome: Outcome,
		signature: InferenceSignature,
	) -> Result<(), Failure> {
		let extrinsic = self
			.ask(move |client| {
				client.runtime_api().result_transaction(at, statement, outcome, signature)
			})
			.await?;
		self.submit(at, extrinsic).await
	}

	async fn demand_input(
		&self,
		at: Hash,
		demand: InputDemand,
		signature: InferenceSignature,
	) -> Result<(), Failure> {
		let extrinsic = self
			.ask(move |client| client.runtime_api().demand_input_transaction(at, demand, signature))
			.await?;
		self.submit(at, extrinsic).await
	}

	async fn audit_commit(
		&self,
		at: Hash,
		commit: AuditCommit,
		signature: InferenceSignature,
	) -> Result<(), Failure> {
		let extrinsic = self
			.ask(move |client| client.runtime_api().audit_commit_transaction(at, commit, signature))
			.await?;
		self.submit(at, extrinsic).await
	}

	async fn audit_reveal(
		&self,
		at: Hash,
		reveal: AuditReveal,
		signature: InferenceSignature,
	) -> Result<(), Failure> {
		let extrinsic = self
			.ask(move |client| client.runtime_api().audit_reveal_transaction(at, reveal, signature))
			.await?;
		self.submit(at, extrinsic).await
	}
}
