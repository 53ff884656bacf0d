//! Everything that a validator needs to run models, with no native library in its own process.
//!
//! | module | holds |
//! |---|---|
//! | [`store`] | artefacts by sha256 and inputs by commitment, on disk, bounded |
//! | [`exchange`] | how nodes hand artefacts and inputs to each other |
//! | [`protocol`] | what node and engine process say to each other |
//! | [`supervisor`] | starts, watches and restarts the engine process |
//! | [`worker`] | from an assignment on chain to a signed and submitted statement |
//! | [`convert`] | between the chain's tensors and those of the canonical operator set |
//! | [`float_mode`] | keeps threads in the float mode that consensus needs |
//! | [`slashes`] | what stands on a validator's bond, for node and client |
//! | [`words`] | errors as people read them, for node and client |
//!
//! There are two engine processes: one runs ONNX Runtime, the other the canonical operator set, with
//! no native library in it. Both are the binary `countersign-engine` of the package
//! `countersign-engine-process`. The first alone loads ONNX Runtime: a native library that sets
//! flush-to-zero in the node would take the node out of consensus, and an operator that divides
//! `MIN` by -1 kills the process it runs in.
//!
//! ```no_run
//! use countersign_engine::supervisor::{EngineConfig, EngineHandle};
//!
//! # async fn example() {
//! let config = EngineConfig::new("countersign-engine", "libonnxruntime.so");
//! let (engine, supervisor) = EngineHandle::new(config);
//! tokio::spawn(supervisor.run());
//! println!("{:?}", engine.state());
//! # }
//! ```

#![deny(missing_docs, rustdoc::broken_intra_doc_links, unreachable_pub)]
#![cfg_attr(not(test), deny(clippy::unwrap_used))]

pub mod convert;
pub mod exchange;
pub mod float_mode;
pub mod protocol;
pub mod slashes;
pub mod store;
pub mod supervisor;
pub mod words;
pub mod worker;
