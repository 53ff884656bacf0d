//! `Inference.sol`: packing, reading and fixed point, against the floats of this machine.

use countersign_precompile_tests::{
	contracts::{call, deploy, wallet, Failure},
	run,
	sol::ILibrary as L,
};
use pallet_revive::precompiles::alloy::{
	primitives::{Bytes, I256, U256},
	sol_types::SolError,
};

fn library() -> pallet_revive::H160 {
	deploy("Library", Vec::new(), 0)
}

fn wad(text: &str) -> I256 {
	I256::from_dec_str(text).expect("a number")
}

/// A wad as decimal text, to be read by the standard library.
fn text(wad: I256) -> String {
	format!("{wad}e-18")
}

struct Random(u64);

impl Random {
	fn next(&mut self) -> u64 {
		self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
		let mut z = self.0;
		z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
		z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
		z ^ (z >> 31)
	}
}

#[test]
fn a_wad_becomes_the_nearest_float() {
	run(|_| {
		let (library, mut random) = (library(), Random(1));
		let mut all: Vec<I256> = [
			"0",
			"1",
			"-1",
			"1000000000000000000",
			"-2500000000000000000",
			"100000000000000000",
			"16777217000000000000000000",
			"16777219000000000000000000",
			"340282346638528859811704183484516925440000000000000000000",
		]
		.into_iter()
		.map(wad)
		.collect();
		for _ in 0..300 {
			let limbs = [random.next(), random.next(), random.next(), 0];
			let magnitude = U256::from_limbs(limbs) >> (random.next() % 192 + 6) as usize;
			let sign = I256::from_raw(U256::from(1));
			let value = I256::from_raw(magnitude);
			all.push(if random.next() % 2 == 0 { value } else { -value * sign });
		}
		for wad in all {
			let bits = call(&wallet(0), &library, &L::toF32Call { wad }).returns::<L::toF32Call>();
			let nearest: f32 = text(wad).parse().expect("a number");
			assert_eq!(f32::from_bits(bits), nearest, "{}", text(wad));
		}
		for wad in [I256::MAX, I256::MIN, wad("340282356779733661637539395458142568448") << 60] {
			let reply = call(&wallet(0), &library, &L::toF32Call { wad });
			assert_eq!(reply.result, Err(Failure::Bytes(L::FloatOverflow {}.abi_encode())));
		}
	});
}

#[test]
fn a_float_becomes_the_nearest_wad() {
	run(|_| {
		let (library, mut random) = (library(), Random(2));
		let mut all: Vec<f32> = vec![
			0.0,
			-0.0,
			1.0,
			-2.5,
			0.1,
			1e-18,
			4e-19,
			1.5e-18,
			1e-30,
			16_777_216.0,
			f32::MAX,
			f32::MIN_POSITIVE,
			f32::from_bits(1),
		];
		all.extend((0..300).map(|_| f32::from_bits(random.next() as u32)));
		for float in all {
			let bits = float.to_bits();
			let reply = call(&wallet(0), &library, &L::toWadCall { bits });
			if !float.is_finite() {
				assert_eq!(reply.result, Err(Failure::Bytes(L::NotFinite {}.abi_encode())));
				continue;
			}
			let wad = reply.returns::<L::toWadCall>();
			// The standard library writes a float exactly, and rounds half to even.
			let expected = format!("{float:.18}").replace('.', "");
			assert_eq!(wad, self::wad(&expected), "{float:e}");
		}
	});
}

#[test]
fn tensors_are_packed_as_the_chain_takes_them() {
	run(|_| {
		let library = library();
		let wads = [1.0f32, -2.5, 0.1, 3e9];
		let asked = L::f32Call {
			shape: vec![2, 2],
			wads: [
				"1000000000000000000",
				"-2500000000000000000",
				"100000000000000000",
				"3000000000000000000000000000",
			]
			.map(wad)
			.to_vec(),
		};
		let tensor = call(&wallet(0), &library, &asked).returns::<L::f32Call>();
		let data: Vec<u8> = wads.iter().flat_map(|one| one.to_le_bytes()).collect();
		assert_eq!((tensor.kind, tensor.shape, tensor.data), (0, vec![2, 2], Bytes::from(data)));
		let asked = L::i8Call { shape: vec![3], values: vec![-128, 0, 127] };
		let tensor = call(&wallet(0), &library, &asked).returns::<L::i8Call>();
		assert_eq!((tensor.kind, tensor.data), (2, Bytes::from(vec![128, 0, 127])));
		let wrong = L::i8Call { shape: vec![2], values: vec![1, 2, 3] };
		let reply = call(&wallet(0), &library, &wrong);
		assert_eq!(reply.result, Err(Failure::Bytes(L::ShapeMismatch {}.abi_encode())));
	});
}

#[test]
fn elements_are_read_and_the_largest_is_found() {
	run(|_| {
		let library = library();
		let pack = |floats: &[f32]| {
			let data: Vec<u8> = floats.iter().flat_map(|one| one.to_le_bytes()).collect();
			Bytes::from(data)
		};
		let top =
			|floats: &[f32]| call(&wallet(0), &library, &L::top1F32Call { data: pack(floats) });
		for (floats, index) in [
			(vec![0.5], 0u64),
			(vec![-1.0, -3.0, -0.5], 2),
			(vec![1.0, 2.0, 2.0], 1),
			(vec![-0.0, 0.0], 0),
			(vec![f32::NEG_INFINITY, -1e30], 1),
			(vec![1.0, f32::INFINITY, 3.0], 1),
		] {
			assert_eq!(top(&floats).returns::<L::top1F32Call>(), U256::from(index), "{floats:?}");
		}
		let nan = top(&[1.0, f32::NAN]);
		assert_eq!(nan.result, Err(Failure::Bytes(L::NotFinite {}.abi_encode())));
		let none = top(&[]);
		assert_eq!(none.result, Err(Failure::Bytes(L::OutOfRange {}.abi_encode())));
		let top = L::top1I8Call { data: Bytes::from(vec![0x80, 0xFF, 0x7F, 0x7F]) };
		assert_eq!(call(&wallet(0), &library, &top).returns::<L::top1I8Call>(), U256::from(2));

		let data = pack(&[1.0, -2.5]);
		let second = L::f32AtCall { data: data.clone(), index: U256::from(1) };
		let second = call(&wallet(0), &library, &second).returns::<L::f32AtCall>();
		assert_eq!(second, wad("-2500000000000000000"));
		let outside = call(&wallet(0), &library, &L::f32AtCall { data, index: U256::from(2) });
		assert_eq!(outside.result, Err(Failure::Bytes(L::OutOfRange {}.abi_encode())));
		let numbers: Vec<u8> = [-5i64, 1 << 40].iter().flat_map(|one| one.to_le_bytes()).collect();
		let data = Bytes::from(numbers);
		for (index, expected) in [(0u64, -5i64), (1, 1 << 40)] {
			let asked = L::i64AtCall { data: data.clone(), index: U256::from(index) };
			assert_eq!(call(&wallet(0), &library, &asked).returns::<L::i64AtCall>(), expected);
		}
		let asked = L::i32AtCall { data: data.clone(), index: U256::ZERO };
		assert_eq!(call(&wallet(0), &library, &asked).returns::<L::i32AtCall>(), -5);
		let asked = L::i8AtCall { data, index: U256::ZERO };
		assert_eq!(call(&wallet(0), &library, &asked).returns::<L::i8AtCall>(), -5);
	});
}
