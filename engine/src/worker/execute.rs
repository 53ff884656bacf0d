//! One assignment, from what it needs to its statement in a pool.

use super::{
	canonical::tolerates,
	journal::{JournalError, Record},
	metrics::{add, count, Observation},
	plan::Shared,
	rehearsal,
	sources::{self, blocking},
	BestBlock, EngineAnswer, EngineJob, EngineResult, Source, LOG,
};
use crate::supervisor::EngineError;
use codec::Encode;
use countersign_primitives::{
	model::Manifest,
	request::{InputDemand, Outcome, OutcomeCommitment, Statement, TrapCode, WorkItem},
	tensor::{check_signature, Tensor, MAX_INLINE_BYTES},
	Hash,
};
use std::{sync::Arc, time::Instant};

/// How far an assignment came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Step {
	/// Its statement is in the pool.
	Submitted,
	/// Its statement stands in the journal but is not in the pool.
	NotSubmitted(String),
	/// Its input was demanded on chain.
	Demanded,
	/// It waits for something outside: its input, the chain, the engine to come back.
	Waiting(String),
	/// The engine failed on it.
	EngineFailed(String),
	/// It cannot be answered by us.
	GaveUp(String),
}

/// Works on an assignment of which nothing has been signed yet.
pub(super) async fn execute(
	shared: Arc<Shared>,
	item: WorkItem,
	block: BestBlock,
	demand: bool,
	seen: Instant,
) -> Step {
	match try_execute(&shared, &item, block, demand, seen).await {
		Ok(step) | Err(step) => step,
	}
}

async fn try_execute(
	shared: &Arc<Shared>,
	item: &WorkItem,
	block: BestBlock,
	demand: bool,
	seen: Instant,
) -> Result<Step, Step> {
	let manifest = shared.manifest(item.model, block.hash).await.map_err(Step::Waiting)?;
	let (artefact, input) = tokio::join!(
		sources::artefact(shared, item.model, &manifest),
		input_or_demand(shared, item, block, demand)
	);
	let inputs = input?;
	let artefact = artefact.map_err(Step::Waiting)?;
	// What a program makes of an input is for the canonical engine to say.
	let runs = manifest.program.is_some() || check_signature(&manifest.inputs, &inputs).is_ok();
	let answer = if runs {
		let job = EngineJob {
			model: item.model,
			manifest: manifest.clone(),
			artefact: artefact.path.clone(),
			inputs,
		};
		let rehearsal = rehearsal::due(shared, &job, block).await;
		let answer = run(shared, job).await?;
		if let Some(rehearsal) = rehearsal {
			let held = rehearsal.hold(shared, &answer.result, answer.source).await;
			held.map_err(Step::GaveUp)?;
		}
		answer
	} else {
		// No engine is needed to see that the model cannot take this.
		EngineAnswer {
			result: EngineResult::Trap {
				code: TrapCode::BadInput,
				operator: u32::MAX,
				message: "the input does not have the declared signature".into(),
			},
			source: Source::Native,
			time: Default::default(),
		}
	};
	let metrics = &shared.parts.metrics;
	let result = bounded(&manifest, answer.result);
	if let Err(why) = safe_to_sign(&manifest, &result, answer.source) {
		count(&metrics.unsafe_answers);
		return Err(Step::GaveUp(why.into()));
	}
	let (statement, outcome) = state(shared.genesis, item, result);
	let record = Record { statement, outcome, block: block.number };
	let journal = shared.journal.clone();
	let recorded = blocking(move || journal.lock().record(&record)).await.map_err(Step::Waiting)?;
	match recorded {
		Ok(()) => count(&metrics.statements_signed),
		// Another fork's run came first. What it said is what will be submitted.
		Err(JournalError::Conflict) => count(&metrics.conflicts_refused),
		Err(error) => {
			tracing::error!(target: LOG, %error, "nothing is signed without a journal");
			return Err(Step::GaveUp(error.to_string()));
		}
	}
	let step = submit(shared.clone(), item.clone(), block, seen).await;
	if step == Step::Submitted {
		let latency = seen.elapsed();
		add(&metrics.latency_micros, latency.as_micros() as u64);
		metrics.observe(Observation::Latency(latency));
	}
	Ok(step)
}

