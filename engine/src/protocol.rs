//! What the node and the engine process say to each other.
//!
//! ```text
//! frame = u32 length, little-endian | that many bytes: the SCALE encoding of one message
//! ```
//!
//! The node writes [`Request`]s to the process's standard input and reads [`Reply`]s from its
//! standard output, one for each request and in the same order; standard error carries one JSON
//! object a line for the log. The first exchange is `Hello`. Neither side trusts the other:
//! lengths are checked before anything is allocated, everything decoded is checked before it is
//! used, and bytes behind a message are an error. The process runs native code on models that
//! strangers wrote, so the node treats its replies as a stranger's.
//!
//! A process is one of two engines: ONNX Runtime, which takes `Load` and `Run`, or the canonical
//! operator set, which takes `LoadProgram` and `RunProgram`.

use codec::{Decode, DecodeAll, Encode};
pub use countersign_canonical::bands::Verdict;
use countersign_primitives::{
	model::{ArtefactHash, PrecisionPolicy, MAX_ARTEFACT_BYTES},
	request::TrapCode,
	tensor::{Tensor, TensorType, MAX_INLINE_BYTES, MAX_INPUT_BYTES, MAX_PORTS, MAX_RANK},
};
use std::io::{self, Read, Write};

/// The version of this protocol. Both sides must have the same.
pub const PROTOCOL_VERSION: u16 = 3;
/// The most bytes of a frame to the engine process: the largest input with its names, and the
/// largest claim about its output.
pub const MAX_REQUEST_BYTES: u32 = MAX_INPUT_BYTES + MAX_OUTPUT_BYTES + 64 * 1024;
/// The most bytes of output data that a run may give.
pub const MAX_OUTPUT_BYTES: u32 = MAX_INLINE_BYTES;
/// The most bytes of a frame from the engine process: the largest output and its heads.
pub const MAX_REPLY_BYTES: u32 = MAX_OUTPUT_BYTES + 64 * 1024;
/// The most bytes of a port's name.
pub const MAX_NAME_BYTES: usize = 64;
/// The most bytes of a path.
pub const MAX_PATH_BYTES: usize = 4096;
/// The most bytes of a text for people.
pub const MAX_MESSAGE_BYTES: usize = 1024;

/// What the node asks.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Request {
	/// The first message.
	#[codec(index = 0)]
	Hello {
		/// The node's [`PROTOCOL_VERSION`].
		version: u16,
	},
	/// Are you there?
	#[codec(index = 1)]
	Ping {
		/// Comes back in the reply.
		id: u64,
	},
	/// Make a model ready. Does nothing where it is ready already.
	#[codec(index = 2)]
	Load {
		/// Comes back in the reply.
		id: u64,
		/// The sha256 that the file must have.
		artefact: ArtefactHash,
		/// The length that the file must have.
		length: u64,
		/// Where the file lies, UTF-8.
		path: Vec<u8>,
	},
	/// Run a model that is ready.
	#[codec(index = 3)]
	Run {
		/// Comes back in the reply.
		id: u64,
		/// The model.
		artefact: ArtefactHash,
		/// All its inputs.
		inputs: Vec<NamedTensor>,
		/// The outputs to return, in this order.
		outputs: Vec<OutputPort>,
		/// What the run may take.
		limits: RunLimits,
	},
	/// Make a canonical program ready: import the file, and check that it gives this program with
	/// these ports. Does nothing where it is ready already.
	#[codec(index = 4)]
	LoadProgram {
		/// Comes back in the reply.
		id: u64,
		/// The sha256 that the file must have.
		artefact: ArtefactHash,
		/// The length that the file must have.
		length: u64,
		/// Where the file lies, UTF-8.
		path: Vec<u8>,
		/// The root that importing the file must give.
		root: [u8; 32],
		/// The version of the operator set.
		version: u16,
		/// The program's inputs, in its order.
		inputs: Vec<ProgramPort>,
		/// The program's outputs, in its order, as their policies expose them.
		outputs: Vec<ProgramPort>,
		/// The policy of each output.
		policies: Vec<PrecisionPolicy>,
	},
	/// Run a canonical program that is ready.
	#[codec(index = 5)]
	RunProgram {
		/// Comes back in the reply.
		id: u64,
		/// The program.
		root: [u8; 32],
		/// Its inputs, in its order. Others than it takes are a trap.
		inputs: Vec<Tensor>,
		/// Outputs of another engine, as their policies expose them, to be judged.
		claimed: Option<Vec<Tensor>>,
		/// What draws the leaves of the trace whose digest is wanted.
		trace: Option<[u8; 32]>,
		/// What the run may take. Time is enforced by whoever waits.
		limits: RunLimits,
	},
}

