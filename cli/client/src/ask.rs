//! Asking for a run: quote, request, and following it to its end.

use crate::{
	amount,
	call::Call,
	client::{is_gone, Block, Blocks, Included},
	event::Event,
	keys::Signer,
	trail::Trail,
	Client, Error,
};
use codec::{Decode, Encode};
use countersign_primitives::{
	commitment::tensors_commitment,
	model::ModelId,
	request::{
		request_id, EvidenceSet, Finality, Input, Outcome, OutcomeCommitment, Quote, RequestId,
		RequestStatus, RequestView, ResultView, Terms, TrapCode,
	},
	tensor::{Tensor, MAX_INLINE_BYTES},
	AccountId, Balance, BlockNumber, Hash,
};

/// Blocks that a deadline lies beyond the earliest that the chain takes, unless told otherwise.
const DEADLINE_SLACK_BLOCKS: BlockNumber = 20;
/// Blocks for which a request that went away with a fork may take to come back.
const FORK_BLOCKS: u32 = 64;

/// What to ask for. [`Ask::new`] has the defaults; every field may be changed.
#[derive(Clone, Debug)]
pub struct Ask {
	/// The model.
	pub model: ModelId,
	/// The input tensors.
	pub input: Vec<Tensor>,
	/// The most to pay; the quoted fee by default.
	pub max_fee: Option<Balance>,
	/// Blocks from now to the deadline; a little more than the least by default.
	pub deadline_in: Option<BlockNumber>,
	/// The lane. Requests in one lane have to be submitted one after the other.
	pub lane: u8,
	/// The evidence that is paid for beyond a signature.
	pub evidence: EvidenceSet,
	/// What a wrong answer could cost; raises cover and fee.
	pub value_at_risk: Balance,
	/// Put only the commitment on chain, also where the bytes would fit.
	pub commit_only: bool,
}

impl Ask {
	/// A request for a run with the default terms.
	pub fn new(model: ModelId, input: Vec<Tensor>) -> Self {
		Self {
			model,
			input,
			max_fee: None,
			deadline_in: None,
			lane: 0,
			evidence: EvidenceSet::default(),
			value_at_risk: 0,
			commit_only: false,
		}
	}

	/// The input as it goes on chain, and its encoding where the bytes do not.
	pub fn input(&self) -> (Input, Option<Vec<u8>>) {
		let bytes = self.input.encode();
		if bytes.len() <= MAX_INLINE_BYTES as usize && !self.commit_only {
			if let Ok(inline) = bytes.clone().try_into() {
				return (Input::Inline(inline), None);
			}
		}
		let length = bytes.len() as u32;
		(Input::Committed { commitment: self.input_commitment(), length }, Some(bytes))
	}

	/// The commitment to the input.
	pub fn input_commitment(&self) -> Hash {
		tensors_commitment(&self.input)
	}

	/// The identifier that the chain will give the request.
	pub fn id(&self, genesis: &Hash, account: &AccountId, nonce: u64, terms: &Terms) -> RequestId {
		request_id(genesis, account, nonce, &self.model, &self.input_commitment(), terms)
	}
}

/// A request on chain.
#[derive(Clone, Debug)]
pub struct Asked {
	/// Its identifier.
	pub id: RequestId,
	/// What was agreed.
	pub terms: Terms,
	/// Its number in its lane.
	pub nonce: u64,
	/// The transaction that submitted it.
	pub included: Included,
}

/// What a run inside a transaction came to, as its event tells.
#[derive(Clone, Debug, Decode)]
pub struct Computed {
	/// Names the run, as its receipt does.
	pub request: RequestId,
	/// Who asked and paid.
	pub who: AccountId,
	/// The model.
	pub model: ModelId,
	/// The commitment to the input.
	pub input: Hash,
	/// What came of it.
	pub outcome: OutcomeCommitment,
	/// The encoding of the output tensors, where it is short enough for an event.
	pub output: Option<Vec<u8>>,
	/// What went to the treasury.
	pub treasury_paid: Balance,
	/// What was burned.
	pub burned: Balance,
	/// What went to the model's contributors.
	pub contributors_paid: Balance,
}

impl Computed {
	/// What was paid beside the transaction's fee.
	pub fn paid(&self) -> Balance {
		self.treasury_paid.saturating_add(self.burned).saturating_add(self.contributors_paid)
	}
}

