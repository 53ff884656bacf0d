//! Contracts on the real runtime, natively and without a node.
//!
//! [`World`] is a chain with one validator and a block under way: contracts are deployed and called
//! in it, requests are made and answered, blocks pass. The contracts are in `contracts/`, with the
//! bytecode that `solc` made of them (`npm run compile` there).

pub mod contracts;
pub mod ethereum;
pub mod every;
pub mod gas;
pub mod programs;
pub mod sol;
pub mod world;

pub use contracts::{Contract, Reply};
pub use world::{run, World};

/// A number with its thousands apart.
pub fn apart(number: u64, by: char) -> String {
	let digits = number.to_string();
	let mut text = String::new();
	for (index, digit) in digits.chars().enumerate() {
		if index > 0 && (digits.len() - index).is_multiple_of(3) {
			text.push(by);
		}
		text.push(digit);
	}
	text
}