/// An input or output of a program.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct ProgramPort {
	/// The name in the artefact, UTF-8.
	pub name: Vec<u8>,
	/// The type of its elements.
	pub ty: TensorType,
	/// Its dimensions.
	pub shape: Vec<u32>,
}

/// An input.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct NamedTensor {
	/// The name in the artefact, UTF-8.
	pub name: Vec<u8>,
	/// The value.
	pub tensor: Tensor,
}

/// An output that is asked for.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct OutputPort {
	/// The name in the artefact, UTF-8.
	pub name: Vec<u8>,
	/// The type that it must have.
	pub ty: TensorType,
}

/// What a run may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct RunLimits {
	/// Time in milliseconds.
	pub time_ms: u32,
	/// Memory in MiB, on top of what the loaded model takes.
	pub memory_mib: u32,
	/// Bytes of output data.
	pub output_bytes: u32,
}

/// What the engine process answers.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Reply {
	/// To `Hello`.
	#[codec(index = 0)]
	Hello(EngineInfo),
	/// To `Ping`.
	#[codec(index = 1)]
	Pong {
		/// The request's.
		id: u64,
	},
	/// To `Load`.
	#[codec(index = 2)]
	Loaded {
		/// The request's.
		id: u64,
		/// Whether it was ready already.
		cached: bool,
	},
	/// To a run: the outputs, in the order asked for.
	#[codec(index = 3)]
	Output {
		/// The request's.
		id: u64,
		/// The values.
		tensors: Vec<Tensor>,
		/// What that says about the claim that came with the run.
		verdict: Option<Verdict>,
		/// The digest of the trace, where one was wanted.
		trace: Option<[u8; 32]>,
		/// How long the run took, in microseconds.
		micros: u64,
	},
	/// To a run: the model gives no output for this input.
	#[codec(index = 4)]
	Trap {
		/// The request's.
		id: u64,
		/// Why.
		code: TrapCode,
		/// The position of the operator in the program; `u32::MAX` where it is none of them.
		operator: u32,
		/// Why, in words for people.
		message: Vec<u8>,
		/// What that says about the claim that came with the run.
		verdict: Option<Verdict>,
		/// The digest of the trace, where one was wanted.
		trace: Option<[u8; 32]>,
		/// How long the run took, in microseconds.
		micros: u64,
	},
	/// To any request: it could not be done, which says nothing about the model's answer.
	#[codec(index = 5)]
	Error {
		/// The request's.
		id: u64,
		/// What kind.
		kind: ErrorKind,
		/// What happened, in words for people.
		message: Vec<u8>,
	},
}

/// What an engine process is.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct EngineInfo {
	/// Its [`PROTOCOL_VERSION`].
	pub protocol: u16,
	/// Its own name and version.
	pub engine: Vec<u8>,
	/// The name, version and build of its ONNX Runtime, or what it runs instead.
	pub runtime: Vec<u8>,
	/// The sha256 of the library that it loaded; zero for the canonical engine, which loads none.
	pub library: [u8; 32],
	/// The threads that one operator uses.
	pub threads: u16,
}

/// Why a request could not be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum ErrorKind {
	/// The request makes no sense.
	#[codec(index = 0)]
	BadRequest,
	/// The protocol versions differ.
	#[codec(index = 1)]
	Version,
	/// The file cannot be read, or has another length or hash.
	#[codec(index = 2)]
	Artefact,
	/// The file is not an ONNX model that can be loaded.
	#[codec(index = 3)]
	Model,
	/// Names or types of inputs or outputs are not the model's.
	#[codec(index = 4)]
	Signature,
	/// The model is not ready: load it.
	#[codec(index = 5)]
	NotLoaded,
	/// The float mode is wrong and could not be repaired.
	#[codec(index = 6)]
	FloatMode,
	/// Anything else.
	#[codec(index = 7)]
	Internal,
	/// Importing the file gives another program, or none.
	#[codec(index = 8)]
	Program,
}

