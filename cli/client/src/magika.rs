//! What the magika model (standard v3.3) takes and gives: file contents in, a file type out.
//!
//! The extraction and the final decision are those of the Python package `magika` 1.0.3, against
//! whose answers they are tested. The labels in `data/` come from it (Apache-2.0).

use crate::Error;
use countersign_primitives::tensor::{Tensor, TensorType};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::LazyLock};

#[derive(Deserialize)]
struct Config {
	beg_size: usize,
	end_size: usize,
	block_size: usize,
	padding_token: i32,
	min_file_size_for_dl: usize,
	medium_confidence_threshold: f64,
	labels: Vec<String>,
	text_labels: Vec<String>,
	text_overwrite: Vec<String>,
	thresholds: BTreeMap<String, f64>,
	overwrite: BTreeMap<String, String>,
}

static CONFIG: LazyLock<Config> = LazyLock::new(|| {
	serde_json::from_str(include_str!("../data/magika-v3_3.json"))
		.expect("the file is part of this crate and a test reads it; qed")
});

/// What a file is, as far as its length alone tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encoded {
	/// The model has to say.
	Input(Tensor),
	/// Too short for the model; this is the answer.
	Known(&'static str),
}

/// What space is to Python's `bytes.strip`.
fn is_space(byte: &u8) -> bool {
	matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

/// Turns a file's contents into the model's input: the first and the last 1,024 bytes without the
/// space around them, padded with 256.
pub fn encode(content: &[u8]) -> Encoded {
	let config = &*CONFIG;
	let few_bytes = |bytes: &[u8]| {
		Encoded::Known(if std::str::from_utf8(bytes).is_ok() { "txt" } else { "unknown" })
	};
	if content.is_empty() {
		return Encoded::Known("empty");
	}
	if content.len() < config.min_file_size_for_dl {
		return few_bytes(content);
	}
	let block = config.block_size.min(content.len());
	let head = &content[..block];
	let head = &head[head.iter().position(|byte| !is_space(byte)).unwrap_or(block)..];
	if head.len() < config.min_file_size_for_dl {
		return few_bytes(&content[..block]);
	}
	let tail = &content[content.len() - block..];
	let tail = &tail[..tail.iter().rposition(|byte| !is_space(byte)).map_or(0, |at| at + 1)];

	let head = &head[..head.len().min(config.beg_size)];
	let tail = &tail[tail.len().saturating_sub(config.end_size)..];
	let padding = std::iter::repeat(config.padding_token);
	let tokens = head
		.iter()
		.map(|byte| i32::from(*byte))
		.chain(padding.clone().take(config.beg_size - head.len()))
		.chain(padding.take(config.end_size - tail.len()))
		.chain(tail.iter().map(|byte| i32::from(*byte)));
	Encoded::Input(Tensor {
		ty: TensorType::I32,
		shape: vec![1, (config.beg_size + config.end_size) as u32],
		data: tokens.flat_map(i32::to_le_bytes).collect(),
	})
}

/// A label and how sure the model is of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
	/// The label.
	pub label: String,
	/// From 0 to 1.
	pub score: f32,
}

/// What the model says, and what magika makes of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
	/// The answer: the best label where it is sure enough, else `txt` or `unknown`.
	pub label: String,
	/// The best labels of the model, best first.
	pub scores: Vec<Score>,
}

/// Reads the model's output.
pub fn decode(output: &[Tensor], scores: usize) -> Result<Verdict, Error> {
	let wrong = || Error::Input("this is not an output of magika standard v3.3".into());
	let [tensor] = output else { return Err(wrong()) };
	let count = CONFIG.labels.len();
	if tensor.ty != TensorType::F32 || tensor.data.len() != count * 4 {
		return Err(wrong());
	}
	let scores: Vec<Score> = crate::tensors::top(tensor, scores.max(1))
		.into_iter()
		.filter_map(|(index, score)| {
			Some(Score { label: CONFIG.labels.get(index)?.clone(), score })
		})
		.collect();
	let best = scores.first().ok_or_else(wrong)?;
	Ok(Verdict { label: decide(&best.label, best.score.into()).into(), scores })
}

