//! How the operator game is played: from a run of one's own, the next move of either side.
//!
//! The executor answers what it is asked. The challenger names the first operator whose result the
//! executor has otherwise: all operands before it are alike, so one's own run opens them.

use alloc::{vec, vec::Vec};
use canonical::{
	arith,
	bands::{self, Policy},
	commitment::{leaf_hashes, merkle_top, tensor_commitment, LEAF_BYTES},
	op::Op,
	part::OpenedLeaf,
	trace::{group_hashes, open, ElementProof, Prover, Trace, GROUP_LEAVES},
	Meta, Model, Trap,
};
use codec::Encode;
use countersign_canonical as canonical;
use countersign_primitives::{
	demand::{Piece, Showing},
	game::{GameMove, InputTop, Leaf, Leaves, Opening, Path, Phase, Shown},
	request::Outcome,
	tensor::decode_tensors,
	Hash,
};

/// One side with its own run.
pub struct Player<'a> {
	prover: Prover<'a>,
	model: &'a Model,
	inputs: &'a [canonical::Tensor],
	policies: Vec<Policy>,
	trace: Trace,
	/// A result that is said to be another: of which operator, and what.
	forged: Option<(u16, Vec<u8>)>,
}

fn path(hashes: Vec<[u8; 32]>) -> Option<Path> {
	hashes.into_iter().map(Hash::from).collect::<Vec<_>>().try_into().ok()
}

fn leaves(opened: Vec<OpenedLeaf>) -> Option<Leaves> {
	let one = |leaf: OpenedLeaf| {
		let OpenedLeaf { tensor, leaf, bytes, path: hashes } = leaf;
		Some(Leaf { tensor, leaf, bytes: bytes.try_into().ok()?, path: path(hashes)? })
	};
	opened.into_iter().map(one).collect::<Option<Vec<_>>>()?.try_into().ok()
}

fn shown(proof: ElementProof) -> Option<Shown> {
	Some(Shown {
		part: proof.part.try_into().ok()?,
		path: path(proof.path)?,
		index: proof.index,
		leaves: leaves(proof.leaves)?,
	})
}

fn hashes(all: Vec<[u8; 32]>) -> Option<GameMove> {
	let all: Vec<Hash> = all.into_iter().map(Hash::from).collect();
	all.try_into().ok().map(GameMove::Hashes)
}

/// Where two lists differ first.
fn differs(ours: &[[u8; 32]], theirs: &[Hash]) -> Option<u32> {
	let at = ours.iter().zip(theirs).position(|(ours, theirs)| *ours != theirs.0)?;
	u32::try_from(at).ok()
}

/// What shows a piece of a program. `None` for an input, and for what the model has not.
pub fn show_piece(model: &Model, piece: &Piece) -> Option<Showing> {
	match piece {
		Piece::Input => None,
		Piece::Program => model.program().encode().try_into().ok().map(Showing::Program),
		Piece::Constant { tensor, meta, first, count, .. } => {
			let at = usize::from(*tensor).checked_sub(model.program().inputs.len())?;
			let ty = crate::type_to_canonical(meta.ty);
			let data = model.constant(at)?.to_vec();
			let value = canonical::Tensor { ty, shape: meta.shape.to_vec(), data };
			let range = *first..first.checked_add(u32::from(*count))?;
			let leaves = leaves(open(*tensor, &value, range))?;
			Some(Showing::Constant { demand: piece.id(), leaves })
		}
	}
}

impl<'a> Player<'a> {
	/// Runs a model on these inputs.
	pub fn new(
		model: &'a Model,
		inputs: &'a [canonical::Tensor],
		policies: Vec<Policy>,
	) -> Option<Self> {
		let trace = model.trace(inputs);
		let prover = Prover::new(model, inputs)?;
		Some(Self { prover, model, inputs, policies, trace, forged: None })
	}

	/// A liar, for tests and demonstrations: says that the result of an operator is another.
	pub fn forge(mut self, operator: u16, change: impl FnOnce(&mut [u8])) -> Option<Self> {
		let mut bytes = self.result(operator)?;
		change(&mut bytes);
		let Meta { ty, shape } = self.prover.skeleton().part(operator.into())?.out;
		let tensor = canonical::Tensor { ty, shape, data: bytes };
		*self.trace.roots.get_mut(usize::from(operator))? = tensor_commitment(&tensor, None);
		self.forged = Some((operator, tensor.data));
		Some(self)
	}