/// A request with its result.
#[derive(Clone, Debug)]
pub struct Answer {
	/// The request.
	pub request: RequestView,
	/// The result.
	pub result: ResultView,
	/// The block in which it was seen.
	pub block: Block,
}

impl Answer {
	/// The output tensors, or why there are none.
	pub fn output(&self) -> Result<Vec<Tensor>, (TrapCode, u32)> {
		match &self.result.outcome {
			Outcome::Output(bytes) => {
				crate::tensors::decode(bytes).map_err(|_| (TrapCode::BadOutput, u32::MAX))
			}
			Outcome::Trap { code, operator } => Err((*code, *operator)),
		}
	}

	/// Blocks from the block of the request to the block of the result.
	pub fn latency(&self) -> BlockNumber {
		self.result.answered_at.saturating_sub(self.request.submitted_at)
	}
}

/// Checks terms against a quote: what the chain would refuse costs a transaction fee.
pub fn check_terms(quote: &Quote, terms: &Terms) -> Result<(), Error> {
	if terms.max_fee < quote.fee {
		return Err(Error::Input(format!(
			"the fee is {}, above the most that you would pay, {}",
			amount::format(quote.fee),
			amount::format(terms.max_fee)
		)));
	}
	if !(quote.earliest_deadline..=quote.latest_deadline).contains(&terms.deadline) {
		return Err(Error::Input(format!(
			"the deadline, block {}, is not from {} to {}",
			terms.deadline, quote.earliest_deadline, quote.latest_deadline
		)));
	}
	if quote.free_servers == 0 {
		return Err(Error::NoServer(quote.servers));
	}
	Ok(())
}

impl Client {
	/// What a request would cost now, and the terms that go with it.
	pub async fn quote_for(&self, ask: &Ask) -> Result<(Quote, Terms), Error> {
		let mut terms = Terms {
			max_fee: ask.max_fee.unwrap_or(Balance::MAX),
			deadline: 0,
			lane: ask.lane,
			evidence: ask.evidence,
			value_at_risk: ask.value_at_risk,
			callback: None,
		};
		let quote = self.quote(ask.model, ask.input.encoded_size() as u32, &terms).await?;
		terms.max_fee = ask.max_fee.unwrap_or(quote.fee);
		terms.deadline = match ask.deadline_in {
			Some(blocks) => self.best().await?.number.saturating_add(blocks),
			None => quote
				.earliest_deadline
				.saturating_add(DEADLINE_SLACK_BLOCKS)
				.min(quote.latest_deadline),
		};
		Ok((quote, terms))
	}

	/// Quotes, uploads the input where it is long, and submits the request.
	pub async fn ask(&self, signer: &Signer, ask: &Ask) -> Result<Asked, Error> {
		let (quote, terms) = self.quote_for(ask).await?;
		check_terms(&quote, &terms)?;
		self.ask_with(signer, ask, terms).await
	}

	/// The same with terms that were agreed on before.
	pub async fn ask_with(&self, signer: &Signer, ask: &Ask, terms: Terms) -> Result<Asked, Error> {
		let account = signer.account();
		let (input, bytes) = ask.input();
		if let Some(bytes) = bytes {
			let stored = self.put_blob(&bytes).await?;
			if stored != ask.input_commitment() {
				return Err(Error::Incompatible("the node stored another input".into()));
			}
		}
		let nonce = self.next_nonce(&account, terms.lane).await?;
		let id = ask.id(&self.genesis(), &account, nonce, &terms);
		let call = Call::request(&ask.model, &input, nonce, &terms);
		let included = self.submit(&call, signer).await?;
		let named =
			included.events.iter().any(|event| event.pallet == "Inference" && event.names(&id));
		if !named {
			return Err(Error::Incompatible(format!(
				"the chain gave the request another identifier than {id:?}"
			)));
		}
		Ok(Asked { id, terms, nonce, included })
	}