/// Why a frame or a message was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
	/// The pipe broke, or ended inside a frame.
	#[error("pipe: {0}")]
	Io(#[from] io::Error),
	/// The frame is longer than allowed.
	#[error("frame of {length} bytes, {limit} allowed")]
	TooLong {
		/// The length that it announced.
		length: u32,
		/// The limit.
		limit: u32,
	},
	/// The bytes are not one message and nothing else.
	#[error("not a message: {0}")]
	Malformed(String),
	/// The message breaks a limit.
	#[error("message out of bounds: {0}")]
	OutOfBounds(&'static str),
}

/// Cuts a text to [`MAX_MESSAGE_BYTES`] at a character's end.
pub fn bounded_text(text: &str) -> Vec<u8> {
	let mut end = text.len().min(MAX_MESSAGE_BYTES);
	while !text.is_char_boundary(end) {
		end = end.saturating_sub(1);
	}
	text.as_bytes().get(..end).unwrap_or_default().to_vec()
}

fn name_is_good(name: &[u8]) -> bool {
	!name.is_empty()
		&& name.len() <= MAX_NAME_BYTES
		&& !name.contains(&0)
		&& std::str::from_utf8(name).is_ok()
}

fn names_differ<'a>(names: impl Iterator<Item = &'a Vec<u8>>) -> bool {
	let mut seen = std::collections::BTreeSet::new();
	names.into_iter().all(|name| seen.insert(name))
}

fn ports_are_good(ports: &[ProgramPort]) -> bool {
	(1..=MAX_PORTS as usize).contains(&ports.len())
		&& ports
			.iter()
			.all(|port| name_is_good(&port.name) && port.shape.len() <= MAX_RANK as usize)
		&& names_differ(ports.iter().map(|port| &port.name))
}

fn check_file(length: u64, path: &[u8]) -> Result<(), FrameError> {
	if length == 0 || length > MAX_ARTEFACT_BYTES {
		return Err(FrameError::OutOfBounds("length of the artefact"));
	}
	if path.is_empty() || path.len() > MAX_PATH_BYTES || path.contains(&0) {
		return Err(FrameError::OutOfBounds("path of the artefact"));
	}
	Ok(())
}

fn check_limits(limits: &RunLimits) -> Result<(), FrameError> {
	if limits.time_ms == 0 || limits.memory_mib == 0 || limits.output_bytes == 0 {
		return Err(FrameError::OutOfBounds("a limit of zero"));
	}
	if limits.output_bytes > MAX_OUTPUT_BYTES {
		return Err(FrameError::OutOfBounds("limit on output bytes"));
	}
	Ok(())
}

impl Request {
	/// Checks every limit that decoding alone does not.
	pub fn check(&self) -> Result<(), FrameError> {
		let fail = |what| Err(FrameError::OutOfBounds(what));
		match self {
			Self::Hello { .. } | Self::Ping { .. } => Ok(()),
			Self::Load { length, path, .. } => check_file(*length, path),
			Self::LoadProgram { length, path, inputs, outputs, policies, .. } => {
				if policies.len() != outputs.len() {
					return fail("number of policies");
				}
				if !ports_are_good(inputs) || !ports_are_good(outputs) {
					return fail("an input or output of the program");
				}
				check_file(*length, path)
			}
			Self::RunProgram { inputs, claimed, limits, .. } => {
				let claimed = claimed.as_deref().unwrap_or_default();
				if inputs.len() > MAX_PORTS as usize || claimed.len() > MAX_PORTS as usize {
					return fail("number of tensors");
				}
				if inputs.iter().chain(claimed).any(|tensor| tensor.check().is_err()) {
					return fail("a tensor's data is not what its type and shape say");
				}
				check_limits(limits)
			}
			Self::Run { inputs, outputs, limits, .. } => {
				let ports = MAX_PORTS as usize;
				if inputs.is_empty() || inputs.len() > ports {
					return fail("number of inputs");
				}
				if outputs.is_empty() || outputs.len() > ports {
					return fail("number of outputs");
				}
				if !inputs.iter().all(|input| name_is_good(&input.name))
					|| !outputs.iter().all(|output| name_is_good(&output.name))
					|| !names_differ(inputs.iter().map(|input| &input.name))
					|| !names_differ(outputs.iter().map(|output| &output.name))
				{
					return fail("name of an input or output");
				}
				if inputs.iter().any(|input| input.tensor.check().is_err()) {
					return fail("an input's data is not what its type and shape say");
				}
				check_limits(limits)
			}
		}
	}

