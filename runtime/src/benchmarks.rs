//! The calls whose weights `scripts/weights` measures: those of our own pallets. The others use the
//! weights that their authors publish. A plain transfer is measured beside them for comparison.

frame_benchmarking::define_benchmarks!(
	[pallet_balances, Balances]
	[pallet_models, Models]
	[pallet_attribution, Attribution]
	[pallet_inference, Inference]
	[pallet_disputes, Disputes]
	[pallet_audits, Audits]
	[pallet_validators, Validators]
);