/// magika's answer for the model's best label, in its high-confidence mode.
fn decide(label: &str, score: f64) -> &str {
	let config = &*CONFIG;
	let threshold = config.thresholds.get(label).unwrap_or(&config.medium_confidence_threshold);
	let answer = config.overwrite.get(label).map_or(label, String::as_str);
	if score >= *threshold {
		return answer;
	}
	let is_text = config.text_labels.iter().chain(&config.text_overwrite).any(|it| it == answer);
	if is_text {
		"txt"
	} else {
		"unknown"
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use sha2::{Digest, Sha256};

	#[derive(Deserialize)]
	struct Vectors {
		cases: Vec<Case>,
		decisions: Vec<(String, f64, String)>,
	}

	#[derive(Deserialize)]
	struct Case {
		name: String,
		text: Option<String>,
		hex: Option<String>,
		repeat: Option<usize>,
		then: Option<String>,
		label: String,
		sha256: Option<String>,
		#[serde(default)]
		first: Vec<i32>,
		#[serde(default)]
		last: Vec<i32>,
	}

	fn vectors() -> Vectors {
		serde_json::from_str(include_str!("../data/magika-vectors.json")).unwrap()
	}

	fn content(case: &Case) -> Vec<u8> {
		let base = match (&case.text, &case.hex) {
			(Some(text), None) => text.as_bytes().to_vec(),
			(None, Some(digits)) => hex::decode(digits).unwrap(),
			_ => panic!("{}: text or hex", case.name),
		};
		let mut content = base.repeat(case.repeat.unwrap_or(1));
		content.extend(hex::decode(case.then.as_deref().unwrap_or_default()).unwrap());
		content
	}

	#[test]
	fn features_are_those_of_the_python_package() {
		let cases = vectors().cases;
		assert_eq!(cases.len(), 15);
		for case in cases {
			match (encode(&content(&case)), &case.sha256) {
				(Encoded::Known(label), None) => assert_eq!(label, case.label, "{}", case.name),
				(Encoded::Input(tensor), Some(expected)) => {
					let tokens: Vec<i32> = tensor
						.data
						.chunks_exact(4)
						.map(|bytes| i32::from_le_bytes(bytes.try_into().unwrap()))
						.collect();
					assert_eq!(tensor.shape, [1, 2048]);
					assert_eq!(tokens[..12], case.first, "{}", case.name);
					assert_eq!(tokens[2036..], case.last, "{}", case.name);
					let found = hex::encode(Sha256::digest(&tensor.data));
					assert_eq!(&found, expected, "{}", case.name);
				}
				(found, _) => panic!("{}: {found:?}", case.name),
			}
		}
	}

	#[test]
	fn decisions_are_those_of_the_python_package() {
		let decisions = vectors().decisions;
		assert!(decisions.len() > 100);
		for (label, score, expected) in decisions {
			assert_eq!(decide(&label, score), expected, "{label} at {score}");
		}
	}

	#[test]
	fn outputs_become_labels() {
		let mut scores = vec![0f32; CONFIG.labels.len()];
		let python = CONFIG.labels.iter().position(|label| label == "python").unwrap();
		let zip = CONFIG.labels.iter().position(|label| label == "zip").unwrap();
		scores[python] = 0.75;
		scores[zip] = 0.25;
		let output = Tensor {
			ty: TensorType::F32,
			shape: vec![1, scores.len() as u32],
			data: scores.iter().flat_map(|score| score.to_le_bytes()).collect(),
		};
		let verdict = decode(std::slice::from_ref(&output), 2).unwrap();
		assert_eq!(verdict.label, "python");
		assert_eq!(verdict.scores[1], Score { label: "zip".into(), score: 0.25 });
		assert!(decode(&[], 2).is_err());
		let short = Tensor { data: output.data[4..].to_vec(), ..output };
		assert!(decode(&[short], 2).is_err());
	}
}