	/// The number that comes back in the reply; `None` for `Hello`.
	pub fn id(&self) -> Option<u64> {
		match self {
			Self::Hello { .. } => None,
			Self::Ping { id }
			| Self::Load { id, .. }
			| Self::Run { id, .. }
			| Self::LoadProgram { id, .. }
			| Self::RunProgram { id, .. } => Some(*id),
		}
	}
}

impl Reply {
	/// Checks every limit that decoding alone does not.
	pub fn check(&self) -> Result<(), FrameError> {
		let fail = |what| Err(FrameError::OutOfBounds(what));
		match self {
			Self::Hello(info) => {
				if info.engine.len() > MAX_MESSAGE_BYTES || info.runtime.len() > MAX_MESSAGE_BYTES {
					return fail("text");
				}
				Ok(())
			}
			Self::Pong { .. } | Self::Loaded { .. } => Ok(()),
			Self::Output { tensors, .. } => {
				if tensors.len() > MAX_PORTS as usize {
					return fail("number of outputs");
				}
				if tensors.iter().any(|tensor| tensor.check().is_err()) {
					return fail("an output's data is not what its type and shape say");
				}
				Ok(())
			}
			Self::Trap { message, .. } | Self::Error { message, .. } => {
				if message.len() > MAX_MESSAGE_BYTES {
					return fail("text");
				}
				Ok(())
			}
		}
	}

	/// The number of the request that this answers; `None` for `Hello`.
	pub fn id(&self) -> Option<u64> {
		match self {
			Self::Hello(_) => None,
			Self::Pong { id }
			| Self::Loaded { id, .. }
			| Self::Output { id, .. }
			| Self::Trap { id, .. }
			| Self::Error { id, .. } => Some(*id),
		}
	}
}

/// Decodes and checks a request.
pub fn decode_request(bytes: &[u8]) -> Result<Request, FrameError> {
	let request = Request::decode_all(&mut &bytes[..])
		.map_err(|error| FrameError::Malformed(error.to_string()))?;
	request.check()?;
	Ok(request)
}

/// Decodes and checks a reply.
pub fn decode_reply(bytes: &[u8]) -> Result<Reply, FrameError> {
	let reply = Reply::decode_all(&mut &bytes[..])
		.map_err(|error| FrameError::Malformed(error.to_string()))?;
	reply.check()?;
	Ok(reply)
}

/// The frame that carries a message, or an error where the message is longer than `limit`.
pub fn encode_frame(message: &impl Encode, limit: u32) -> Result<Vec<u8>, FrameError> {
	let mut frame = vec![0; 4];
	message.encode_to(&mut frame);
	let length = u32::try_from(frame.len().saturating_sub(4)).unwrap_or(u32::MAX);
	if length > limit {
		return Err(FrameError::TooLong { length, limit });
	}
	if let Some(head) = frame.get_mut(..4) {
		head.copy_from_slice(&length.to_le_bytes());
	}
	Ok(frame)
}

/// The length that a frame announces, where it is allowed.
pub fn frame_length(head: [u8; 4], limit: u32) -> Result<usize, FrameError> {
	let length = u32::from_le_bytes(head);
	if length > limit {
		return Err(FrameError::TooLong { length, limit });
	}
	Ok(length as usize)
}

/// Reads one frame, or `None` where the pipe ended before one began.
pub fn read_frame(reader: &mut impl Read, limit: u32) -> Result<Option<Vec<u8>>, FrameError> {
	let mut head = [0u8; 4];
	let mut got = 0;
	while let Some(rest) = head.get_mut(got..).filter(|rest| !rest.is_empty()) {
		match reader.read(rest) {
			Ok(0) if got == 0 => return Ok(None),
			Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
			Ok(read) => got = got.saturating_add(read),
			Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
			Err(error) => return Err(error.into()),
		}
	}
	let mut body = vec![0; frame_length(head, limit)?];
	reader.read_exact(&mut body)?;
	Ok(Some(body))
}

