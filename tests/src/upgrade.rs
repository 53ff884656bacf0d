//! The next version of a runtime, made from the code of the present one.
//!
//! A test of an upgrade needs code that is the same but for its version, and building a runtime
//! takes minutes. The version stands in the code in a few forms, and is a number that occurs for
//! nothing else; see docs/decisions/0090-versions-of-the-runtime.md. Whether every place was found
//! shows when the code runs: [`crate::governance`] reads the version that is written on it and the
//! one that it gives when it is asked, and transactions signed for the new version are refused by
//! code that takes itself for the old one.

use anyhow::{ensure, Context, Result};

/// The most bytes that code has when it is not compressed.
const MOST_BYTES: usize = sp_maybe_compressed_blob::CODE_BLOB_BOMB_LIMIT;

/// The code of version `to` from the code of version `from`, compressed, and how many places were
/// changed.
pub fn next_version(code: &[u8], from: u32, to: u32) -> Result<(Vec<u8>, usize)> {
	let mut code = sp_maybe_compressed_blob::decompress(code, MOST_BYTES)?.into_owned();
	ensure!(code.starts_with(b"\0asm"), "this is no runtime");
	let mut places = 0;
	for (old, new) in forms(from).into_iter().zip(forms(to)) {
		ensure!(old.len() == new.len(), "the versions differ in length");
		let mut at = 0;
		while let Some(found) = find(&code[at..], &old) {
			at += found;
			code[at..at + new.len()].copy_from_slice(&new);
			at += new.len();
			places += 1;
		}
	}
	ensure!(places > 0, "version {from} does not stand in this code");
	let code =
		sp_maybe_compressed_blob::compress_strongly(&code, MOST_BYTES).context("too long")?;
	Ok((code, places))
}

/// How a version stands in WebAssembly: as bytes in data and in the section that is read without
/// executing, as a constant, and as a constant together with a neighbouring version of 1. None is
/// part of another.
fn forms(version: u32) -> Vec<Vec<u8>> {
	let wide = u64::from(version);
	vec![
		version.to_le_bytes().to_vec(),
		constant(0x41, i64::from(version)),
		constant(0x42, (wide << 32 | 1).cast_signed()),
		constant(0x42, (1 << 32 | wide).cast_signed()),
	]
}

/// An instruction that gives a constant: signed LEB128 after the opcode.
fn constant(opcode: u8, mut value: i64) -> Vec<u8> {
	let mut bytes = vec![opcode];
	loop {
		let low = (value & 0x7f) as u8;
		value >>= 7;
		if (value == 0 && low & 0x40 == 0) || (value == -1 && low & 0x40 != 0) {
			bytes.push(low);
			return bytes;
		}
		bytes.push(low | 0x80);
	}
}

fn find(code: &[u8], wanted: &[u8]) -> Option<usize> {
	code.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
	use super::*;

	/// A version like those of the runtime, and the one after it, which is as long everywhere.
	const VERSION: u32 = 2_026_001;
	const NEXT: u32 = VERSION + 1;

	#[test]
	fn constants_are_written_as_webassembly_does() {
		for (value, expected) in [
			(0, vec![0]),
			(63, vec![0x3f]),
			(64, vec![0xc0, 0]),
			(-1, vec![0x7f]),
			(-123_456, vec![0xc0, 0xbb, 0x78]),
			(2_026_001, vec![0x91, 0xd4, 0xfb, 0]),
		] {
			assert_eq!(constant(0x41, value), [vec![0x41], expected].concat());
		}
	}

	/// Code that holds a version in every form, and another version once.
	fn code(version: u32) -> Vec<u8> {
		let mut code = b"\0asm".to_vec();
		for form in forms(version) {
			code.push(0x6a);
			code.extend(form);
		}
		code.extend((NEXT + 1).to_le_bytes());
		code
	}

	#[test]
	fn every_form_is_changed_and_nothing_else() -> Result<()> {
		let (made, places) = next_version(&code(VERSION), VERSION, NEXT)?;
		assert_eq!(places, forms(VERSION).len());
		let plain = sp_maybe_compressed_blob::decompress(&made, MOST_BYTES)?;
		assert_eq!(plain, code(NEXT));
		// What is made once can be made again, and is not what it was made from.
		assert_eq!(next_version(&made, NEXT, NEXT + 1)?.1, forms(NEXT).len());
		assert!(next_version(&made, VERSION, NEXT).is_err());
		assert!(next_version(b"something else", VERSION, NEXT).is_err());
		Ok(())
	}
}
