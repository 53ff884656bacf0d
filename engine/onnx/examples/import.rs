//! Imports a file and shows what comes out; runs it on raw inputs if given.
//!
//!     cargo run --release -p countersign-onnx --example import -- MODEL.onnx [-s NAME=1,3,48,192]
//!         [-b NAME=16000]
//!         [-i RAW_INPUT].. [-o FOLDER] [-e FOLDER] [-n REPEATS] [-t THREADS]
//!         [-p kinds|all]

use codec::Encode;
use countersign_canonical::{
	commitment::tensors_commitment,
	kernels::Threads,
	proof,
	tensor::{Meta, Tensor, TensorType, Value},
	Model,
};
use countersign_onnx::{import, Options};
use std::{collections::BTreeMap, error::Error, fs, path::Path, sync::Arc, time::Instant};

fn hex(bytes: &[u8]) -> String {
	bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn main() -> Result<(), Box<dyn Error>> {
	let mut arguments = std::env::args().skip(1);
	let path = arguments.next().ok_or("usage: import MODEL.onnx ..")?;
	let mut options = Options::default();
	let (mut raw, mut folder, mut repeats, mut profile, mut encoded) =
		(Vec::new(), None, 1u32, false, None);
	let (mut detail, mut threads) = (false, 1usize);
	while let Some(flag) = arguments.next() {
		let value = arguments.next().ok_or("a flag without a value")?;
		match flag.as_str() {
			"-s" => {
				let (name, dims) = value.split_once('=').ok_or("-s NAME=1,2,3")?;
				let dims = dims.split(',').map(str::parse).collect::<Result<Vec<u32>, _>>()?;
				options.shapes.insert(name.into(), dims);
			}
			"-b" => {
				let (name, x) = value.split_once('=').ok_or("-b NAME=INTEGER")?;
				let x = Value::from_integers(TensorType::I64, &[], &[x.parse()?]);
				options.bound.insert(name.into(), x);
			}
			"-i" => raw.push(fs::read(value)?),
			"-o" => folder = Some(value),
			"-p" => (profile, detail) = (true, value == "all"),
			"-e" => encoded = Some(value),
			"-t" => threads = value.parse()?,
			"-n" => repeats = value.parse()?,
			other => return Err(format!("unknown flag {other}").into()),
		}
	}
	options.folder = Path::new(&path).parent().map(Path::to_path_buf);
	let start = Instant::now();
	let imported = import(&fs::read(&path)?, &options)?;
	let mut model = Model::new(&imported.package)?;
	if threads > 1 {
		model = model.with_threads(&Arc::new(Threads::new(threads, || ())?));
	}
	println!("imported in {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
	println!("root {}", hex(&model.program().root()));
	for (what, ports) in [("input", &imported.inputs), ("output", &imported.outputs)] {
		for port in ports {
			println!("{what} {} {:?} {:?}", port.name, port.meta.ty, port.meta.shape);
		}
	}
	println!("{:?}", model.plan().cost);
	println!("a proof of one element opens at most {} leaves", model.plan().leaves);
	for (number, node) in model.program().nodes.iter().enumerate() {
		let meta = |at: &u16| &model.plan().metas[usize::from(*at)];
		let operands: Vec<&Meta> = node.operands.iter().map(meta).collect();
		let leaves = proof::leaves(&node.op, &operands);
		if leaves > proof::MAX_LEAVES {
			println!("operator {number} opens {leaves}: {:?} {operands:?}", node.op);
		}
	}
	if raw.is_empty() {
		return Ok(());
	}
	let tensors: Vec<Tensor> = imported
		.inputs
		.iter()
		.zip(raw)
		.map(|(port, data)| Tensor { ty: port.meta.ty, shape: port.meta.shape.clone(), data })
		.collect();
	if let Some(folder) = &encoded {
		fs::write(Path::new(folder).join("package"), imported.package.encode())?;
		fs::write(Path::new(folder).join("inputs"), tensors.encode())?;
	}
	let mut best = f64::MAX;
	let mut outputs = Vec::new();
	for _ in 0..repeats {
		let start = Instant::now();
		outputs = model.run(&tensors).map_err(|trap| format!("{trap:?}"))?;
		best = best.min(start.elapsed().as_secs_f64());
	}
	if profile {
		let mut spent: BTreeMap<String, (f64, u32)> = BTreeMap::new();
		// A first run touches fresh memory.
		let _ = model.run_seen(&tensors, |_, _| ());
		let mut last = Instant::now();
		let _ = model.run_seen(&tensors, |number, _| {
			let op = format!("{:?}", model.program().nodes[number as usize].op);
			let mut name = op.split(" {").next().unwrap_or_default().to_string();
			if detail {
				name += &format!(" {:?}", shapes(&model, number));
			}
			let entry = spent.entry(name).or_default();
			*entry = (entry.0 + last.elapsed().as_secs_f64() * 1e3, entry.1 + 1);
			last = Instant::now();
		});
		for (name, (ms, count)) in spent {
			println!("{ms:8.3} ms {count:5} {name}");
		}
	}
	let macs = model.plan().cost.macs as f64;
	println!("run in {:.3} ms, {:.2} GMAC/s", best * 1e3, macs / best / 1e9);
	println!("commitment {}", hex(&tensors_commitment(&outputs)));
	if let Some(folder) = folder {
		for (port, output) in imported.outputs.iter().zip(&outputs) {
			let name = port.name.replace(['/', ':'], "_");
			fs::write(Path::new(&folder).join(name), &output.data)?;
		}
	}
	Ok(())
}

/// The shapes of a node's operands and result.
fn shapes(model: &Model, number: u32) -> Vec<&[u32]> {
	let node = &model.program().nodes[number as usize];
	let result = model.program().first_result() + number as usize;
	let all = node.operands.iter().map(|at| usize::from(*at)).chain([result]);
	all.map(|at| &model.plan().metas[at].shape[..]).collect()
}
