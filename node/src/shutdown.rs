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

//! A node that ends on request ends well.

use futures::{future::BoxFuture, FutureExt};
use sp_core::traits::SpawnEssentialNamed;
use std::{
	panic::{resume_unwind, AssertUnwindSafe},
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
};

/// Spawns essential tasks that may end once the node does.
///
/// A task that waits on a thread of its own for what others send it cannot be told that the node
/// ends: it ends when the last of them is gone. The transaction pool has such a task, and that would
/// be reported as the failure of an essential one each time that a node is stopped.
#[derive(Clone)]
pub(crate) struct Essential<S> {
	spawner: S,
	ending: Arc<AtomicBool>,
}

/// What a task manager has to keep alive beside [`Essential`] tasks, and to drop before all that
/// they wait for.
pub(crate) struct Ending(Arc<AtomicBool>);

/// Whether the node of this process ends: what follows is the end of tasks, and no failure.
static ENDING: AtomicBool = AtomicBool::new(false);

impl Drop for Ending {
	fn drop(&mut self) {
		self.0.store(true, Ordering::SeqCst);
		ENDING.store(true, Ordering::SeqCst);
	}
}

impl<S> Essential<S> {
	/// Spawns by `spawner`, until what comes with it is dropped.
	pub(crate) fn new(spawner: S) -> (Self, Ending) {
		let ending = Arc::new(AtomicBool::new(false));
		(Self { spawner, ending: ending.clone() }, Ending(ending))
	}

	/// The task, without an end where the node ends: whoever told it to ends the task, too.
	fn lasting(&self, task: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
		let ending = self.ending.clone();
		async move {
			let end = AssertUnwindSafe(task).catch_unwind().await;
			if ending.load(Ordering::SeqCst) {
				log::debug!("an essential task ended with the node");
				futures::future::pending::<()>().await;
			}
			if let Err(panic) = end {
				resume_unwind(panic);
			}
		}
		.boxed()
	}
}

impl<S: SpawnEssentialNamed + Clone> SpawnEssentialNamed for Essential<S> {
	fn spawn_essential_blocking(
		&self,
		name: &'static str,
		group: Option<&'static str>,
		task: BoxFuture<'static, ()>,
	) {
		self.spawner.spawn_essential_blocking(name, group, self.lasting(task));
	}

	fn spawn_essential(
		&self,
		name: &'static str,
		group: Option<&'static str>,
		task: BoxFuture<'static, ()>,
	) {
		self.spawner.spawn_essential(name, group, self.lasting(task));
	}
}

/// What a timer says in its panic when it is looked at after the runtime began to end.
const LATE_TIMER: &str = "A Tokio 1.x context was found, but it is being shutdown.";

/// Lets tasks panic while the node ends.
///
/// One that looks at a timer while the runtime ends gets a panic from Tokio for an answer, one whose
/// other side is gone may have expected it to be there. The node's panic handler would end the process
/// with an error, before the database is closed. Such a task is being dropped anyway. To be called
/// once the panic handler is set.
pub(crate) fn forgive_late_panics() {
	let report = std::panic::take_hook();
	std::panic::set_hook(Box::new(move |panic| {
		if is_late_timer(panic.payload_as_str()) {
			log::debug!("a task looked at its timer while the node ended");
		} else if ENDING.load(Ordering::SeqCst) {
			log::warn!("a task ended with the node in a panic: {panic}");
		} else {
			report(panic);
		}
	}));
}

fn is_late_timer(message: Option<&str>) -> bool {
	message == Some(LATE_TIMER)
}

#[cfg(test)]
mod tests {
	use super::*;
	use parking_lot::Mutex;
	use std::time::Duration;

	/// Keeps what it is given to spawn.
	#[derive(Clone, Default)]
	struct Spawned(Arc<Mutex<Vec<BoxFuture<'static, ()>>>>);

	impl SpawnEssentialNamed for Spawned {
		fn spawn_essential_blocking(
			&self,
			_: &'static str,
			_: Option<&'static str>,
			task: BoxFuture<'static, ()>,
		) {
			self.0.lock().push(task);
		}

		fn spawn_essential(
			&self,
			_: &'static str,
			_: Option<&'static str>,
			task: BoxFuture<'static, ()>,
		) {
			self.0.lock().push(task);
		}
	}

	fn panics() -> BoxFuture<'static, ()> {
		async { panic!("as a late timer does") }.boxed()
	}

	#[test]
	fn an_essential_task_that_ends_has_failed_unless_the_node_ends() {
		let spawned = Spawned::default();
		let (essential, ending) = Essential::new(spawned.clone());
		essential.spawn_essential("ends", None, async {}.boxed());
		essential.spawn_essential_blocking("panics", None, panics());
		let mut tasks = spawned.0.lock().split_off(0);
		let panicking = tasks.pop().expect("two tasks");
		let panicked = std::panic::catch_unwind(AssertUnwindSafe(|| panicking.now_or_never()));
		assert!(panicked.is_err());
		let ending_task = tasks.pop().expect("two tasks");
		assert!(ending_task.now_or_never().is_some());

		essential.spawn_essential("ends", None, async {}.boxed());
		essential.spawn_essential_blocking("panics", None, panics());
		drop(ending);
		for task in spawned.0.lock().iter_mut() {
			assert!(task.now_or_never().is_none(), "reported as a failure");
		}
	}

	#[test]
	fn a_late_timer_is_known_by_what_it_says() {
		let runtime = tokio::runtime::Builder::new_multi_thread()
			.worker_threads(1)
			.enable_time()
			.build()
			.expect("a runtime");
		let mut sleep = {
			let _inside = runtime.enter();
			Box::pin(tokio::time::sleep(Duration::from_secs(3_600)))
		};
		drop(runtime);
		let looked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
			(&mut sleep).now_or_never();
		}));
		let said = looked.expect_err("tokio panics");
		let said =
			said.downcast_ref::<&str>().copied().or(said.downcast_ref::<String>().map(|s| &**s));
		assert!(is_late_timer(said), "{said:?}");
		assert!(!is_late_timer(Some("index out of bounds")));
		assert!(!is_late_timer(None));
	}
}
