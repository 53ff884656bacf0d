//! What each move does. Nothing here changes anything: a move is considered the same way before a
//! block takes it and when it is dispatched.

use super::types::{Case, Game, Hashes, ROOTS_AT_ONCE};
use crate::pallet::{Config, GameHashes, GameRoots, Pallet};
use alloc::vec::Vec;
use countersign_canonical::{
	self as canonical,
	bands::{self, Policy},
	part::{
		leaf_length, part_leaf, raw_bits, verify_element, verify_elements, verify_saturation,
		Element, OpenedLeaf, Operand, Part, Source,
	},
	trace::GROUP_LEAVES,
	Meta,
};
use countersign_primitives::{
	commitment::{
		commitment_from_top, leaf_count, leaf_hash, merkle_top, tensor_commitment, top_from_path,
		LEAF_BYTES,
	},
	dispute::{Manifests, OpenResult},
	game::{
		GameMove, GameRefusal, Leaf, LeafBytes, Leaves, Named, Path, Phase, Shown, TensorSource,
	},
	program::ProgramPort,
	request::{Outcome, RequestId, TrapCode},
	tensor::{decode_tensors, Tensor},
	traits::Offences,
	Hash,
};
use countersign_programs::{policy, to_canonical, type_from_canonical, type_to_canonical};
use frame_support::{ensure, traits::ConstU32, BoundedVec};
use sp_io::hashing::blake2_256;

/// What a move does.
#[derive(Debug)]
pub(crate) enum Effect {
	/// The trace is there, and all games about the result go on.
	Traced(Vec<Hash>),
	/// The game goes on.
	Next(Phase, Option<Hashes>),
	/// The result is wrong.
	Wrong,
	/// What would be wrong is excused by a cast that saturates: nobody wins.
	Excused,
}

type Considered = Result<Effect, GameRefusal>;

/// A game with what its moves are considered against.
pub(crate) struct Table<'a> {
	pub(crate) request: &'a RequestId,
	pub(crate) branch: u8,
	pub(crate) case: &'a Case,
	pub(crate) game: &'a Game,
	pub(crate) result: &'a OpenResult,
}

fn meta(port: &ProgramPort) -> Meta {
	Meta { ty: type_to_canonical(port.ty), shape: port.shape.to_vec() }
}

fn port_bytes(port: &ProgramPort) -> u64 {
	meta(port).bytes()
}

pub(crate) fn opened(leaves: &Leaves) -> Vec<OpenedLeaf> {
	let one = |leaf: &Leaf| OpenedLeaf {
		tensor: leaf.tensor,
		leaf: leaf.leaf,
		bytes: leaf.bytes.to_vec(),
		path: leaf.path.iter().map(|hash| hash.0).collect(),
	};
	leaves.iter().map(one).collect()
}

/// The commitment to a tensor whose tree has this top.
fn commitment(port: &ProgramPort, top: Hash) -> Hash {
	commitment_from_top(port.ty, &port.shape, port_bytes(port), None, top)
}

