//! The tracks, and what else the pallets of polkadot-sdk ask for.

use crate::{Config, Origin, Pallet};
use alloc::{borrow::Cow, vec::Vec};
use core::marker::PhantomData;
use countersign_primitives::{governance::TrackTimes, traits::RequestRules, Balance, BlockNumber};
use frame_support::traits::{Get, OriginTrait};
use pallet_referenda::{Curve, Track, TrackInfo, TracksInfo};
use sp_runtime::Perbill;

/// The length of a track's name, padded with zeros: pallet-referenda's.
const NAME_BYTES: usize = 25;

/// What differs between tracks beside their times.
struct Shape {
	id: u16,
	origin: Origin,
	name: &'static str,
	/// How many may be decided at a time.
	deciding: u32,
	/// Hundredths of the votes that have to be in favour, at the first and the last block.
	approval: (u32, u32),
	/// Hundredths of all tokens that have to be in favour, at the first and the last block.
	support: (u32, u32),
}

const SHAPES: [Shape; 6] = [
	Shape {
		id: 0,
		origin: Origin::Upgrade,
		name: "upgrade",
		deciding: 1,
		approval: (90, 60),
		support: (50, 10),
	},
	Shape {
		id: 1,
		origin: Origin::Parameters,
		name: "parameters",
		deciding: 5,
		approval: (80, 50),
		support: (40, 5),
	},
	Shape {
		id: 2,
		origin: Origin::Slashes,
		name: "slashes",
		deciding: 50,
		approval: (75, 50),
		support: (20, 2),
	},
	Shape {
		id: 3,
		origin: Origin::Suspensions,
		name: "suspensions",
		deciding: 5,
		approval: (80, 50),
		support: (30, 5),
	},
	Shape {
		id: 4,
		origin: Origin::Spend,
		name: "spend",
		deciding: 20,
		approval: (80, 50),
		support: (30, 5),
	},
	Shape {
		id: 5,
		origin: Origin::Emergency,
		name: "emergency",
		deciding: 2,
		approval: (66, 60),
		support: (25, 10),
	},
];

fn falling((from, to): (u32, u32)) -> Curve {
	Curve::LinearDecreasing {
		length: Perbill::one(),
		floor: Perbill::from_percent(to),
		ceil: Perbill::from_percent(from),
	}
}

fn padded(name: &str) -> [u8; NAME_BYTES] {
	let mut bytes = [0; NAME_BYTES];
	for (to, from) in bytes.iter_mut().zip(name.bytes()) {
		*to = from;
	}
	bytes
}

/// The tracks of this chain: pallet-referenda's `Tracks`.
pub struct Tracks<T>(PhantomData<T>);

impl<T: Config> Tracks<T> {
	fn info_of(shape: &Shape) -> TrackInfo<Balance, BlockNumber> {
		let parameters = Pallet::<T>::governance_parameters();
		let times: TrackTimes = match shape.origin {
			Origin::Slashes => parameters.slashes,
			Origin::Emergency => parameters.emergency,
			_ => parameters.ordinary,
		};
		let enactment = match shape.origin {
			// Requests that were made under a runtime end under it.
			Origin::Upgrade => T::RequestRules::parameters()
				.longest_request_blocks()
				.saturating_add(parameters.upgrade_delay_blocks),
			_ => times.enactment_blocks,
		};
		TrackInfo {
			name: padded(shape.name),
			max_deciding: shape.deciding,
			decision_deposit: parameters.decision_deposit,
			prepare_period: times.prepare_blocks,
			decision_period: times.decision_blocks,
			confirm_period: times.confirm_blocks,
			min_enactment_period: enactment,
			min_approval: falling(shape.approval),
			min_support: falling(shape.support),
		}
	}
}

impl<T> TracksInfo<Balance, BlockNumber> for Tracks<T>
where
	T: Config,
	<T::RuntimeOrigin as OriginTrait>::PalletsOrigin: TryInto<Origin> + Clone,
{
	type Id = u16;
	type RuntimeOrigin = <T::RuntimeOrigin as OriginTrait>::PalletsOrigin;

	fn tracks() -> impl Iterator<Item = Cow<'static, Track<u16, Balance, BlockNumber>>> {
		SHAPES
			.iter()
			.map(|shape| Cow::Owned(Track { id: shape.id, info: Self::info_of(shape) }))
			.collect::<Vec<_>>()
			.into_iter()
	}

	fn track_for(origin: &Self::RuntimeOrigin) -> Result<u16, ()> {
		let origin: Origin = origin.clone().try_into().map_err(|_| ())?;
		SHAPES.iter().find(|shape| shape.origin == origin).map(|shape| shape.id).ok_or(())
	}

	fn info(id: u16) -> Option<Cow<'static, TrackInfo<Balance, BlockNumber>>> {
		let shape = SHAPES.iter().find(|shape| shape.id == id)?;
		Some(Cow::Owned(Self::info_of(shape)))
	}
}

macro_rules! parameter {
	($(#[$doc:meta])* $name:ident, $ty:ty, $get:expr) => {
		$(#[$doc])*
		pub struct $name<T>(PhantomData<T>);

		impl<T: Config> Get<$ty> for $name<T> {
			fn get() -> $ty {
				$get(Pallet::<T>::governance_parameters())
			}
		}
	};
}

use countersign_primitives::governance::GovernanceParameters as Of;

parameter!(
	/// After this a referendum without decision deposit is dropped.
	UndecidedBlocks,
	BlockNumber,
	|of: Of| of.undecided_blocks
);
parameter!(
	/// For which a vote of conviction 1 is locked.
	VoteLockBlocks,
	BlockNumber,
	|of: Of| of.vote_lock_blocks
);
parameter!(
	/// In which an approved payment has to be claimed.
	PayoutBlocks,
	BlockNumber,
	|of: Of| of.payout_blocks
);
parameter!(
	/// Held for a referendum from its submission.
	SubmissionDeposit,
	Balance,
	|of: Of| of.submission_deposit
);
parameter!(
	/// The longest that it takes to cancel a slash.
	AppealBlocks,
	BlockNumber,
	|of: Of| of.slashes.longest_blocks()
);
