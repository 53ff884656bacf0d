//! Every example is in order and runs as it does without bounds; nothing that a stranger sends
//! breaks anything.

#![allow(clippy::unwrap_used, missing_docs)]

use codec::Encode;
use countersign_canonical::{
	op::{Binary, Unary},
	program::Package,
	Model,
};
use countersign_primitives::{
	model::PrecisionPolicy,
	program::{PackageError, MAX_PACKAGE_BYTES},
	request::TrapCode,
	tensor::{Dimension, Port, Tensor, TensorType},
};
use countersign_programs::{
	cost, examine, examine_given, examples::*, fits, from_canonical, load, prepare, run,
	to_canonical,
};
use sp_crypto_hashing::blake2_256;

fn all() -> Vec<(Package, Vec<Tensor>)> {
	let floats = |shape: &[u32]| vec![input_floats(shape, awkward)];
	let wide = |i: u32| i64::MAX - i64::from(i);
	vec![
		(dense(8, 16, 4), floats(&[1, 8])),
		(lookup(10), vec![input_index(9)]),
		(forest(20, 4, 7), vec![input_floats(&[1, 7], |i| i as f32)]),
		(repeated(Unary::Round, 100, 3), floats(&[1, 100])),
		(repeated_with(Binary::Div, 100, 3), floats(&[1, 100])),
		(fold(Binary::Rem, 50, 2), [floats(&[1, 50]), floats(&[1, 50])].concat()),
		(products(32), floats(&[64, 256])),
		(transposed(5), floats(&[5, 128])),
		(
			remainders(20, 2),
			vec![input_integers(&[1, 20], wide), input_integers(&[1, 20], i64::from)],
		),
		(walks(10), vec![input_floats(&[1, 64], |i| i as f32)]),
		(constant(3), vec![input_index(767)]),
		(scattered(40), floats(&[1, 1_024])),
	]
}

#[test]
fn bounded_runs_are_runs() {
	for (number, (package, input)) in all().into_iter().enumerate() {
		let bytes = encoded(&package);
		let summary = examine(&bytes).unwrap();
		let model = Model::new(&package).unwrap();
		assert_eq!(summary.root.0, model.program().root());
		let planned = cost(&model.plan().cost);
		assert_eq!((summary.cost.macs, summary.cost.simple), (planned.macs, planned.simple));
		let mut prepared = prepare(load(&bytes).unwrap()).unwrap();
		let tensors: Vec<_> = input.iter().map(to_canonical).collect();
		let expected = model.run(&tensors).unwrap();
		let expected: Vec<_> = expected.into_iter().map(from_canonical).collect();
		// Twice, so that nothing of a run is left for the next.
		for _ in 0..2 {
			assert_eq!(run(&mut prepared, &[], &input), Ok(expected.clone()), "example {number}");
		}
		let (given, mut prepared) = examine_given(&bytes, blake2_256).unwrap();
		assert_eq!((given.root, given.length), (summary.root, summary.length));
		assert_eq!(run(&mut prepared, &[], &input), Ok(expected));
	}
}

/// The largest that the benchmarks run.
#[test]
fn the_longest_program_is_one() {
	let summary = examine(&encoded(&scattered(4_000))).unwrap();
	assert!(summary.cost.operators > 3_990);
	assert_eq!(summary.slabs, 1);
}

#[test]
fn traps_name_their_operator() {
	let mut prepared = prepare(load(&encoded(&lookup(10))).unwrap()).unwrap();
	for index in [10, -11, i64::MAX] {
		let trap = run(&mut prepared, &[], &[input_index(index)]).unwrap_err();
		assert_eq!((trap.code, trap.operator), (TrapCode::Operator, 0));
	}
	for input in [vec![], vec![input_floats(&[1], |_| 0.0)], vec![input_index(1), input_index(1)]] {
		let trap = run(&mut prepared, &[], &input).unwrap_err();
		assert_eq!((trap.code, trap.operator), (TrapCode::BadInput, u32::MAX));
	}
}

#[test]
fn ports_are_compared_as_results_carry_them() {
	let summary = examine(&encoded(&dense(4, 3, 2))).unwrap();
	let port = |ty, dims: &[Dimension]| Port {
		name: b"p".to_vec().try_into().unwrap(),
		ty,
		shape: dims.to_vec().try_into().unwrap(),
	};
	let one = Dimension::Fixed(1);
	let input = [port(TensorType::F32, &[one, Dimension::Range { min: 2, max: 9 }])];
	let output = [port(TensorType::F32, &[one, Dimension::Fixed(2)])];
	let exact = [PrecisionPolicy::Exact];
	assert!(fits(&summary, &input, &output, &exact));
	assert!(!fits(&summary, &output, &output, &exact));
	assert!(!fits(&summary, &input, &input[..0], &exact));
	assert!(!fits(&summary, &input, &output, &[]));
	let index = [PrecisionPolicy::Top1 { margin: -4 }];
	assert!(!fits(&summary, &input, &output, &index));
	assert!(fits(&summary, &input, &[port(TensorType::I64, &[one])], &index));
	// And that is what comes out.
	let mut prepared = prepare(load(&encoded(&dense(4, 3, 2))).unwrap()).unwrap();
	let outputs = run(&mut prepared, &index, &[input_floats(&[1, 4], |i| i as f32)]).unwrap();
	assert_eq!((outputs[0].ty, outputs[0].shape.clone()), (TensorType::I64, vec![1]));
}

#[test]
fn no_bytes_break_anything() {
	assert_eq!(examine(&[]), Err(PackageError::Malformed));
	let long = vec![0; MAX_PACKAGE_BYTES as usize + 1];
	assert_eq!(examine(&long), Err(PackageError::TooLong));
	assert_eq!(examine_given(&long, blake2_256).unwrap_err(), PackageError::TooLong);
	// Everything cut short, and every byte of the program changed in turn.
	for (package, input) in all() {
		let bytes = encoded(&package);
		let program = package.program.encode().len();
		for end in (0..program).chain([bytes.len() - 1]) {
			assert!(examine(&bytes[..end]).is_err());
		}
		for at in 0..program {
			for change in [1, 2, 0x40, 0x80, 0xff] {
				let mut other = bytes.clone();
				other[at] ^= change;
				// Whatever is still a program has another root, and runs or traps.
				let Ok((summary, mut prepared)) = examine_given(&other, blake2_256) else {
					continue;
				};
				assert_ne!(summary.root, examine(&bytes).unwrap().root);
				if summary.weighted_macs < 10_000_000 {
					let _ = run(&mut prepared, &[], &input);
				}
			}
		}
	}
}