async fn run(shared: &Arc<Shared>, job: EngineJob) -> Result<EngineAnswer, Step> {
	let metrics = &shared.parts.metrics;
	match shared.parts.engine.run(job).await {
		Ok(answer) => {
			count(&metrics.runs);
			if matches!(answer.result, EngineResult::Trap { .. }) {
				count(&metrics.traps);
			}
			add(&metrics.run_micros, answer.time.as_micros() as u64);
			metrics.observe(Observation::Run(answer.time));
			Ok(answer)
		}
		Err(error) => {
			count(&metrics.run_failures);
			let why = error.to_string();
			Err(match error {
				EngineError::Refused { .. } | EngineError::Stopped(_) => Step::GaveUp(why),
				EngineError::Crashed(_) | EngineError::Hung(_) | EngineError::Protocol(_) => {
					Step::EngineFailed(why)
				}
				_ => Step::Waiting(why),
			})
		}
	}
}

async fn input_or_demand(
	shared: &Arc<Shared>,
	item: &WorkItem,
	block: BestBlock,
	demand: bool,
) -> Result<Vec<Tensor>, Step> {
	if let Some(input) = sources::input(shared, item, block.hash).await.map_err(Step::Waiting)? {
		return Ok(input);
	}
	if !demand {
		return Err(Step::Waiting("the input is nowhere to be had".into()));
	}
	let statement = InputDemand {
		genesis: shared.genesis,
		request: item.request,
		session: item.assignment.session,
		validator: item.assignment.validator,
		signer: item.key.clone(),
	};
	let parts = &shared.parts;
	let waiting = |why: super::Failure| Step::Waiting(why.to_string());
	let payload = statement.signing_payload();
	let signature = parts.signer.sign(&item.key, &payload).await.map_err(waiting)?;
	let submitted = parts.submitter.demand_input(block.hash, statement, signature).await;
	if submitted.is_err() {
		count(&parts.metrics.chain_failures);
	}
	submitted.map_err(waiting)?;
	count(&parts.metrics.inputs_demanded);
	Err(Step::Demanded)
}

/// Turns an output that the model may not give into the trap that it is.
pub(super) fn bounded(manifest: &Manifest, result: EngineResult) -> EngineResult {
	match result {
		EngineResult::Output(tensors)
			if check_signature(&manifest.outputs, &tensors).is_err()
				|| tensors.iter().any(|tensor| tensor.check().is_err())
				|| tensors.encoded_size() > MAX_INLINE_BYTES as usize =>
		{
			EngineResult::Trap {
				code: TrapCode::BadOutput,
				operator: u32::MAX,
				message: "the output does not have the declared signature".into(),
			}
		}
		result => result,
	}
}

/// Whether a validator who signs this can be found guilty: only what the chain itself would say,
/// or what it tolerates, is safe.
fn safe_to_sign(
	manifest: &Manifest,
	result: &EngineResult,
	source: Source,
) -> Result<(), &'static str> {
	if source == Source::Canonical || manifest.program.is_none() {
		return Ok(());
	}
	if matches!(result, EngineResult::Trap { .. }) {
		return Err("a trap of another engine says nothing about the canonical answer");
	}
	if tolerates(manifest) {
		Ok(())
	} else {
		Err("this model's answers are exact: only the canonical engine may sign them")
	}
}

pub(super) fn state(genesis: Hash, item: &WorkItem, result: EngineResult) -> (Statement, Outcome) {
	let (commitment, outcome) = match result {
		EngineResult::Output(tensors) => match tensors.encode().try_into() {
			Ok(bytes) => (OutcomeCommitment::of_output(&tensors), Outcome::Output(bytes)),
			// `bounded` lets none of these through.
			Err(_) => {
				let (code, operator) = (TrapCode::BadOutput, u32::MAX);
				(OutcomeCommitment::Trap { code, operator }, Outcome::Trap { code, operator })
			}
		},
		EngineResult::Trap { code, operator, message } => {
			tracing::info!(target: LOG, request = ?item.request, ?code, %message, "trap");
			(OutcomeCommitment::Trap { code, operator }, Outcome::Trap { code, operator })
		}
	};
	let statement = Statement {
		genesis,
		request: item.request,
		model: item.model,
		role: item.role,
		session: item.assignment.session,
		validator: item.assignment.validator,
		input: item.input_commitment,
		outcome: commitment,
		attribution: item.attribution,
		signer: item.key.clone(),
	};
	(statement, outcome)
}

