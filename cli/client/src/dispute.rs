//! Having the chain recompute an answer: what that costs, bringing the program where the chain
//! lacks it, and the verdict.

use crate::{call::Call, keys::Signer, program::Program, Client, Error, Included};
use codec::Encode;
use countersign_primitives::{
	dispute::{
		staging_id, Decision, DisputableView, Effort, PackageSource, ReplayCost, ReplayRefusal,
		StagingId, Witness, MAX_INLINE_PACKAGE, MAX_STAGED_AT_ONCE, STAGED_CHUNK,
	},
	request::RequestId,
	tensor::Tensor,
	Hash,
};

/// Calls with chunks that are on their way at one time: those of one block.
const CALLS_AT_ONCE: usize = 6;

impl Client {
	/// Up to 64 open results after `after`.
	pub async fn disputable(
		&self,
		after: Option<RequestId>,
		limit: u32,
	) -> Result<Vec<DisputableView>, Error> {
		self.api("DisputesApi_disputable", (after, limit), None).await
	}

	/// An open result.
	pub async fn disputable_result(
		&self,
		request: RequestId,
	) -> Result<Option<DisputableView>, Error> {
		self.api("DisputesApi_disputable_result", (request,), None).await
	}

	/// Up to 256 decisions after `after`.
	pub async fn decisions(
		&self,
		after: Option<RequestId>,
		limit: u32,
	) -> Result<Vec<(RequestId, Decision)>, Error> {
		self.api("DisputesApi_decisions", (after, limit), None).await
	}

	/// What a replay would cost with a package that comes along, or was staged.
	pub async fn replay_cost(
		&self,
		program: &Program,
		input_bytes: u32,
	) -> Result<ReplayCost, Error> {
		let cost: Result<ReplayCost, ReplayRefusal> =
			self.api("DisputesApi_replay_cost", (program.encoding(), input_bytes), None).await?;
		cost.map_err(Error::Replay)
	}

	/// What a replay of an open result would cost, whose package the chain has, staged or stored.
	pub async fn replay_cost_of(
		&self,
		request: RequestId,
		package: &PackageSource,
	) -> Result<ReplayCost, Error> {
		let cost: Result<ReplayCost, ReplayRefusal> =
			self.api("DisputesApi_replay_cost_of", (request, package), None).await?;
		cost.map_err(Error::Replay)
	}

	/// The decision about a request, until it is pruned.
	pub async fn decision(&self, request: RequestId) -> Result<Option<Decision>, Error> {
		self.api("DisputesApi_decision", (request,), None).await
	}

	/// How many bytes of a staged package are there, and of how many.
	pub async fn staged(&self, id: StagingId) -> Result<Option<(u32, u32)>, Error> {
		self.api("DisputesApi_staged", (id,), None).await
	}

	/// Where the chain finds a program: stored, along with the transaction where it is short, or
	/// staged over blocks, which this does. Tells how many bytes of how many are there.
	pub async fn bring_package(
		&self,
		signer: &Signer,
		program: &Program,
		progress: impl FnMut(usize, usize),
	) -> Result<PackageSource, Error> {
		if self.stored_program(program.root()).await?.is_some() {
			return Ok(PackageSource::Stored);
		}
		let package = program.encoding();
		if package.len() <= MAX_INLINE_PACKAGE as usize {
			let inline = package.try_into().map_err(|_| too_long())?;
			return Ok(PackageSource::Inline(inline));
		}
		self.stage(signer, program.root(), &package, progress).await.map(PackageSource::Staged)
	}

	/// Stages a package, or goes on with a staging that stopped.
	pub async fn stage(
		&self,
		signer: &Signer,
		root: Hash,
		package: &[u8],
		mut progress: impl FnMut(usize, usize),
	) -> Result<StagingId, Error> {
		let id = staging_id(&signer.account(), &root);
		let total = package.len();
		match self.staged(id).await? {
			Some((there, of)) if there == of => return Ok(id),
			Some(_) => {}
			None => {
				let length = u32::try_from(total).map_err(|_| too_long())?;
				self.submit(&Call::stage(&root, length), signer).await?;
			}
		}
		let parts: Vec<(u32, &[u8])> = package
			.chunks(MAX_STAGED_AT_ONCE as usize)
			.enumerate()
			.map(|(at, part)| (at as u32 * (MAX_STAGED_AT_ONCE / STAGED_CHUNK), part))
			.collect();
		let mut there = 0;
		for some in parts.chunks(CALLS_AT_ONCE) {
			let mut nonce = self.transaction_nonce(&signer.account()).await?;
			let mut sent = tokio::task::JoinSet::new();
			for (first, part) in some {
				let call = Call::stage_chunks(&id, *first, part);
				let (client, signer, bytes) = (self.clone(), signer.clone(), part.len());
				sent.spawn(async move {
					client.submit_with_nonce(&call, &signer, nonce).await.map(|_| bytes)
				});
				nonce += 1;
			}
			while let Some(outcome) = sent.join_next().await {
				match outcome.map_err(|error| Error::Incompatible(error.to_string()))? {
					Ok(bytes) => there += bytes,
					Err(Error::Dispatch { name, .. }) if name == "ChunkThere" => {}
					Err(error) => return Err(error),
				}
				progress(there, total);
			}
		}
		match self.staged(id).await? {
			Some((there, of)) if there == of => Ok(id),
			_ => Err(Error::Incompatible("the package is not completely staged".into())),
		}
	}

	/// Has the chain recompute an open result, with a bond that is lost where it stands. Give the
	/// input where it is not on chain.
	pub async fn dispute(
		&self,
		signer: &Signer,
		request: RequestId,
		program: &Program,
		package: PackageSource,
		input: Option<&[Tensor]>,
	) -> Result<(Included, Decision), Error> {
		let input = input.map(|tensors| tensors.encode());
		let length = match &input {
			Some(bytes) => bytes.len(),
			None => self.input(request).await?.ok_or(Error::Replay(ReplayRefusal::NoInput))?.len(),
		};
		let bytes = program.encoding().len().saturating_add(length);
		let effort = Effort {
			macs: program.weighted_macs(),
			bytes: u32::try_from(bytes).map_err(|_| too_long())?,
		};
		let input = input.map(|bytes| bytes.try_into().map_err(|_| too_long())).transpose()?;
		let witness = Witness { package, input };
		let call = Call::dispute_by_replay(&request, &witness, &effort);
		let included = self.submit(&call, signer).await?;
		let decision: Option<Decision> =
			self.api("DisputesApi_decision", (request,), Some(included.block.hash)).await?;
		let decision =
			decision.ok_or_else(|| Error::Incompatible("the chain noted no decision".into()))?;
		Ok((included, decision))
	}
}

fn too_long() -> Error {
	Error::Input("program and input are longer than a replay takes".into())
}
