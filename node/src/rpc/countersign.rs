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

//! The calls of this chain: handing inputs and artefacts to the node, and asking its worker.
//!
//! Everything that the chain itself knows is asked through `state_call`, or by the generated
//! clients of the runtime APIs; these calls are about the node.

use crate::{
	blobs::Exchange,
	health::{Check, Health, Observer},
	inference::WorkerView,
};
use countersign_engine::{
	exchange::{FetchError, Wanted},
	store::{BlobId, Store, StoreError, MAX_READ_BYTES},
};
use countersign_primitives::{model::MAX_ARTEFACT_BYTES, tensor::MAX_INPUT_BYTES, AccountId, Hash};
use jsonrpsee::{
	core::{async_trait, RpcResult},
	proc_macros::rpc,
	types::{error::ErrorCode, ErrorObject, ErrorObjectOwned},
	Extensions,
};
use sc_rpc_api::check_if_safe;
use serde::Serialize;
use sha2::{Digest, Sha256};
use sp_core::Bytes;
use std::sync::Arc;

/// The most bytes of an artefact that a call carries. Larger ones come from peers.
const MAX_ARTEFACT_CALL_BYTES: usize = 16 * 1024 * 1024;

/// The error codes of these calls.
#[derive(Clone, Copy)]
enum Code {
	/// The disk, or the store.
	Store = 7_000,
	/// The bytes are too many.
	TooLarge = 7_001,
	/// The bytes are not a list of tensors.
	NotTensors = 7_002,
	/// Everything in the store is in use.
	Full = 7_003,
	/// No other node gave the artefact.
	NotFetched = 7_004,
}

fn error(code: Code, message: impl Into<String>) -> ErrorObjectOwned {
	ErrorObject::owned(code as i32, message, None::<()>)
}

fn store_error(from: StoreError) -> ErrorObjectOwned {
	let code = match &from {
		StoreError::NotTensors(_) => Code::NotTensors,
		StoreError::TooLarge(_) => Code::TooLarge,
		StoreError::Full { .. } => Code::Full,
		_ => Code::Store,
	};
	error(code, from.to_string())
}

/// What a node does about requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NodeStatus {
	/// The worker; absent where the node does not answer requests.
	pub(crate) worker: Option<crate::inference::WorkerStatus>,
	/// Artefacts and inputs in the store.
	pub(crate) stored_files: u64,
	/// Their bytes.
	pub(crate) stored_bytes: u64,
	/// The most bytes that there may be.
	pub(crate) store_capacity: u64,
}

/// The calls of this chain.
#[rpc(server, namespace = "countersign")]
pub(crate) trait CountersignApi {
	/// Stores the SCALE encoding of a list of tensors, so that peers can fetch it, and returns its
	/// commitment. At most 1 MiB. Unsafe: it takes the operator's disk.
	#[method(name = "putBlob", with_extensions)]
	async fn put_blob(&self, tensors: Bytes) -> RpcResult<Hash>;

	/// Stores an ONNX file and returns its sha256. At most 16 MiB, and no more than
	/// `--rpc-max-request-size` lets through. Unsafe: it takes the operator's disk.
	#[method(name = "putArtefact", with_extensions)]
	async fn put_artefact(&self, artefact: Bytes) -> RpcResult<Hash>;

	/// The list of tensors with this commitment, if this node has it.
	#[method(name = "getBlob")]
	async fn get_blob(&self, commitment: Hash) -> RpcResult<Option<Bytes>>;

	/// Whether this node has the list of tensors with this commitment.
	#[method(name = "hasBlob")]
	async fn has_blob(&self, commitment: Hash) -> RpcResult<bool>;

	/// Whether this node has the artefact with this sha256.
	#[method(name = "hasArtefact")]
	async fn has_artefact(&self, sha256: Hash) -> RpcResult<bool>;

	/// Up to 1 MiB of an artefact from an offset on, if this node has it; empty at its end.
	#[method(name = "readArtefact")]
	async fn read_artefact(&self, sha256: Hash, offset: u64) -> RpcResult<Option<Bytes>>;