	/// The run.
	pub fn trace(&self) -> &Trace {
		&self.trace
	}

	/// What proves elements of the run.
	pub fn prover(&self) -> &Prover<'a> {
		&self.prover
	}

	/// One element, with all that it follows from.
	pub fn element(&self, operator: u32, index: u32) -> Option<Shown> {
		shown(self.prover.element(operator, index)?)
	}

	/// What opens the first game about a result.
	pub fn opening(&self) -> Option<Opening> {
		let input = |tensor: &canonical::Tensor| {
			Some(InputTop {
				ty: crate::type_from_canonical(tensor.ty),
				shape: tensor.shape.clone().try_into().ok()?,
				length: tensor.data.len() as u64,
				top: merkle_top(leaf_hashes(&tensor.data)).into(),
			})
		};
		Some(Opening {
			program: self.model.program().encode().try_into().ok()?,
			inputs: self.inputs.iter().map(input).collect::<Option<Vec<_>>>()?.try_into().ok()?,
			operators: u16::try_from(self.prover.skeleton().nodes()).ok()?,
			operands: self.prover.skeleton().operands(),
		})
	}

	/// The bytes of an operator's result, as this side says it is.
	pub fn result(&self, operator: u16) -> Option<Vec<u8>> {
		if let Some((_, bytes)) = self.forged.as_ref().filter(|(of, _)| *of == operator) {
			return Some(bytes.clone());
		}
		let tensor = self.prover.tensor_of(operator.into())?;
		self.prover.value(tensor).map(|value| value.data)
	}

	/// What the executor answers. `None` where it is not its turn, or has nothing to say.
	pub fn answer(&self, phase: &Phase) -> Option<GameMove> {
		match phase {
			Phase::Trace => {
				let trap = match self.trace.result {
					Err(Trap::Operator(node)) => Some(shown(self.prover.trap(node)?)?),
					Err(Trap::BadInput) => return None,
					Ok(_) => None,
				};
				let roots: Vec<Hash> =
					self.trace.roots.iter().map(|root| Hash::from(*root)).collect();
				Some(GameMove::Trace { roots: roots.try_into().ok()?, trap })
			}
			Phase::Hashes(named) => {
				let all = leaf_hashes(&self.result(named.operator)?);
				hashes(if all.len() > GROUP_LEAVES { group_hashes(&all) } else { all })
			}
			Phase::GroupHashes { named, group, .. } => {
				let all = leaf_hashes(&self.result(named.operator)?);
				hashes(all.chunks(GROUP_LEAVES).nth(*group as usize)?.to_vec())
			}
			Phase::Bytes { named, leaf, .. } => {
				let bytes = self.result(named.operator)?;
				let bytes = bytes.chunks(LEAF_BYTES).nth(*leaf as usize).unwrap_or_default();
				bytes.to_vec().try_into().ok().map(GameMove::Bytes)
			}
			Phase::Cast { .. } => self.saturation().map(GameMove::Saturates),
			Phase::Operator | Phase::Group(_) | Phase::Leaf { .. } | Phase::Element { .. } => None,
		}
	}

	/// An element on which a cast from floats to integers saturates, if there is one in the run: the
	/// first, which is before whatever it excuses. However many casts there are, it is found in one run, or the window would be over before.
	fn saturation(&self) -> Option<Shown> {
		let node = self.model.saturating_cast(self.inputs)?;
		let part = self.prover.skeleton().part(node)?;
		let Op::Cast(to) = part.op else { return None };
		let value = self.prover.value(part.operands.first()?.tensor)?;
		let at = value.data.chunks_exact(4).position(|bytes| {
			<[u8; 4]>::try_from(bytes)
				.is_ok_and(|bytes| arith::cast_saturates(to, f32::from_le_bytes(bytes)))
		})?;
		shown(self.prover.element(node, u32::try_from(at).ok()?)?)
	}

	/// What the challenger says: `theirs` are the commitments of the executor's trace, `shown` the
	/// hashes that it showed last, `claim` is what it signed. `None` where nothing is wrong, or it
	/// is not its turn.
	pub fn challenge(
		&self,
		phase: &Phase,
		theirs: &[Hash],
		shown_last: &[Hash],
		claim: &Outcome,
	) -> Option<GameMove> {
		match phase {
			Phase::Operator => self.name(theirs, claim),
			Phase::Group(named) => {
				let ours = group_hashes(&leaf_hashes(&self.result(named.operator)?));
				differs(&ours, shown_last).map(GameMove::Pick)
			}
			Phase::Leaf { named, first } => {
				let ours = leaf_hashes(&self.result(named.operator)?);
				let at = differs(ours.get(*first as usize..)?, shown_last)?;
				first.checked_add(at).map(GameMove::Pick)
			}
			Phase::Element { named, leaf, bytes } => {
				let ours = self.result(named.operator)?;
				let ours = ours.chunks(LEAF_BYTES).nth(*leaf as usize)?;
				let at = ours.iter().zip(bytes.iter()).position(|(ours, theirs)| ours != theirs)?;
				let at = (*leaf as usize).checked_mul(LEAF_BYTES)?.checked_add(at)?;
				let index = u32::try_from(at / named.meta.ty.size()).ok()?;
				let proof = self.prover.element(named.operator.into(), index)?;
				shown(proof).map(GameMove::Prove)
			}
			Phase::Trace
			| Phase::Hashes(_)
			| Phase::GroupHashes { .. }
			| Phase::Bytes { .. }
			| Phase::Cast { .. } => None,
		}
	}

	fn name(&self, theirs: &[Hash], claim: &Outcome) -> Option<GameMove> {
		let ours = &self.trace.roots;
		if let Some(node) = differs(ours, theirs) {
			let (part, hashes) = self.prover.part(node)?;
			return Some(GameMove::Name { part: part.try_into().ok()?, path: path(hashes)? });
		}
		// Our run ends with a trap, and theirs goes on, or an output was signed all the same.
		let claims_output = matches!(claim, Outcome::Output(_));
		if theirs.len() > ours.len() || claims_output && self.trace.result.is_err() {
			let node = u32::try_from(ours.len()).ok()?;
			return shown(self.prover.trap(node)?).map(GameMove::Traps);
		}
		match claim {
			Outcome::Output(bytes) => self.compare(&decode_tensors(bytes).ok()?),
			Outcome::Trap { .. } => None,
		}
	}

	/// Where a signed output is wrong, going by our own run.
	fn compare(&self, claimed: &[countersign_primitives::tensor::Tensor]) -> Option<GameMove> {
		let outputs = self.trace.result.as_ref().ok()?;
		let operands = self.prover.skeleton().outputs();
		for (at, ((output, claimed), policy)) in
			outputs.iter().zip(claimed).zip(&self.policies).enumerate()
		{
			let width = match policy {
				Policy::Top1 { .. } => output.shape.last().copied().unwrap_or(0) as usize,
				Policy::Exact | Policy::Within { .. } => 1,
			};
			let one = |ty, shape, data: &[u8]| canonical::Tensor { ty, shape, data: data.to_vec() };
			let row = width.checked_mul(output.ty.size())?;
			if row == 0 {
				continue;
			}
			let ty = crate::type_to_canonical(claimed.ty);
			let claims = claimed.data.chunks(claimed.ty.size());
			let wrong = output.data.chunks(row).zip(claims).position(|(ours, claim)| {
				let (ours_shape, shape) = match policy {
					Policy::Top1 { .. } => (vec![width as u32], vec![]),
					Policy::Exact | Policy::Within { .. } => (vec![1], vec![1]),
				};
				let ours = one(output.ty, ours_shape, ours);
				bands::judge(*policy, &one(ty, shape, claim), &ours, false) == bands::Verdict::Wrong
			});
			let Some(index) = wrong else { continue };
			let tensor = operands.get(at)?.0.tensor;
			let first = index.checked_mul(row)? / LEAF_BYTES;
			let last = (index.checked_add(1)?.checked_mul(row)? - 1) / LEAF_BYTES;
			let range = u32::try_from(first).ok()?..u32::try_from(last).ok()?.checked_add(1)?;
			return Some(GameMove::Compare {
				output: u8::try_from(at).ok()?,
				index: u32::try_from(index).ok()?,
				leaves: leaves(open(tensor, &self.prover.value(tensor)?, range))?,
			});
		}
		None
	}
}
