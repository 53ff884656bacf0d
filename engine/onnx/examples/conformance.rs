//! Runs the node cases that `conformance/generate.py` writes, and says of each: pass, refused and
//! why, or wrong. Ends with an error if one gives a wrong value.
//!
//!     cargo run --release -p countersign-onnx --example conformance -- FOLDER [REPORT.md]

use countersign_canonical::{
	tensor::{Tensor, TensorType, Value},
	Model,
};
use countersign_onnx::{import, proto::TensorProto, tensor, ImportError, Options, Refusal};
use prost::Message;
use std::{
	collections::BTreeMap,
	error::Error,
	fmt::Write as _,
	fs,
	path::{Path, PathBuf},
	process::ExitCode,
};

enum Verdict {
	Pass,
	Refused(String),
	Wrong(String),
}

fn read(path: &Path) -> Result<Option<Result<Value, String>>, Box<dyn Error>> {
	if !path.exists() {
		return Ok(None);
	}
	let proto = TensorProto::decode(&*fs::read(path)?)?;
	Ok(Some(tensor::read(&proto, None)))
}

/// The names of the graph's inputs, as the file declares them.
fn input_names(model: &[u8]) -> Result<Vec<String>, Box<dyn Error>> {
	let model = countersign_onnx::proto::ModelProto::decode(model)?;
	let graph = model.graph.ok_or("no graph")?;
	Ok(graph.input.into_iter().map(|input| input.name).collect())
}

/// The largest element of a list of tensors that is out of tolerance.
fn compare(found: &Tensor, expected: &Value, rtol: f64, atol: f64) -> Result<(), String> {
	let wanted = expected.to_tensor();
	if found.ty != wanted.ty || found.shape != wanted.shape {
		return Err(format!(
			"{:?} {:?} instead of {:?} {:?}",
			found.ty, found.shape, wanted.ty, wanted.shape
		));
	}
	if found.ty != TensorType::F32 {
		return if found.data == wanted.data { Ok(()) } else { Err("other elements".into()) };
	}
	let floats = |bytes: &[u8]| -> Vec<f32> {
		bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
	};
	for (i, (x, y)) in floats(&found.data).iter().zip(floats(&wanted.data)).enumerate() {
		let both_nan = x.is_nan() && y.is_nan();
		let close = f64::from((x - y).abs()) <= atol + rtol * f64::from(y.abs());
		if !(both_nan || *x == y || close) {
			return Err(format!("element {i} is {x} instead of {y}"));
		}
	}
	Ok(())
}

fn run(case: &Path) -> Result<Verdict, Box<dyn Error>> {
	let bytes = fs::read(case.join("model.onnx"))?;
	let names = input_names(&bytes)?;
	let mut inputs: BTreeMap<String, Value> = BTreeMap::new();
	for (number, name) in names.iter().enumerate() {
		match read(&case.join(format!("input_{number}.pb")))? {
			Some(Ok(value)) => {
				inputs.insert(name.clone(), value);
			}
			Some(Err(why)) => return Ok(Verdict::Refused(format!("input `{name}`: {why}"))),
			None => return Ok(Verdict::Refused(format!("input `{name}` is not a tensor"))),
		}
	}
	let mut options = Options::default();
	for (name, value) in &inputs {
		options.shapes.insert(name.clone(), value.meta.shape.clone());
	}
	let mut imported = import(&bytes, &options);
	if let Err(ImportError::Operator { refusal: Refusal::NotConstant(_), .. }) = &imported {
		// What must be known while importing is fixed to the case's value: whatever is not float
		// first, and everything that is not the first input where that is not enough.
		for all in [false, true] {
			for (i, name) in names.iter().enumerate() {
				let value = &inputs[name];
				if i > 0 && (all || value.meta.ty != TensorType::F32) {
					options.bound.insert(name.clone(), value.clone());
				}
			}
			imported = import(&bytes, &options);
			if imported.is_ok() {
				break;
			}
		}
	}
	if names.iter().all(|name| options.bound.contains_key(name)) {
		return Ok(Verdict::Refused("nothing is left to run".into()));
	}
	let imported = match imported {
		Ok(imported) => imported,
		Err(error) => return Ok(Verdict::Refused(error.to_string())),
	};
	let model = match Model::new(&imported.package) {
		Ok(model) => model,
		Err(error) => return Ok(Verdict::Wrong(format!("{error:?}"))),
	};
	let given: Vec<Tensor> =
		imported.inputs.iter().map(|port| inputs[&port.name].to_tensor()).collect();
	let outputs = match model.run(&given) {
		Ok(outputs) => outputs,
		Err(trap) => return Ok(Verdict::Wrong(format!("{trap:?}"))),
	};
	let text = fs::read_to_string(case.join("tolerance"))?;
	let mut numbers = text.split_whitespace().map(str::parse::<f64>);
	let mut next = || numbers.next().ok_or("no tolerance")?.map_err(Box::<dyn Error>::from);
	let (rtol, atol) = (next()?, next()?);
	for (number, output) in outputs.iter().enumerate() {
		let Some(expected) = read(&case.join(format!("output_{number}.pb")))? else {
			return Ok(Verdict::Refused("an expected output is not a tensor".into()));
		};
		let expected = match expected {
			Ok(expected) => expected,
			Err(why) => return Ok(Verdict::Wrong(format!("expected: {why}"))),
		};
		if let Err(why) = compare(output, &expected, rtol, atol) {
			return Ok(Verdict::Wrong(format!("output {number}: {why}")));
		}
	}
	Ok(Verdict::Pass)
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
	let mut arguments = std::env::args().skip(1);
	let folder = PathBuf::from(arguments.next().ok_or("usage: conformance FOLDER [REPORT]")?);
	let report = arguments.next();
	let mut cases: Vec<PathBuf> = fs::read_dir(&folder)?
		.map(|entry| Ok(entry?.path()))
		.collect::<Result<_, std::io::Error>>()?;
	cases.sort();
	let (mut passed, mut refused, mut wrong) = (0, 0, 0);
	let mut rows = String::new();
	for case in &cases {
		let name = case.file_name().unwrap_or_default().to_string_lossy();
		let text = match run(case)? {
			Verdict::Pass => {
				passed += 1;
				"pass".into()
			}
			Verdict::Refused(why) => {
				refused += 1;
				format!("refused: {why}")
			}
			Verdict::Wrong(why) => {
				wrong += 1;
				println!("WRONG {name}: {why}");
				format!("**wrong**: {why}")
			}
		};
		writeln!(rows, "| {name} | {} |", text.replace('|', "\\|").replace('\n', " "))?;
	}
	let summary = format!("{passed} pass, {refused} refused, {wrong} wrong, of {}", cases.len());
	println!("{summary}");
	if let Some(report) = report {
		let head = "# Conformance\n\nEvery node case of the `onnx` package 1.23.2, run through import and canonical execution. Written by\n`scripts/conformance --write`, which also runs real models against ONNX Runtime.\nFloats are compared within each case's own tolerance, everything else for equality.\n\n";
		fs::write(report, format!("{head}{summary}.\n\n| case | result |\n|---|---|\n{rows}"))?;
	}
	Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