	/// Runs a model inside the transaction, for at most `max_fee` beside the transaction's own, and
	/// gives what came of it. What is too long for an event is computed once more by the node, and
	/// compared with what every node computed.
	pub async fn infer_sync(
		&self,
		signer: &Signer,
		model: &ModelId,
		input: &[Tensor],
		max_fee: Balance,
	) -> Result<(Included, Computed, Outcome), Error> {
		let call = Call::infer_sync(model, input.encode(), max_fee);
		let included = self.submit(&call, signer).await?;
		let event = included
			.event("Inference", "Computed")
			.ok_or_else(|| Error::Incompatible("no event tells what was computed".into()))?;
		let computed: Computed = event.decode()?;
		let wrong = || Error::Incompatible("the output is not what the event commits to".into());
		let outcome = match (&computed.outcome, &computed.output) {
			(OutcomeCommitment::Trap { code, operator }, _) => {
				Outcome::Trap { code: *code, operator: *operator }
			}
			(OutcomeCommitment::Output(_), Some(bytes)) => {
				Outcome::Output(bytes.clone().try_into().map_err(|_| wrong())?)
			}
			(OutcomeCommitment::Output(_), None) => {
				let again = self.dry_run_model(*model, input).await?;
				let bytes = again.output.map_err(|_| wrong())?;
				Outcome::Output(bytes.try_into().map_err(|_| wrong())?)
			}
		};
		if let (OutcomeCommitment::Output(commitment), Outcome::Output(bytes)) =
			(&computed.outcome, &outcome)
		{
			if tensors_commitment(&crate::tensors::decode(bytes)?) != *commitment {
				return Err(wrong());
			}
		}
		Ok((included, computed, outcome))
	}

	/// Follows a request from now on.
	pub async fn follow(&self, id: RequestId) -> Result<Follow, Error> {
		let blocks = self.blocks().await?;
		let trail = Trail::from(None);
		Ok(Follow { client: self.clone(), id, blocks, trail, found: false, missing: 0, last: None })
	}

	/// Follows a request from the block that included it, so that no event is missed.
	pub async fn follow_asked(&self, asked: &Asked) -> Result<Follow, Error> {
		let mut follow = self.follow(asked.id).await?;
		follow.trail = Trail::from(Some(asked.included.block.number));
		follow.found = true;
		Ok(follow)
	}
}

/// A request on its way.
pub struct Follow {
	client: Client,
	id: RequestId,
	blocks: Blocks,
	/// The blocks whose events were read.
	trail: Trail,
	/// Whether the request was there once.
	found: bool,
	/// Blocks since the request was last there.
	missing: u32,
	last: Option<RequestView>,
}

/// What a block did to a request.
#[derive(Clone, Debug)]
pub struct Step {
	/// The block.
	pub block: Block,
	/// The request after it.
	pub request: RequestView,
	/// Whether its status is another than before.
	pub changed: bool,
	/// How many blocks, of those whose events were told, a fork took back. What happened in them
	/// may happen again, and is told again.
	pub retracted: u32,
	/// The events that name it, of this block and of those that the subscription left out.
	pub events: Vec<Event>,
}

impl Follow {
	/// The request.
	pub fn id(&self) -> RequestId {
		self.id
	}

	/// Waits for the next block, and says what it did. The first call does not wait.
	pub async fn next(&mut self) -> Result<Step, Error> {
		loop {
			let block = self.blocks.next().await?;
			let request = match self.client.request_at(self.id, Some(block.hash)).await {
				Ok(Some(request)) => request,
				// A fork may take the request away, and its transaction brings it back. A block of
				// a fork that lost has no state any more, and the next one is on another.
				read => {
					self.missing += 1;
					match read {
						Err(error) if self.missing > FORK_BLOCKS || !is_gone(&error) => {
							return Err(error)
						}
						Ok(_) if !self.found || self.missing > FORK_BLOCKS => {
							let id = format!("{:?}", self.id);
							return Err(Error::NotFound { what: "request", id });
						}
						_ => continue,
					}
				}
			};
			(self.found, self.missing) = (true, 0);
			let (mut at, mut fresh) = (block, Vec::new());
			while self.trail.is_new(&at, fresh.len()) {
				fresh.push(at);
				if at.number == 0 {
					break;
				}
				at = self.client.parent(at).await?;
			}
			let turn = self.trail.turn(block, fresh, at);
			let mut events = Vec::new();
			for fresh in &turn.fresh {
				events.extend(self.client.events(fresh.hash).await?);
			}
			events.retain(|event| event.names(&self.id));
			let changed = self.last.as_ref().is_none_or(|last| {
				last.status != request.status || last.attempts != request.attempts
			});
			self.last = Some(request.clone());
			return Ok(Step { block, request, changed, retracted: turn.retracted, events });
		}
	}

	/// Waits until there is an answer, final or not.
	pub async fn answer(&mut self) -> Result<Answer, Error> {
		self.until(|answer| answer.result.finality != Finality::Invalidated).await
	}

