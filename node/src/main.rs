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

//! The Countersign node.
//!
//! | module | holds |
//! |---|---|
//! | [`cli`] | the command line |
//! | [`command`] | what each command does |
//! | [`service`] | the parts of a node, wired together |
//! | [`rpc`] | what clients can call |
//! | [`blobs`] | how nodes hand inputs and artefacts to each other |
//! | [`hardware`] | whether the machine is fast enough |
//! | [`health`] | whether the node does what its operator wants |
//! | [`inference`] | what the worker needs from the node |
//! | [`shutdown`] | ending without a false alarm |
//! | [`session`] | what the chain knows of session keys |
//! | [`slashes`] | what the chain knows of slashes that wait |

mod blobs;
mod cli;
mod command;
#[cfg(test)]
mod dashboard;
mod hardware;
mod health;
mod inference;
mod rpc;
mod service;
mod session;
mod shutdown;
mod slashes;

use std::process::ExitCode;

fn main() -> ExitCode {
	match run() {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			// For people: a `Result` of `main` would be printed for programmers.
			eprintln!("Error: {}", countersign_engine::words::error(&error));
			ExitCode::FAILURE
		}
	}
}

fn run() -> sc_cli::Result<()> {
	// Threads inherit the mode, so it is set before there are any others.
	countersign_engine::float_mode::enforce()
		.map_err(|error| sc_cli::Error::Application(Box::new(error)))?;
	command::run()
}
