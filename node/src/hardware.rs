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

//! Whether the machine is fast enough to keep up as a validator.

use sc_service::{ChainType, Configuration};
use sc_sysinfo::{HwBench, Metric, Requirement, Requirements, Throughput};

/// What a block's weight is counted on: the machine that the weights of this release were measured
/// on. On a slower one, blocks that weigh 0.66 s take longer than that.
fn reference() -> Requirements {
	let requirement = |metric, minimum| Requirement { metric, minimum, validator_only: false };
	Requirements(vec![
		requirement(Metric::Blake2256, Throughput::from_mibs(1_000.0)),
		requirement(Metric::Sr25519Verify, Throughput::from_kibs(637.62)),
		requirement(Metric::MemCopy, Throughput::from_gibs(11.49)),
		requirement(Metric::DiskSeqWrite, Throughput::from_mibs(950.0)),
		requirement(Metric::DiskRndWrite, Throughput::from_mibs(420.0)),
	])
}

/// Measures a validator's machine, which takes a few seconds, and warns where it is too slow.
/// Nobody but a validator of a lasting network needs to know.
pub(crate) fn measure(config: &Configuration) -> Option<HwBench> {
	if !config.role.is_authority() || config.chain_spec.chain_type() == ChainType::Development {
		return None;
	}
	let path = config.database.path()?;
	if let Err(error) = std::fs::create_dir_all(path) {
		log::warn!("The disk is not measured: {}: {error}", path.display());
	}
	let requirements = reference();
	let measured = sc_sysinfo::gather_hwbench(Some(path), &requirements);
	sc_sysinfo::print_hwbench(&measured);
	if let Err(failures) = requirements.check_hardware(&measured, true) {
		log::warn!(
			"This machine is slower than validators need, and may miss blocks that are theirs to \
			make: {failures}"
		);
	}
	Some(measured)
}