	/// What the worker does, and what the store holds.
	#[method(name = "workerStatus")]
	async fn worker_status(&self) -> RpcResult<NodeStatus>;

	/// Fetches an artefact from other nodes, unless it is here, and returns when it is: with its
	/// sha256 and its length in bytes, as the model's manifest says. Unsafe: it takes the
	/// operator's disk and line.
	#[method(name = "fetchArtefact", with_extensions)]
	async fn fetch_artefact(&self, sha256: Hash, length: u64) -> RpcResult<()>;

	/// Whether the node is as it should be, for machines that watch.
	#[method(name = "health")]
	async fn health(&self) -> RpcResult<Health>;

	/// Goes through everything that has to be right for a validator to earn: for one account, or
	/// for all whose inference keys are here. Unsafe: it tells what is wrong with the machine.
	#[method(name = "doctor", with_extensions)]
	async fn doctor(&self, account: Option<AccountId>) -> RpcResult<Vec<Check>>;
}

/// Answers the calls.
#[derive(Clone)]
pub(crate) struct Countersign {
	store: Arc<Store>,
	worker: Option<WorkerView>,
	/// The network and the chain; absent only where neither exists.
	outside: Option<Outside>,
}

/// What the node asks others, and what it observes of itself.
#[derive(Clone)]
pub(crate) struct Outside {
	/// Finds artefacts at peers.
	pub(crate) exchange: Arc<Exchange>,
	/// Looks at everything.
	pub(crate) observer: Observer,
}

impl Countersign {
	/// Answers from a store and, where there is one, a worker.
	pub(crate) fn new(
		store: Arc<Store>,
		worker: Option<WorkerView>,
		outside: Option<Outside>,
	) -> Self {
		Self { store, worker, outside }
	}

	fn outside(&self) -> RpcResult<&Outside> {
		self.outside.as_ref().ok_or_else(|| ErrorObjectOwned::from(ErrorCode::InternalError))
	}

	/// Runs what may block on the disk where it may.
	async fn with_store<T: Send + 'static>(
		&self,
		work: impl FnOnce(Arc<Store>) -> Result<T, StoreError> + Send + 'static,
	) -> RpcResult<T> {
		let store = self.store.clone();
		tokio::task::spawn_blocking(move || work(store))
			.await
			.map_err(|_| ErrorObjectOwned::from(ErrorCode::InternalError))?
			.map_err(store_error)
	}
}

#[async_trait]
impl CountersignApiServer for Countersign {
	async fn put_blob(&self, extensions: &Extensions, tensors: Bytes) -> RpcResult<Hash> {
		check_if_safe(extensions)?;
		if tensors.len() > MAX_INPUT_BYTES as usize {
			return Err(error(
				Code::TooLarge,
				format!("{} bytes, and an input has at most {MAX_INPUT_BYTES}", tensors.len()),
			));
		}
		self.with_store(move |store| store.put_tensors(&tensors)).await
	}

	async fn put_artefact(&self, extensions: &Extensions, artefact: Bytes) -> RpcResult<Hash> {
		check_if_safe(extensions)?;
		if artefact.is_empty() || artefact.len() > MAX_ARTEFACT_CALL_BYTES {
			return Err(error(
				Code::TooLarge,
				format!("{} bytes; 1 to {MAX_ARTEFACT_CALL_BYTES} go", artefact.len()),
			));
		}
		self.with_store(move |store| {
			let sha256: [u8; 32] = Sha256::digest(&artefact.0).into();
			if store.artefact(&sha256)?.is_none() {
				let mut writer = store.artefact_writer(sha256, artefact.len() as u64)?;
				writer.write(&artefact)?;
				writer.commit()?;
			}
			Ok(sha256.into())
		})
		.await
	}

	async fn get_blob(&self, commitment: Hash) -> RpcResult<Option<Bytes>> {
		let bytes = self.with_store(move |store| store.tensors(&commitment)).await?;
		Ok(bytes.map(Bytes))
	}

