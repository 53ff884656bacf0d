//! Asks a run to end when its time is up.
//!
//! ONNX Runtime looks at the request between two operators, so one long operator can outlast it;
//! then the node kills the process.

use ort::session::RunOptions;
use std::{
	sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
	thread,
	time::{Duration, Instant},
};

#[derive(Default)]
struct Slot {
	armed: Option<(Instant, Arc<RunOptions>)>,
	fired: bool,
}

#[derive(Default)]
struct Shared {
	slot: Mutex<Slot>,
	changed: Condvar,
}

impl Shared {
	fn lock(&self) -> MutexGuard<'_, Slot> {
		self.slot.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

/// A thread that watches one run at a time.
pub(crate) struct Watchdog(Arc<Shared>);

impl Watchdog {
	pub(crate) fn start() -> Result<Self, String> {
		let shared = Arc::new(Shared::default());
		let watched = shared.clone();
		thread::Builder::new()
			.name("watchdog".into())
			.stack_size(256 * 1024)
			.spawn(move || watch(&watched))
			.map_err(|error| format!("cannot start a thread: {error}"))?;
		Ok(Self(shared))
	}

	/// Begins to watch a run.
	pub(crate) fn arm(&self, time: Duration, run: Arc<RunOptions>) {
		let mut slot = self.0.lock();
		slot.fired = false;
		slot.armed = Some((Instant::now() + time, run));
		self.0.changed.notify_one();
	}

	/// Ends watching, and says whether the time was up.
	pub(crate) fn disarm(&self) -> bool {
		let mut slot = self.0.lock();
		slot.armed = None;
		slot.fired
	}
}

fn watch(shared: &Shared) {
	let mut slot = shared.lock();
	loop {
		let now = Instant::now();
		slot = match slot.armed.as_ref().map(|(until, _)| until.saturating_duration_since(now)) {
			None => shared.changed.wait(slot).unwrap_or_else(PoisonError::into_inner),
			Some(Duration::ZERO) => {
				if let Some((_, run)) = slot.armed.take() {
					slot.fired = true;
					if let Err(error) = run.terminate() {
						crate::log::error(&format!("cannot end a run: {error}"));
					}
				}
				slot
			}
			Some(left) => {
				shared.changed.wait_timeout(slot, left).unwrap_or_else(PoisonError::into_inner).0
			}
		};
	}
}
