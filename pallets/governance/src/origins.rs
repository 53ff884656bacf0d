//! Who may do what: one check for each origin.

use crate::{Config, Origin};
use core::marker::PhantomData;
use countersign_primitives::Balance;
use frame_support::traits::EnsureOrigin;

macro_rules! ensure {
	($(#[$doc:meta])* $name:ident, $variant:ident, $success:ty, $value:expr) => {
		$(#[$doc])*
		pub struct $name<T>(PhantomData<T>);

		impl<T> EnsureOrigin<T::RuntimeOrigin> for $name<T>
		where
			T: Config,
			T::RuntimeOrigin: Into<Result<Origin, T::RuntimeOrigin>> + From<Origin>,
		{
			type Success = $success;

			fn try_origin(origin: T::RuntimeOrigin) -> Result<Self::Success, T::RuntimeOrigin> {
				let found: Result<Origin, T::RuntimeOrigin> = origin.into();
				match found? {
					Origin::$variant => Ok($value),
					other => Err(other.into()),
				}
			}

			#[cfg(feature = "runtime-benchmarks")]
			fn try_successful_origin() -> Result<T::RuntimeOrigin, ()> {
				Ok(Origin::$variant.into())
			}
		}
	};
}

ensure!(
	/// A referendum on the track for upgrades.
	EnsureUpgrade,
	Upgrade,
	(),
	()
);
ensure!(
	/// A referendum on the track for parameters.
	EnsureParameters,
	Parameters,
	(),
	()
);
ensure!(
	/// A referendum on the track for slashes.
	EnsureSlashes,
	Slashes,
	(),
	()
);
ensure!(
	/// A referendum on the track for suspensions.
	EnsureSuspensions,
	Suspensions,
	(),
	()
);
ensure!(
	/// A referendum on the track for spending. It may spend all that the treasury has.
	EnsureSpend,
	Spend,
	Balance,
	Balance::MAX
);
ensure!(
	/// A referendum on the emergency track.
	EnsureEmergency,
	Emergency,
	(),
	()
);
