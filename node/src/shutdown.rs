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

/// What a timer says in its panic when it is looked at after the runtime began to end.
const LATE_TIMER: &str = "A Tokio 1.x context was found, but it is being shutdown.";

/// Lets tasks on threads of their own look at a timer while the runtime ends.
///
/// Tokio answers that with a panic, and the node's panic handler would end the process with an
/// error, before the database is closed. Such a task is being dropped anyway. To be called once
/// the panic handler is set.
pub(crate) fn forgive_late_timers() {
	let report = std::panic::take_hook();
	std::panic::set_hook(Box::new(move |panic| {
		if is_late_timer(panic.payload_as_str()) {
			log::debug!("a task looked at its timer while the node ended");
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
	use futures::FutureExt;
	use std::time::Duration;

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
