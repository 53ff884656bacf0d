//! The contracts' functions, and what an interface's source says about itself.

#![allow(missing_docs)] // Generated from Solidity.

use pallet_revive::precompiles::alloy::sol;

sol! {
	interface ICaller {
		function call(address to, bytes data) external payable returns (bytes);
		function callWithValue(address to, uint256 value, bytes data) external returns (bytes);
		function callWithGas(address to, uint256 gasLimit, bytes data) external payable returns (bool ok);
		function staticCall(address to, bytes data) external view returns (bytes);
		function delegateCall(address to, bytes data) external payable returns (bytes);
		function tryAndUndo(address to, bytes data) external payable returns (bool undone);
		function gasOf(address to, bytes data) external view returns (uint256);
	}

	interface IRequester {
		function setMode(uint8 mode) external;
		function ask(uint64 callbackGas, bool whenOpen, uint32 deadline) external payable returns (bytes32 id);
		function resultOf(bytes32 id, uint8 least) external view returns (bytes);
		function model() external view returns (bytes32);
		function lastRequest() external view returns (bytes32);
		function notices() external view returns (uint256);
		function lastId() external view returns (bytes32);
		function lastStatus() external view returns (uint8);
		function lastTrapped() external view returns (bool);
		function lastOutput() external view returns (bytes);
		function lastSender() external view returns (address);
		function reentry() external view returns (string);
	}

	interface IPlain {
		function run(int256[] x) external view returns (int256[]);
	}

	interface ILibrary {
		struct Tensor {
			uint8 kind;
			uint32[] shape;
			bytes data;
		}
		function toF32(int256 wad) external pure returns (uint32);
		function toWad(uint32 bits) external pure returns (int256);
		function f32(uint32[] shape, int256[] wads) external pure returns (Tensor);
		function i8(uint32[] shape, int8[] values) external pure returns (Tensor);
		function f32At(bytes data, uint256 index) external pure returns (int256);
		function i8At(bytes data, uint256 index) external pure returns (int8);
		function i32At(bytes data, uint256 index) external pure returns (int32);
		function i64At(bytes data, uint256 index) external pure returns (int64);
		function top1F32(bytes data) external pure returns (uint256);
		function top1I8(bytes data) external pure returns (uint256);
		error NotFinite();
		error FloatOverflow();
		error OutOfRange();
		error ShapeMismatch();
	}
}

/// A function as the interface's source declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
	/// Its name.
	pub name: String,
	/// `view`, `payable`, or nothing.
	pub modifier: String,
	/// The selector that its comment states.
	pub selector: Option<String>,
}

/// The functions that an interface's source declares, up to the end of its first interface.
pub fn functions(source: &str) -> Vec<Function> {
	let (mut all, mut selector, mut inside) = (Vec::new(), None, false);
	for line in source.lines() {
		let line = line.trim();
		if line.starts_with("interface ") {
			if inside {
				break;
			}
			inside = true;
		}
		if let Some(stated) = line.strip_prefix("/// @custom:selector ") {
			selector = Some(stated.to_string());
		}
		let Some(rest) = line.strip_prefix("function ") else { continue };
		let (name, rest) = rest.split_once('(').expect("a function has parameters");
		let words: Vec<_> = rest.split_whitespace().collect();
		let modifier = ["view", "payable"].into_iter().find(|one| words.contains(one));
		all.push(Function {
			name: name.into(),
			modifier: modifier.unwrap_or_default().into(),
			selector: selector.take(),
		});
	}
	all
}

/// The address constant that an interface's source declares.
pub fn declared_address(source: &str) -> String {
	let line = source
		.lines()
		.find(|line| line.starts_with("address constant"))
		.expect("the source declares an address");
	let value = line.split('=').nth(1).expect("a value");
	value.trim().trim_end_matches(';').to_lowercase()
}