	async fn has_blob(&self, commitment: Hash) -> RpcResult<bool> {
		let id = BlobId::Tensors(commitment);
		Ok(self.store.length(&id).is_some_and(|length| length > 0))
	}

	async fn has_artefact(&self, sha256: Hash) -> RpcResult<bool> {
		let id = BlobId::Artefact(sha256.0);
		Ok(self.store.length(&id).is_some_and(|length| length > 0))
	}

	async fn read_artefact(&self, sha256: Hash, offset: u64) -> RpcResult<Option<Bytes>> {
		let id = BlobId::Artefact(sha256.0);
		let read = self.with_store(move |store| store.read(&id, offset, MAX_READ_BYTES)).await?;
		Ok(read.map(Bytes))
	}

	async fn worker_status(&self) -> RpcResult<NodeStatus> {
		let stats = self.store.stats();
		Ok(NodeStatus {
			worker: self.worker.as_ref().map(WorkerView::status),
			stored_files: stats.files,
			stored_bytes: stats.bytes,
			store_capacity: stats.capacity,
		})
	}

	async fn fetch_artefact(
		&self,
		extensions: &Extensions,
		sha256: Hash,
		length: u64,
	) -> RpcResult<()> {
		check_if_safe(extensions)?;
		if length == 0 || length > MAX_ARTEFACT_BYTES {
			return Err(error(
				Code::TooLarge,
				format!("{length} bytes; an artefact has 1 to {MAX_ARTEFACT_BYTES}"),
			));
		}
		let wanted = Wanted { sha256: sha256.0, length, model: None };
		self.outside()?.exchange.artefact(wanted).await.map_err(|from| match from {
			FetchError::Store(from) => store_error(from),
			from => error(Code::NotFetched, from.to_string()),
		})
	}

	async fn health(&self) -> RpcResult<Health> {
		Ok(self.outside()?.observer.health().await)
	}