impl Table<'_> {
	/// What a move does, or why it is refused. Whose turn it is, and that it is not over, was
	/// checked.
	pub(crate) fn consider<T: Config>(&self, action: &GameMove) -> Considered {
		// Nobody is convicted under a version that may be wrong itself.
		ensure!(!T::Offences::is_suspended(self.case.version), GameRefusal::Version);
		match (&self.game.phase, action) {
			(Phase::Trace, GameMove::Trace { roots, trap }) => {
				self.trace::<T>(roots, trap.as_ref())
			}
			(Phase::Operator, GameMove::Name { part, path }) => self.name(part, path),
			(Phase::Operator, GameMove::Traps(shown)) => self.traps::<T>(shown),
			(Phase::Operator, GameMove::Compare { output, index, leaves }) => {
				self.compare::<T>(*output, *index, leaves)
			}
			(Phase::Hashes(named), GameMove::Hashes(hashes)) => self.hashes::<T>(named, hashes),
			(Phase::GroupHashes { named, group, top }, GameMove::Hashes(hashes)) => {
				let first = group.saturating_mul(GROUP_LEAVES as u32);
				let leaves = leaf_count(port_bytes(&named.meta));
				let expected = leaves.saturating_sub(first.into()).min(GROUP_LEAVES as u64);
				ensure!(hashes.len() as u64 == expected, GameRefusal::WrongCount);
				ensure!(merkle_top(hashes.to_vec()) == *top, GameRefusal::WrongHash);
				let next = Phase::Leaf { named: named.clone(), first };
				Ok(Effect::Next(next, Some(hashes.clone())))
			}
			(Phase::Group(named), GameMove::Pick(group)) => {
				let (named, group, top) = (named.clone(), *group, self.shown_hash::<T>(*group)?);
				Ok(Effect::Next(Phase::GroupHashes { named, group, top }, None))
			}
			(Phase::Leaf { named, first }, GameMove::Pick(leaf)) => {
				let at = leaf.checked_sub(*first).ok_or(GameRefusal::WrongCount)?;
				let hash = self.shown_hash::<T>(at)?;
				Ok(Effect::Next(Phase::Bytes { named: named.clone(), leaf: *leaf, hash }, None))
			}
			(Phase::Bytes { named, leaf, hash }, GameMove::Bytes(bytes)) => {
				let length = leaf_length(port_bytes(&named.meta), *leaf);
				ensure!(bytes.len() == length, GameRefusal::WrongCount);
				ensure!(leaf_hash(*leaf, bytes) == *hash, GameRefusal::WrongHash);
				let (named, bytes) = (named.clone(), bytes.clone());
				Ok(Effect::Next(Phase::Element { named, leaf: *leaf, bytes }, None))
			}
			(Phase::Element { named, leaf, bytes }, GameMove::Prove(shown)) => {
				self.prove::<T>(named, *leaf, bytes, shown)
			}
			(Phase::Cast { before }, GameMove::Saturates(shown)) => {
				self.saturates::<T>(*before, shown)
			}
			_ => Err(GameRefusal::NotDue),
		}
	}

	/// One of the hashes that were shown last.
	fn shown_hash<T: Config>(&self, at: u32) -> Result<Hash, GameRefusal> {
		let hashes = GameHashes::<T>::get(self.request, self.branch).unwrap_or_default();
		hashes.get(at as usize).copied().ok_or(GameRefusal::WrongCount)
	}

	/// The commitment to the result of an operator in the executor's trace.
	fn root<T: Config>(&self, operator: u16) -> Option<Hash> {
		if self.case.traced.is_none_or(|traced| operator >= traced) {
			return None;
		}
		let at = u32::from(operator);
		let piece = GameRoots::<T>::get(self.request, at / ROOTS_AT_ONCE)?;
		piece.get((at % ROOTS_AT_ONCE) as usize).copied()
	}

	/// The commitment to a tensor.
	fn source_root<T: Config>(&self, source: &TensorSource) -> Option<Hash> {
		match source {
			TensorSource::Input(at) => self.case.inputs.get(usize::from(*at)).copied(),
			TensorSource::Constant(commitment) => Some(*commitment),
			TensorSource::Operator(operator) => self.root::<T>(*operator),
		}
	}

	/// A part of the program that a message brings.
	fn part(&self, bytes: &[u8], path: &Path) -> Result<Part, GameRefusal> {
		let part = Part::decode_checked(bytes).ok_or(GameRefusal::BadProof)?;
		let leaf: Hash = part_leaf(bytes, blake2_256).into();
		let top = top_from_path(leaf, part.node.into(), self.case.operators.into(), path);
		ensure!(top == Some(self.case.parts), GameRefusal::WrongHash);
		Ok(part)
	}

	/// What an element is, given the commitments to results.
	fn element(
		&self,
		part: &Part,
		shown: &Shown,
		of_result: impl Fn(u16) -> Option<Hash>,
	) -> Result<Element, GameRefusal> {
		let root = |operand: &Operand| -> Option<[u8; 32]> {
			match operand.source {
				Source::Input(at) => self.case.inputs.get(usize::from(at)).map(|hash| hash.0),
				Source::Constant(commitment) => Some(commitment),
				Source::Node(node) => of_result(node).map(|hash| hash.0),
			}
		};
		verify_element(part, shown.index, &opened(&shown.leaves), root)
			.map_err(|_| GameRefusal::BadProof)
	}

	fn policies<T: Config>(&self) -> Result<Vec<Policy>, GameRefusal> {
		let manifest =
			T::Manifests::manifest(&self.result.statement.model).ok_or(GameRefusal::NoProgram)?;
		Ok(manifest.policies.iter().map(policy).collect())
	}

	/// The executor's trace.
	fn trace<T: Config>(
		&self,
		roots: &BoundedVec<Hash, ConstU32<{ countersign_primitives::game::MAX_ROOTS }>>,
		trap: Option<&Shown>,
	) -> Considered {
		let claimed = match &self.result.outcome {
			Outcome::Output(_) => None,
			Outcome::Trap { code: TrapCode::Operator, operator } => Some(*operator),
			// What no run gives was found wrong when the game was to be opened.
			Outcome::Trap { .. } => return Err(GameRefusal::NotDue),
		};
		let Some(shown) = trap else {
			ensure!(claimed.is_none(), GameRefusal::ProvesNothing);
			ensure!(roots.len() == usize::from(self.case.operators), GameRefusal::WrongCount);
			self.check_outputs::<T>(roots)?;
			return Ok(Effect::Traced(roots.to_vec()));
		};
		let part = self.part(&shown.part, &shown.path)?;
		ensure!(roots.len() == usize::from(part.node), GameRefusal::WrongCount);
		let root = |node: u16| roots.get(usize::from(node)).copied();
		let element = self.element(&part, shown, root)?;
		ensure!(element == Element::Trap, GameRefusal::ProvesNothing);
		match claimed {
			Some(operator) => {
				ensure!(operator == u32::from(part.node), GameRefusal::NotSigned);
				Ok(Effect::Traced(roots.to_vec()))
			}
			// The executor says itself that the canonical run traps where it signed an output. Where
			// that may be excused, the challenger shows the same, and then it is asked for the cast.
			None => match self.trapped::<T>(&part)? {
				Effect::Next(..) => Ok(Effect::Traced(roots.to_vec())),
				wrong => Ok(wrong),
			},
		}
	}

	/// Under `Exact` the trace has to give the very outputs that were signed.
	fn check_outputs<T: Config>(&self, roots: &[Hash]) -> Result<(), GameRefusal> {
		let claimed = self.claimed()?;
		let policies = self.policies::<T>()?;
		for ((fact, claimed), policy) in self.case.outputs.iter().zip(&claimed).zip(policies) {
			let TensorSource::Operator(operator) = fact.source else { continue };
			let root = roots.get(usize::from(operator)).ok_or(GameRefusal::WrongCount)?;
			let is_signed = tensor_commitment(claimed, None) == *root;
			ensure!(policy != Policy::Exact || is_signed, GameRefusal::NotSigned);
		}
		Ok(())
	}

	/// The outputs that were signed.
	fn claimed(&self) -> Result<Vec<Tensor>, GameRefusal> {
		match &self.result.outcome {
			Outcome::Output(bytes) => decode_tensors(bytes).map_err(|_| GameRefusal::NothingWrong),
			Outcome::Trap { .. } => Err(GameRefusal::ProvesNothing),
		}
	}

	fn name(&self, part: &[u8], path: &Path) -> Considered {
		let part = self.part(part, path)?;
		ensure!(self.case.traced.is_some_and(|traced| part.node < traced), GameRefusal::WrongCount);
		let shape = part.out.shape.clone().try_into().map_err(|_| GameRefusal::BadProof)?;
		let meta = ProgramPort { ty: type_from_canonical(part.out.ty), shape };
		Ok(Effect::Next(Phase::Hashes(Named { operator: part.node, meta }), None))
	}

	/// Hashes of all leaves of a result, or above 1 MiB of its groups.
	fn hashes<T: Config>(&self, named: &Named, hashes: &Hashes) -> Considered {
		let leaves = leaf_count(port_bytes(&named.meta));
		let whole = leaves <= GROUP_LEAVES as u64;
		let expected = if whole { leaves } else { leaves.div_ceil(GROUP_LEAVES as u64) };
		ensure!(hashes.len() as u64 == expected, GameRefusal::WrongCount);
		let root = self.root::<T>(named.operator).ok_or(GameRefusal::WrongHash)?;
		let found = commitment(&named.meta, merkle_top(hashes.to_vec()));
		ensure!(found == root, GameRefusal::WrongHash);
		let named = named.clone();
		let next = if whole { Phase::Leaf { named, first: 0 } } else { Phase::Group(named) };
		Ok(Effect::Next(next, Some(hashes.clone())))
	}

	/// What a trap costs that the chain found, or was told: where a cast saturated on the way, an
	/// engine with other casts may well have given an output.
	fn trapped<T: Config>(&self, part: &Part) -> Considered {
		let exact = self.policies::<T>()?.iter().all(|policy| *policy == Policy::Exact);
		let claims_output = matches!(self.result.outcome, Outcome::Output(_));
		Ok(match part.casts && !exact && claims_output {
			// What comes after it no run has: in the executor's trace it is invented.
			true => Effect::Next(Phase::Cast { before: part.node }, None),
			false => Effect::Wrong,
		})
	}

	/// A cast that saturates. Whether it is on the way to what is wrong, its part does not say; one
	/// that is somewhere before it is taken for it, so that nobody is convicted who might be excused.
	fn saturates<T: Config>(&self, before: u16, shown: &Shown) -> Considered {
		let part = self.part(&shown.part, &shown.path)?;
		ensure!(part.node < before, GameRefusal::ProvesNothing);
		let operand = part.operands.first().ok_or(GameRefusal::ProvesNothing)?;
		let root = match operand.source {
			Source::Input(at) => self.case.inputs.get(usize::from(at)).copied(),
			Source::Constant(commitment) => Some(commitment.into()),
			Source::Node(node) => self.root::<T>(node),
		};
		let root = root.ok_or(GameRefusal::WrongHash)?;
		let found = verify_saturation(&part, shown.index, &opened(&shown.leaves), &root.0)
			.map_err(|_| GameRefusal::BadProof)?;
		ensure!(found, GameRefusal::ProvesNothing);
		Ok(Effect::Excused)
	}

	fn traps<T: Config>(&self, shown: &Shown) -> Considered {
		let part = self.part(&shown.part, &shown.path)?;
		let claims_output = matches!(self.result.outcome, Outcome::Output(_));
		// Where it signed an output, its trace may end just before the trap.
		let is_news = self
			.case
			.traced
			.is_some_and(|traced| part.node < traced || part.node == traced && claims_output);
		ensure!(is_news, GameRefusal::ProvesNothing);
		match self.element(&part, shown, |node| self.root::<T>(node))? {
			Element::Trap => self.trapped::<T>(&part),
			Element::Value(_) => Err(GameRefusal::ProvesNothing),
		}
	}

	fn prove<T: Config>(
		&self,
		named: &Named,
		leaf: u32,
		bytes: &LeafBytes,
		shown: &Shown,
	) -> Considered {
		let part = self.part(&shown.part, &shown.path)?;
		ensure!(part.node == named.operator, GameRefusal::BadProof);
		let size = named.meta.ty.size();
		let start = (shown.index as usize).checked_mul(size).ok_or(GameRefusal::BadProof)?;
		ensure!(start / LEAF_BYTES == leaf as usize, GameRefusal::BadProof);
		let place = start % LEAF_BYTES;
		let claimed = place.checked_add(size).and_then(|end| bytes.get(place..end));
		let claimed = raw_bits(claimed.ok_or(GameRefusal::BadProof)?);
		match self.element(&part, shown, |node| self.root::<T>(node))? {
			Element::Value(bits) if bits == claimed => Err(GameRefusal::ProvesNothing),
			Element::Value(_) => Ok(Effect::Wrong),
			Element::Trap => self.trapped::<T>(&part),
		}
	}

	/// Whether an output of the trace, which is canonical as far as anybody has shown, is what was
	/// signed: one element, or under `Top1` one row of scores, is judged by the manifest's policy.
	fn compare<T: Config>(&self, output: u8, index: u32, leaves: &Leaves) -> Considered {
		let at = usize::from(output);
		let fact = self.case.outputs.get(at).ok_or(GameRefusal::WrongCount)?;
		let policy = *self.policies::<T>()?.get(at).ok_or(GameRefusal::WrongCount)?;
		let claimed = self.claimed()?;
		let claimed = claimed.get(at).ok_or(GameRefusal::WrongCount)?;
		let root = self.source_root::<T>(&fact.source).ok_or(GameRefusal::WrongHash)?;
		let (count, shape) = match policy {
			Policy::Top1 { .. } => {
				let classes = fact.meta.shape.last().copied().unwrap_or(0);
				(classes, alloc::vec![classes])
			}
			Policy::Exact | Policy::Within { .. } => (1, alloc::vec![1]),
		};
		let from = index.checked_mul(count).ok_or(GameRefusal::WrongCount)?;
		// The source does not matter for checking leaves.
		let operand =
			Operand { tensor: fact.tensor, meta: meta(&fact.meta), source: Source::Input(0) };
		let data = verify_elements(&operand, from, count, &opened(leaves), &root.0)
			.map_err(|_| GameRefusal::BadProof)?;
		let canonical = canonical::Tensor { ty: operand.meta.ty, shape, data };
		let size = claimed.ty.size();
		let start = (index as usize).checked_mul(size).ok_or(GameRefusal::WrongCount)?;
		let end = start.checked_add(size).ok_or(GameRefusal::WrongCount)?;
		let data = claimed.data.get(start..end).ok_or(GameRefusal::WrongCount)?.to_vec();
		let shape = match policy {
			Policy::Top1 { .. } => Vec::new(),
			Policy::Exact | Policy::Within { .. } => alloc::vec![1],
		};
		let claimed = to_canonical(&Tensor { ty: claimed.ty, shape, data });
		match bands::judge(policy, &claimed, &canonical, false) {
			bands::Verdict::Accepted | bands::Verdict::Corrected => Err(GameRefusal::ProvesNothing),
			bands::Verdict::Wrong => Ok(match fact.source {
				TensorSource::Operator(node) if fact.casts && policy != Policy::Exact => {
					Effect::Next(Phase::Cast { before: node.saturating_add(1) }, None)
				}
				_ => Effect::Wrong,
			}),
		}
	}
}

impl<T: Config> Pallet<T> {
	/// The commitments of the executor's trace.
	pub fn game_roots(request: countersign_primitives::request::RequestId) -> Option<Vec<Hash>> {
		let case = crate::pallet::GameCases::<T>::get(request)?;
		let pieces = u32::from(case.traced?).div_ceil(ROOTS_AT_ONCE);
		let mut roots = Vec::new();
		for piece in 0..pieces {
			roots.extend(GameRoots::<T>::get(request, piece)?);
		}
		Some(roots)
	}
}