/// Signs and submits the answer that stands in the journal about a request and role, and no other,
/// for the assignment in force: which session and place that names may differ from fork to fork.
pub(super) async fn submit(
	shared: Arc<Shared>,
	item: WorkItem,
	block: BestBlock,
	seen: Instant,
) -> Step {
	let journal = shared.journal.clone();
	let key = (item.request, item.role);
	let record = match blocking(move || journal.lock().get(&key)).await {
		Ok(Ok(Some(record))) => record,
		Ok(Ok(None)) => return Step::Waiting("nothing stands in the journal".into()),
		Ok(Err(error)) => return Step::GaveUp(error.to_string()),
		Err(why) => return Step::NotSubmitted(why),
	};
	let Record { statement, outcome, .. } = record;
	let (session, validator) = (item.assignment.session, item.assignment.validator);
	let statement = Statement { session, validator, ..statement };
	// Nodes that do not have the block yet refuse a result for it, and are not asked again.
	let rest = shared.parts.config.submit_after.saturating_sub(seen.elapsed());
	if !rest.is_zero() {
		tokio::time::sleep(rest).await;
	}
	let parts = &shared.parts;
	let signed = parts.signer.sign(&statement.signer, &statement.signing_payload()).await;
	let signature = match signed {
		Ok(signature) if statement.verify(&signature) => signature,
		Ok(_) => return Step::NotSubmitted("the key holder's signature does not verify".into()),
		Err(error) => return Step::NotSubmitted(error.to_string()),
	};
	match parts.submitter.submit_result(block.hash, statement, outcome, signature).await {
		Ok(()) => {
			count(&parts.metrics.statements_submitted);
			Step::Submitted
		}
		Err(error) => {
			count(&parts.metrics.chain_failures);
			Step::NotSubmitted(error.to_string())
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use countersign_primitives::{
		model::{Artefact, PrecisionPolicy, ProgramRef, RunCost},
		tensor::{Dimension, Port, TensorType},
	};

	fn manifest(policies: Option<Vec<PrecisionPolicy>>) -> Manifest {
		let port = Port {
			name: b"y".to_vec().try_into().expect("short"),
			ty: TensorType::U8,
			shape: vec![Dimension::Fixed(2)].try_into().expect("short"),
		};
		Manifest {
			name: Default::default(),
			licence: Default::default(),
			artefact: Artefact { sha256: [0; 32], length: 1 },
			program: policies
				.as_ref()
				.map(|_| ProgramRef { root: Hash::zero(), canonical_version: 1 }),
			inputs: Default::default(),
			outputs: vec![port].try_into().expect("short"),
			policies: policies.unwrap_or_default().try_into().expect("short"),
			cost: RunCost { macs: 1, time_ms: 1, memory_mib: 1 },
			contributors: Default::default(),
			parents: Default::default(),
		}
	}

	fn output(length: u32) -> EngineResult {
		let data = vec![0; length as usize];
		EngineResult::Output(vec![Tensor { ty: TensorType::U8, shape: vec![length], data }])
	}

	fn trap() -> EngineResult {
		EngineResult::Trap { code: TrapCode::Operator, operator: u32::MAX, message: String::new() }
	}

	/// Signing anything else could cost an honest validator its stake.
	#[test]
	fn only_safe_answers_are_signed() {
		use PrecisionPolicy::*;
		let within = Within { absolute: -10, relative: -10 };
		for (policies, result, source, safe) in [
			(None, output(2), Source::Native, true),
			(None, trap(), Source::Native, true),
			(Some(vec![within.clone()]), output(2), Source::Native, true),
			(Some(vec![within.clone()]), trap(), Source::Native, false),
			(Some(vec![Exact]), output(2), Source::Native, false),
			(Some(vec![Top1 { margin: 1 }]), output(2), Source::Native, true),
			(Some(vec![]), output(2), Source::Native, false),
			(Some(vec![Exact]), output(2), Source::Canonical, true),
			(Some(vec![Exact]), trap(), Source::Canonical, true),
		] {
			let found = safe_to_sign(&manifest(policies.clone()), &result, source).is_ok();
			assert_eq!(found, safe, "{policies:?} {result:?} {source:?}");
		}
	}

	#[test]
	fn an_output_other_than_declared_is_a_trap() {
		assert_eq!(bounded(&manifest(None), output(2)), output(2));
		for wrong in [output(3), EngineResult::Output(vec![])] {
			assert!(matches!(
				bounded(&manifest(None), wrong),
				EngineResult::Trap { code: TrapCode::BadOutput, operator: u32::MAX, .. }
			));
		}
		assert_eq!(bounded(&manifest(None), trap()), trap());
	}
}