/// Writes one message.
pub fn write_frame(
	writer: &mut impl Write,
	message: &impl Encode,
	limit: u32,
) -> Result<(), FrameError> {
	writer.write_all(&encode_frame(message, limit)?)?;
	writer.flush()?;
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn run() -> Request {
		Request::Run {
			id: 7,
			artefact: [3; 32],
			inputs: vec![NamedTensor {
				name: b"x".to_vec(),
				tensor: Tensor { ty: TensorType::F32, shape: vec![1, 2], data: vec![0; 8] },
			}],
			outputs: vec![OutputPort { name: b"y".to_vec(), ty: TensorType::F32 }],
			limits: RunLimits { time_ms: 1, memory_mib: 1, output_bytes: 8 },
		}
	}

	fn load_program() -> Request {
		let port = |name: &[u8]| ProgramPort {
			name: name.to_vec(),
			ty: TensorType::F32,
			shape: vec![1, 2],
		};
		Request::LoadProgram {
			id: 7,
			artefact: [3; 32],
			length: 5,
			path: b"/".to_vec(),
			root: [4; 32],
			version: 1,
			inputs: vec![port(b"x")],
			outputs: vec![port(b"y")],
			policies: vec![PrecisionPolicy::Within { absolute: -16, relative: -12 }],
		}
	}

	/// Frozen: node and engine process of one protocol version must understand each other.
	#[test]
	fn the_encoding_is_frozen() {
		assert_eq!(
			hex::encode(run().encode()),
			format!(
				"03{}{}04047800080100000002000000200000000000000000040479000100000001000000080000\
				 00",
				"0700000000000000",
				"03".repeat(32)
			)
		);
		assert_eq!(hex::encode(Request::Hello { version: 2 }.encode()), "000200");
		assert_eq!(
			hex::encode(load_program().encode()),
			format!(
				"04{}{}{}042f{}01000404780008010000000200000004047900080100000002000000\
				 0401f0fff4ff",
				"0700000000000000",
				"03".repeat(32),
				"0500000000000000",
				"04".repeat(32),
			)
		);
		assert_eq!(
			hex::encode(
				Reply::Trap {
					id: 1,
					code: TrapCode::Operator,
					operator: 3,
					message: b"x".to_vec(),
					verdict: Some(Verdict::Wrong),
					trace: None,
					micros: 2
				}
				.encode()
			),
			"040100000000000000010300000004780102000200000000000000"
		);
		assert_eq!(hex::encode(Reply::Pong { id: 1 }.encode()), "010100000000000000");
	}

	#[test]
	fn frames_survive_the_pipe_and_nothing_longer_does() {
		let mut pipe = Vec::new();
		write_frame(&mut pipe, &run(), MAX_REQUEST_BYTES).expect("fits");
		write_frame(&mut pipe, &Request::Ping { id: 1 }, MAX_REQUEST_BYTES).expect("fits");
		let mut reader = &pipe[..];
		let first = read_frame(&mut reader, MAX_REQUEST_BYTES).expect("whole").expect("there");
		assert_eq!(decode_request(&first).expect("good"), run());
		let second = read_frame(&mut reader, MAX_REQUEST_BYTES).expect("whole").expect("there");
		assert_eq!(decode_request(&second).expect("good"), Request::Ping { id: 1 });
		assert!(read_frame(&mut reader, MAX_REQUEST_BYTES).expect("at the end").is_none());

		assert!(matches!(
			read_frame(&mut &pipe[..], 10),
			Err(FrameError::TooLong { limit: 10, .. })
		));
		assert!(matches!(encode_frame(&run(), 10), Err(FrameError::TooLong { .. })));
		// Four gigabytes announced: refused before anything is allocated.
		assert!(matches!(
			read_frame(&mut &[0xff; 64][..], MAX_REQUEST_BYTES),
			Err(FrameError::TooLong { length: u32::MAX, .. })
		));
		assert!(matches!(
			read_frame(&mut &pipe[..pipe.len() / 2], MAX_REQUEST_BYTES),
			Err(FrameError::Io(_))
		));
		assert!(matches!(read_frame(&mut &pipe[..2], MAX_REQUEST_BYTES), Err(FrameError::Io(_))));
	}

	#[test]
	fn requests_out_of_bounds_are_refused() {
		let change = |change: &dyn Fn(&mut Request)| {
			let mut request = run();
			change(&mut request);
			decode_request(&request.encode()).is_err()
		};
		macro_rules! refused {
			($($field:ident => $change:expr),* $(,)?) => {$(
				assert!(change(&|request| {
					if let Request::Run { $field, .. } = request { ($change)($field) }
				}));
			)*};
		}
		refused! {
			inputs => |inputs: &mut Vec<NamedTensor>| inputs.clear(),
			inputs => |inputs: &mut Vec<NamedTensor>| inputs.push(inputs[0].clone()),
			inputs => |inputs: &mut Vec<NamedTensor>| inputs[0].tensor.shape[0] = u32::MAX,
			inputs => |inputs: &mut Vec<NamedTensor>| inputs[0].name = vec![b'x'; 65],
			inputs => |inputs: &mut Vec<NamedTensor>| inputs[0].name = vec![0xff],
			inputs => |inputs: &mut Vec<NamedTensor>| inputs[0].name = b"a\0b".to_vec(),
			outputs => |outputs: &mut Vec<OutputPort>| outputs.clear(),
			outputs => |outputs: &mut Vec<OutputPort>| outputs[0].name.clear(),
			limits => |limits: &mut RunLimits| limits.time_ms = 0,
			limits => |limits: &mut RunLimits| limits.memory_mib = 0,
			limits => |limits: &mut RunLimits| limits.output_bytes = MAX_OUTPUT_BYTES + 1,
		}
		let mut many = run();
		if let Request::Run { outputs, .. } = &mut many {
			*outputs = (0..17u8)
				.map(|index| OutputPort { name: vec![b'a' + index], ty: TensorType::U8 })
				.collect();
		}
		assert!(decode_request(&many.encode()).is_err());
		let mut longer = run().encode();
		longer.push(0);
		assert!(decode_request(&longer).is_err());
		let load = |length, path: &[u8]| {
			let path = path.to_vec();
			decode_request(&Request::Load { id: 1, artefact: [0; 32], length, path }.encode())
		};
		assert!(load(1, b"/a").is_ok());
		assert!(load(0, b"/a").is_err());
		assert!(load(MAX_ARTEFACT_BYTES + 1, b"/a").is_err());
		assert!(load(1, b"").is_err());
		assert!(load(1, &[b'a'; MAX_PATH_BYTES + 1]).is_err());
	}

	#[test]
	fn programs_out_of_bounds_are_refused() {
		assert!(decode_request(&load_program().encode()).is_ok());
		let change = |change: &dyn Fn(&mut Vec<ProgramPort>, &mut Vec<ProgramPort>)| {
			let mut request = load_program();
			if let Request::LoadProgram { inputs, outputs, .. } = &mut request {
				change(inputs, outputs);
			}
			decode_request(&request.encode()).is_err()
		};
		assert!(change(&|inputs, _| inputs.clear()));
		assert!(change(&|_, outputs| outputs.clear()));
		assert!(change(&|inputs, _| inputs.push(inputs[0].clone())));
		assert!(change(&|inputs, _| inputs[0].shape = vec![1; 9]));
		assert!(change(&|_, outputs| outputs[0].name = vec![b'y'; MAX_NAME_BYTES + 1]));
		let tensor = Tensor { ty: TensorType::U8, shape: vec![2], data: vec![0; 2] };
		let limits = RunLimits { time_ms: 1, memory_mib: 1, output_bytes: 8 };
		let run = |inputs: Vec<Tensor>, limits| {
			decode_request(
				&Request::RunProgram {
					id: 1,
					root: [4; 32],
					inputs,
					claimed: None,
					trace: None,
					limits,
				}
				.encode(),
			)
		};
		// None at all is a trap, and so for the program to say.
		assert!(run(vec![], limits).is_ok());
		assert!(run(vec![tensor.clone(); 16], limits).is_ok());
		assert!(run(vec![tensor.clone(); 17], limits).is_err());
		assert!(run(vec![Tensor { shape: vec![3], ..tensor.clone() }], limits).is_err());
		assert!(run(vec![tensor], RunLimits { output_bytes: 0, ..limits }).is_err());
	}

	#[test]
	fn texts_are_cut_at_a_character() {
		let text = "ä".repeat(MAX_MESSAGE_BYTES);
		let cut = bounded_text(&text);
		assert_eq!(cut.len(), MAX_MESSAGE_BYTES);
		assert!(std::str::from_utf8(&bounded_text(&format!("a{text}"))).is_ok());
	}

	proptest! {
		#[test]
		fn random_bytes_are_refused_or_mean_themselves(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
			if let Ok(request) = decode_request(&bytes) {
				prop_assert_eq!(request.encode(), bytes.clone());
			}
			if let Ok(reply) = decode_reply(&bytes) {
				prop_assert_eq!(reply.encode(), bytes.clone());
			}
			let _ = read_frame(&mut &bytes[..], 200);
		}
	}
}
