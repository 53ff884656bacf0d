//! Times a model in canonical execution and in tract, one thread each, in turns.

use codec::Decode;
use countersign_canonical::{
	program::Package,
	tensor::{Tensor as Canonical, TensorType},
	Model,
};
use std::{error::Error, time::Instant};
use tract_onnx::prelude::*;

/// A tensor as tract takes it.
fn given(tensor: &Canonical) -> Result<TValue, Box<dyn Error>> {
	let shape: Vec<usize> = tensor.shape.iter().map(|dim| *dim as usize).collect();
	let ty = match tensor.ty {
		TensorType::F32 => DatumType::F32,
		TensorType::I32 => DatumType::I32,
		TensorType::I64 => DatumType::I64,
		TensorType::U8 => DatumType::U8,
		other => return Err(format!("inputs of type {other:?} are not compared").into()),
	};
	// SAFETY: these types have no bytes that mean nothing.
	let tensor = unsafe { Tensor::from_raw_dt(ty, &shape, &tensor.data)? };
	Ok(tensor.into_tvalue())
}

fn main() -> Result<(), Box<dyn Error>> {
	let mut arguments = std::env::args().skip(1);
	let mut next = || arguments.next().ok_or("usage: MODEL.onnx NAME.package NAME.inputs");
	let (file, package, inputs) = (next()?, std::fs::read(next()?)?, std::fs::read(next()?)?);
	let package = Package::decode(&mut &package[..])?;
	let inputs = Vec::<Canonical>::decode(&mut &inputs[..])?;
	let model = Model::new(&package)?;
	let mut graph = tract_onnx::onnx().model_for_path(&file)?;
	let mut values = tvec!();
	for (number, input) in inputs.iter().enumerate() {
		let value = given(input)?;
		graph = graph.with_input_fact(number, InferenceFact::from(&*value))?;
		values.push(value);
	}
	let plan = graph.into_optimized()?.into_runnable()?;
	let (mut ours, mut theirs) = (f64::MAX, f64::MAX);
	for _ in 0..40 {
		let start = Instant::now();
		model.run(&inputs).map_err(|trap| format!("{trap:?}"))?;
		ours = ours.min(start.elapsed().as_secs_f64());
		let start = Instant::now();
		plan.run(values.clone())?;
		theirs = theirs.min(start.elapsed().as_secs_f64());
	}
	println!(
		"{file}: canonical {:.3} ms, tract {:.3} ms, ratio {:.2}",
		ours * 1e3,
		theirs * 1e3,
		ours / theirs
	);
	Ok(())
}
