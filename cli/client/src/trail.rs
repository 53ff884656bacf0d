//! The way that a chain took, as far as somebody follows it: what is new in it, and what a fork took
//! back.

use crate::client::Block;
use countersign_primitives::BlockNumber;

/// The most blocks that a trail remembers, and walks back.
pub(crate) const TRAIL_BLOCKS: usize = 64;

/// Blocks that were told of, oldest first, each the parent of the next.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trail {
	/// The first block to tell of; that of the first turn if not known before.
	from: Option<BlockNumber>,
	told: Vec<Block>,
}

/// What a new block changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Turn {
	/// The blocks to tell of, oldest first.
	pub(crate) fresh: Vec<Block>,
	/// How many blocks that were told of are not in the chain any more.
	pub(crate) retracted: u32,
}

impl Trail {
	/// A trail that begins at a block.
	pub(crate) fn from(number: Option<BlockNumber>) -> Self {
		Self { from: number, told: Vec::new() }
	}

	/// Whether a block, so many above which were found new, is new too; then its parent is asked
	/// next, back to one that is not.
	pub(crate) fn is_new(&mut self, block: &Block, above: usize) -> bool {
		let from = *self.from.get_or_insert(block.number);
		block.number >= from && above < TRAIL_BLOCKS && !self.told.contains(block)
	}

	/// Goes to another block of the chain, whatever fork it is on. `fresh` is it and what is new
	/// below it, newest first; `below` is the first that is not.
	pub(crate) fn turn(&mut self, to: Block, mut fresh: Vec<Block>, below: Block) -> Turn {
		fresh.reverse();
		let kept = self.told.iter().rposition(|told| *told == below).map_or(0, |place| place + 1);
		// Where the walk ended early, those below its end may still be in the chain.
		let lowest = fresh.first().map_or(to.number, |block| block.number);
		let gone = self.told.iter().skip(kept).filter(|told| kept > 0 || told.number >= lowest);
		let retracted = u32::try_from(gone.count()).unwrap_or(u32::MAX);
		self.told.truncate(kept);
		self.told.extend(&fresh);
		let surplus = self.told.len().saturating_sub(TRAIL_BLOCKS);
		self.told.drain(..surplus);
		Turn { fresh, retracted }
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use countersign_primitives::Hash;

	/// The block of this number on one of several forks, which all begin above block 10.
	fn block(fork: u8, number: u32) -> Block {
		let fork = if number <= 10 { 0 } else { fork };
		Block { hash: Hash::from_low_u64_be((u64::from(fork) << 32) | u64::from(number)), number }
	}

	fn turn(trail: &mut Trail, fork: u8, number: u32) -> (Vec<u32>, u32) {
		let to = block(fork, number);
		let (mut at, mut fresh) = (to, Vec::new());
		while trail.is_new(&at, fresh.len()) {
			fresh.push(at);
			at = block(fork, at.number - 1);
		}
		let turn = trail.turn(to, fresh, at);
		for fresh in &turn.fresh {
			assert_eq!(*fresh, block(fork, fresh.number));
		}
		(turn.fresh.iter().map(|block| block.number).collect(), turn.retracted)
	}

	#[test]
	fn blocks_that_were_left_out_are_told_in_order() {
		let mut trail = Trail::from(None);
		assert_eq!(turn(&mut trail, 1, 20), (vec![20], 0));
		assert_eq!(turn(&mut trail, 1, 21), (vec![21], 0));
		assert_eq!(turn(&mut trail, 1, 24), (vec![22, 23, 24], 0));
		assert_eq!(turn(&mut trail, 1, 24), (vec![], 0));
	}

	#[test]
	fn a_fork_takes_back_and_tells_anew() {
		let mut trail = Trail::from(Some(9));
		assert_eq!(turn(&mut trail, 1, 12), (vec![9, 10, 11, 12], 0));
		// As long as the other, and longer: each block of it is news.
		assert_eq!(turn(&mut trail, 2, 12), (vec![11, 12], 2));
		assert_eq!(turn(&mut trail, 1, 13), (vec![11, 12, 13], 2));
		assert_eq!(turn(&mut trail, 1, 14), (vec![14], 0));
		// Shorter: a block may become the best that was told of before.
		assert_eq!(turn(&mut trail, 1, 13), (vec![], 1));
		assert_eq!(turn(&mut trail, 2, 15), (vec![11, 12, 13, 14, 15], 3));
	}

	#[test]
	fn nothing_below_the_beginning_is_told() {
		let mut trail = Trail::from(Some(15));
		assert_eq!(turn(&mut trail, 1, 14), (vec![], 0));
		assert_eq!(turn(&mut trail, 1, 16), (vec![15, 16], 0));
		assert_eq!(turn(&mut trail, 2, 16), (vec![15, 16], 2));
		assert_eq!(turn(&mut trail, 3, 14), (vec![], 2));
	}

	#[test]
	fn a_trail_is_bounded() {
		let mut trail = Trail::from(Some(11));
		let (fresh, _) = turn(&mut trail, 1, 1_000);
		assert_eq!(fresh.len(), TRAIL_BLOCKS);
		assert_eq!(fresh.last(), Some(&1_000));
		assert_eq!(turn(&mut trail, 1, 1_001), (vec![1_001], 0));
		assert_eq!(trail.told.len(), TRAIL_BLOCKS);
	}
}
