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

//! The head of the chain, while the node is there.

use crate::service::Client;
use countersign_engine::worker::BestBlock;
use countersign_primitives::{parameters::SLOT_MILLISECONDS, Hash};
use countersign_runtime::{opaque::Block, Header};
use futures::{Stream, StreamExt};
use parking_lot::Mutex;
use sc_client_api::BlockchainEvents;
use sc_network_sync::SyncingService;
use sp_consensus::{BlockOrigin, SyncOracle};
use sp_consensus_babe::Slot;
use std::{
	sync::Arc,
	time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::time::Instant;

/// A block this old is not the head: the node is catching up.
const MOST_BEHIND: Duration = Duration::from_secs(60);

/// How long other nodes take to import a block of this node, at most in most cases: it gets to them and
/// is executed again.
const ELSEWHERE: Duration = Duration::from_millis(SLOT_MILLISECONDS / 2);
/// How much later than this node others import a block of somebody else.
const ALSO: Duration = Duration::from_millis(SLOT_MILLISECONDS / 8);

/// From when on other nodes have the best block as well.
///
/// Nodes send each transaction to each other once, and whoever gets it before the block that makes it
/// valid refuses it and does not get it again. Nothing tells what others have imported, so that what
/// a validator has to say waits a moment. The author of a block needs this most: it knows the block
/// before anybody else does.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
	last: Mutex<Option<(Hash, Instant)>>,
}

impl Arrivals {
	/// This node has a new best block, from now on.
	fn note(&self, hash: Hash, own: bool, now: Instant) {
		let mut last = self.last.lock();
		if last.is_none_or(|(known, _)| known != hash) {
			*last = Some((hash, now + if own { ELSEWHERE } else { ALSO }));
		}
	}

	/// When others have the block that is the best one now.
	fn until(&self) -> Option<Instant> {
		(*self.last.lock()).map(|(_, until)| until)
	}

	/// Waits for that.
	pub(super) async fn everywhere(&self) {
		if let Some(until) = self.until() {
			tokio::time::sleep_until(until).await;
		}
	}
}

/// Every new best block, while the node keeps up with the network. A worker that has lost its
/// journal makes a new one at the first of these, and signs nothing older; so the first must not
/// be one that the network left behind long ago.
pub(super) fn best_blocks(
	client: Arc<Client>,
	sync: Arc<SyncingService<Block>>,
	force_authoring: bool,
	arrivals: Arc<Arrivals>,
) -> impl Stream<Item = BestBlock> + Send {
	client.import_notification_stream().filter_map(move |block| {
		if block.is_new_best {
			arrivals.note(block.hash, block.origin == BlockOrigin::Own, Instant::now());
		}
		let alone = sync.is_offline() && !force_authoring;
		let best = BestBlock { number: block.header.number, hash: block.hash };
		let is_head = block.is_new_best
			&& !alone && !sync.is_major_syncing()
			&& slot_of(&block.header).is_some_and(|slot| is_recent(slot, SystemTime::now()));
		async move { is_head.then_some(best) }
	})
}

fn slot_of(header: &Header) -> Option<Slot> {
	sc_consensus_babe::find_pre_digest::<Block>(header).ok().map(|digest| digest.slot())
}

fn is_recent(slot: Slot, now: SystemTime) -> bool {
	let begin = Duration::from_millis(slot.saturating_mul(SLOT_MILLISECONDS));
	let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
	now.saturating_sub(begin) <= MOST_BEHIND
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn what_is_said_waits_until_others_have_the_block() {
		let arrivals = Arrivals::default();
		let now = Instant::now();
		// Nothing was imported since the start: others have had it for long.
		assert_eq!(arrivals.until(), None);
		arrivals.note(Hash::repeat_byte(1), true, now);
		assert_eq!(arrivals.until(), Some(now + ELSEWHERE));
		// Another stream tells of the same block.
		arrivals.note(Hash::repeat_byte(1), true, now + ALSO);
		assert_eq!(arrivals.until(), Some(now + ELSEWHERE));
		arrivals.note(Hash::repeat_byte(2), false, now + ELSEWHERE);
		assert_eq!(arrivals.until(), Some(now + ELSEWHERE + ALSO));
	}

	#[test]
	fn only_recent_blocks_are_the_head() {
		let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
		let current = 1_800_000_000_000 / SLOT_MILLISECONDS;
		for (slot, recent) in [
			(current, true),
			// Clocks differ.
			(current + 1, true),
			(current - 30, true),
			(current - 31, false),
			(0, false),
			(u64::MAX, true),
		] {
			assert_eq!(is_recent(slot.into(), now), recent, "{slot}");
		}
	}
}
