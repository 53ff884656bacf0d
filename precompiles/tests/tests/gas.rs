//! That calling a model is worth it: against the same model in plain Solidity.

use countersign_precompile_tests::{
	gas::{committed, infer, ratio, solidity, LINEAR, MLP},
	run,
};

/// How many times the gas of `infer` the network of 20,000 parameters takes in Solidity, at least, and
/// how many times the time. Gas counts the larger of time and proof, and most of what `infer` takes
/// is the proof of its 80 KB of weights.
const LEAST: (f64, f64) = (5.0, 15.0);

#[test]
fn a_network_costs_a_small_part_of_what_it_does_in_solidity() {
	run(|world| {
		let ours = infer(world, "mlp", &committed("mlp"));
		ours.reply.works();
		let plain = solidity(&MLP);
		plain.works();
		let (gas, time) = ratio(&plain, &ours);
		assert!(gas >= LEAST.0 && time >= LEAST.1, "{gas:.1} times the gas, {time:.1} the time");
	});
}

#[test]
fn models_of_every_size_are_called_within_a_transaction() {
	run(|world| {
		for (name, most) in [("linear", 100_000), ("forest", 500_000), ("mlp", 500_000)] {
			let ours = infer(world, name, &committed(name));
			ours.reply.works();
			assert!(ours.reply.gas < most, "{name} takes {} gas", ours.reply.gas);
		}
		let plain = solidity(&LINEAR);
		plain.works();
	});
}