	/// Waits until the answer is final.
	pub async fn settled(&mut self) -> Result<Answer, Error> {
		self.until(|answer| answer.result.finality == Finality::Final).await
	}

	async fn until(&mut self, enough: impl Fn(&Answer) -> bool) -> Result<Answer, Error> {
		loop {
			let step = self.next().await?;
			if let Some(answer) = self.client.answer_after(&step).await? {
				if enough(&answer) {
					return Ok(answer);
				}
			}
		}
	}
}

impl Client {
	/// The answer that there is after a step; an error if there will be none.
	pub async fn answer_after(&self, step: &Step) -> Result<Option<Answer>, Error> {
		let id = step.request.id;
		match step.request.status {
			RequestStatus::Refunded => Err(Error::Refunded(id)),
			RequestStatus::Invalidated => Err(Error::Invalidated(id)),
			RequestStatus::Answered | RequestStatus::Settled => {
				let result = self.result_at(id, Some(step.block.hash)).await?;
				Ok(result.map(|result| Answer {
					request: step.request.clone(),
					result,
					block: step.block,
				}))
			}
			RequestStatus::Waiting | RequestStatus::Assigned | RequestStatus::InputDemanded => {
				Ok(None)
			}
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use countersign_primitives::tensor::TensorType;
	use sp_crypto_hashing::blake2_256;

	fn tensor(length: usize) -> Tensor {
		Tensor { ty: TensorType::U8, shape: vec![length as u32], data: vec![7; length] }
	}

	fn terms() -> Terms {
		Terms {
			max_fee: 5,
			deadline: 100,
			lane: 3,
			evidence: EvidenceSet::default(),
			value_at_risk: 0,
			callback: None,
		}
	}

	#[test]
	fn identifiers_are_those_of_the_chain() {
		let (genesis, account) = (Hash::repeat_byte(1), AccountId::from([2; 32]));
		let ask = Ask::new(Hash::repeat_byte(3), vec![tensor(4)]);
		let id = ask.id(&genesis, &account, 9, &terms());
		// Written out once more, so that neither side can change alone.
		let mut data = b"countersign/v1\0\0request".to_vec();
		data.extend([1; 32]);
		data.extend([2; 32]);
		data.push(3);
		data.extend(9u64.to_le_bytes());
		data.extend([3; 32]);
		data.extend(tensors_commitment(&[tensor(4)]).as_bytes());
		data.extend(5u128.to_le_bytes());
		data.extend(100u32.to_le_bytes());
		data.push(3);
		data.extend([0; 4]);
		data.extend(0u128.to_le_bytes());
		data.push(0);
		assert_eq!(id, Hash::from(blake2_256(&data)));
	}

	#[test]
	fn terms_that_the_chain_would_refuse_are_not_sent() {
		let quote = Quote {
			fee: 5,
			cost_fee: 4,
			price: 1,
			macs: 1,
			cover: 60,
			servers: 2,
			free_servers: 1,
			earliest_deadline: 90,
			latest_deadline: 100,
			final_window: 60,
			base_fee: 1,
		};
		assert!(check_terms(&quote, &terms()).is_ok());
		for refused in [
			Terms { max_fee: 4, ..terms() },
			Terms { deadline: 89, ..terms() },
			Terms { deadline: 101, ..terms() },
		] {
			assert!(matches!(check_terms(&quote, &refused), Err(Error::Input(_))), "{refused:?}");
		}
		let busy = Quote { free_servers: 0, ..quote };
		assert!(matches!(check_terms(&busy, &terms()), Err(Error::NoServer(2))));
	}

	#[test]
	fn long_inputs_are_committed_to() {
		let head = 1 + 1 + 1 + 4 + 4;
		let fits = Ask::new(Hash::zero(), vec![tensor(MAX_INLINE_BYTES as usize - head)]);
		assert!(matches!(fits.input(), (Input::Inline(_), None)));
		let long = Ask::new(Hash::zero(), vec![tensor(MAX_INLINE_BYTES as usize - head + 1)]);
		let (input, bytes) = long.input();
		let bytes = bytes.unwrap();
		assert_eq!(bytes, long.input.encode());
		let commitment = tensors_commitment(&long.input);
		assert_eq!(input, Input::Committed { commitment, length: bytes.len() as u32 });
		let chosen = Ask { commit_only: true, ..fits };
		assert!(matches!(chosen.input(), (Input::Committed { .. }, Some(_))));
	}
}
