//! Calldata that cannot decode to more than it is.

use alloc::vec::Vec;
use pallet_revive::precompiles::alloy::sol_types::{abi::AbiDecoderConfig, Result, SolInterface};

/// Memory that the decoding of any calldata may take.
const FLOOR: usize = 16 * 1024;
/// Memory that it may take for each byte. Honest encodings take about one, at most four.
const PER_BYTE: usize = 4;

/// The functions of an interface, decoded in memory that is bounded by the length of the calldata.
///
/// Offsets in calldata may all point to the same place, so that a hundred KiB describe terabytes.
/// The decoder's own limit is a GiB, which is more than a runtime has.
pub struct Bounded<I>(pub I);

fn limits(length: usize) -> AbiDecoderConfig {
	let memory = length.saturating_mul(PER_BYTE).saturating_add(FLOOR);
	AbiDecoderConfig::new().validate(true).memory_limit(memory)
}

impl<I: SolInterface> SolInterface for Bounded<I> {
	const NAME: &'static str = I::NAME;
	const MIN_DATA_LENGTH: usize = I::MIN_DATA_LENGTH;
	const COUNT: usize = I::COUNT;

	fn selector(&self) -> [u8; 4] {
		self.0.selector()
	}

	fn selector_at(index: usize) -> Option<[u8; 4]> {
		I::selector_at(index)
	}

	fn valid_selector(selector: [u8; 4]) -> bool {
		I::valid_selector(selector)
	}

	fn abi_decode_raw(selector: [u8; 4], data: &[u8]) -> Result<Self> {
		I::abi_decode_raw_with_config(selector, data, limits(data.len())).map(Self)
	}

	fn abi_decode_raw_with_config(
		selector: [u8; 4],
		data: &[u8],
		_: AbiDecoderConfig,
	) -> Result<Self> {
		Self::abi_decode_raw(selector, data)
	}

	fn abi_encoded_size(&self) -> usize {
		self.0.abi_encoded_size()
	}

	fn abi_encode_raw(&self, out: &mut Vec<u8>) {
		self.0.abi_encode_raw(out);
	}
}