	async fn doctor(
		&self,
		extensions: &Extensions,
		account: Option<AccountId>,
	) -> RpcResult<Vec<Check>> {
		check_if_safe(extensions)?;
		Ok(self.outside()?.observer.doctor(account).await)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::Encode;
	use countersign_primitives::{
		commitment::tensors_commitment,
		tensor::{Tensor, TensorType},
	};
	use jsonrpsee::RpcModule;
	use sc_rpc_api::DenyUnsafe;
	use serde_json::{json, Value};

	struct Fixture {
		_folder: tempfile::TempDir,
		module: RpcModule<Countersign>,
	}

	fn fixture(deny_unsafe: DenyUnsafe) -> Fixture {
		let folder = tempfile::tempdir().expect("a temporary folder");
		let store = Arc::new(Store::open(folder.path(), 1 << 26).expect("opens"));
		let mut module = Countersign::new(store, None, None).into_rpc();
		module.extensions_mut().insert(deny_unsafe);
		Fixture { _folder: folder, module }
	}

	impl Fixture {
		/// The result of a call, or its error's code.
		async fn call(&self, method: &str, parameter: impl Serialize) -> Result<Value, i64> {
			let request = json!({
				"jsonrpc": "2.0", "id": 1, "method": method, "params": [parameter],
			});
			let (response, _) =
				self.module.raw_json_request(&request.to_string(), 1).await.expect("JSON");
			let response: Value = serde_json::from_str(&response).expect("JSON");
			match response.get("result") {
				Some(result) => Ok(result.clone()),
				None => Err(response["error"]["code"].as_i64().expect("a code")),
			}
		}
	}

	fn tensors(length: u32) -> Vec<Tensor> {
		let data = vec![1; length as usize];
		vec![Tensor { ty: TensorType::U8, shape: vec![length], data }]
	}

	#[tokio::test]
	async fn what_was_put_can_be_got() {
		let node = fixture(DenyUnsafe::No);
		let (bytes, commitment) =
			(Bytes(tensors(3).encode()), json!(tensors_commitment(&tensors(3))));
		assert_eq!(node.call("countersign_hasBlob", &commitment).await, Ok(json!(false)));
		assert_eq!(node.call("countersign_getBlob", &commitment).await, Ok(Value::Null));
		assert_eq!(node.call("countersign_putBlob", &bytes).await, Ok(commitment.clone()));
		assert_eq!(node.call("countersign_hasBlob", &commitment).await, Ok(json!(true)));
		assert_eq!(node.call("countersign_getBlob", &commitment).await, Ok(json!(bytes)));

		let sha256 = json!(Hash::from(<[u8; 32]>::from(Sha256::digest(b"model"))));
		assert_eq!(node.call("countersign_hasArtefact", &sha256).await, Ok(json!(false)));
		for _ in 0..2 {
			let put = node.call("countersign_putArtefact", Bytes(b"model".to_vec())).await;
			assert_eq!(put, Ok(sha256.clone()));
		}
		assert_eq!(node.call("countersign_hasArtefact", &sha256).await, Ok(json!(true)));
		let read = async |offset: u64| {
			let request = json!({
				"jsonrpc": "2.0", "id": 1, "method": "countersign_readArtefact",
				"params": [sha256, offset],
			});
			let (response, _) =
				node.module.raw_json_request(&request.to_string(), 1).await.expect("JSON");
			serde_json::from_str::<Value>(&response).expect("JSON")["result"].clone()
		};
		assert_eq!(read(2).await, json!(Bytes(b"del".to_vec())));
		assert_eq!(read(5).await, json!(Bytes(vec![])));
	}

	#[tokio::test]
	async fn bad_bytes_are_refused_with_their_own_codes() {
		let node = fixture(DenyUnsafe::No);
		let put = |bytes: Vec<u8>| node.call("countersign_putBlob", Bytes(bytes));
		assert_eq!(put(b"nonsense".to_vec()).await, Err(Code::NotTensors as i64));
		assert_eq!(put(tensors(MAX_INPUT_BYTES).encode()).await, Err(Code::TooLarge as i64));
		let put = |bytes: Vec<u8>| node.call("countersign_putArtefact", Bytes(bytes));
		assert_eq!(put(vec![]).await, Err(Code::TooLarge as i64));
		let long = vec![0; MAX_ARTEFACT_CALL_BYTES + 1];
		assert_eq!(put(long).await, Err(Code::TooLarge as i64));
	}

	#[tokio::test]
	async fn strangers_cannot_fill_the_disk() {
		let node = fixture(DenyUnsafe::Yes);
		let refused = Err(i64::from(ErrorCode::MethodNotFound.code()));
		for method in ["countersign_putBlob", "countersign_putArtefact"] {
			assert_eq!(node.call(method, Bytes(tensors(3).encode())).await, refused);
		}
		let fetch =
			r#"{"jsonrpc":"2.0","id":1,"method":"countersign_fetchArtefact","params":["HASH",1]}"#;
		let fetch = fetch.replace("HASH", &format!("0x{}", "00".repeat(32)));
		let (response, _) = node.module.raw_json_request(&fetch, 1).await.expect("JSON");
		let response: Value = serde_json::from_str(&response).expect("JSON");
		assert_eq!(response["error"]["code"].as_i64().map_or(Ok(json!(0)), Err), refused);
		assert_eq!(node.call("countersign_doctor", Value::Null).await, refused);
		let commitment = tensors_commitment(&tensors(3));
		assert_eq!(node.call("countersign_hasBlob", commitment).await, Ok(json!(false)));
	}

	#[tokio::test]
	async fn the_status_shows_store_and_worker() {
		let node = fixture(DenyUnsafe::Yes);
		let request = r#"{"jsonrpc":"2.0","id":1,"method":"countersign_workerStatus"}"#;
		let (response, _) = node.module.raw_json_request(request, 1).await.expect("JSON");
		let response: Value = serde_json::from_str(&response).expect("JSON");
		assert_eq!(
			response["result"],
			json!({
				"worker": null, "storedFiles": 0, "storedBytes": 0, "storeCapacity": 1 << 26,
			})
		);
	}
}
