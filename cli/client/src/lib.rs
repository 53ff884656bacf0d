//! Everything that a Countersign client does, over one websocket to any node.
//!
//! ```no_run
//! # async fn example() -> Result<(), countersign_client::Error> {
//! use countersign_client::{ask::Ask, keys::Signer, tensors, Client};
//!
//! let client = Client::connect("ws://127.0.0.1:9944").await?;
//! let model = client.models(None, 1).await?.remove(0);
//! let input = tensors::read_json(br#"[[1.0, 2.0]]"#, &model.manifest.inputs)?;
//! let ask = Ask::new(model.id, input);
//! let request = client.ask(&Signer::from_uri("//Alice")?, &ask).await?;
//! let answer = client.follow(request.id).await?.answer().await?;
//! println!("{:?}", answer.result.outcome);
//! # Ok(())
//! # }
//! ```
//!
//! A client goes by the node's best block, which a fork may still replace; one made by
//! [`Client::with_view`] waits for what is finalized. Who learnt of a block from another node waits
//! for it with [`Client::wait_for`].
//!
//! Nothing is compiled against one runtime: metadata comes from the node, calls are checked
//! against it before they are signed, and what the runtime APIs return is decoded into the types
//! of `countersign_primitives`.
//!
//! | module | holds |
//! |---|---|
//! | [`amount`] | amounts of tokens and shares as people write them |
//! | [`ask`] | quoting, requesting, and following a request to its end |
//! | [`call`] | every call of the chain's own pallets |
//! | [`client`] | the connection |
//! | [`dispute`] | having the chain recompute an answer |
//! | [`event`] | events, decoded by metadata |
//! | [`game`] | games about answers that no block can recompute |
//! | [`keys`] | accounts and signers |
//! | [`magika`] | what the magika model takes and gives |
//! | [`manifest`] | manifests as files |
//! | [`program`] | canonical programs: importing, limits, computing an answer again |
//! | [`referendum`] | appeals, and votes |
//! | [`tensors`] | tensors from files, and as people read them |

#![deny(rustdoc::broken_intra_doc_links)]

pub mod amount;
pub mod ask;
pub mod call;
pub mod client;
pub mod dispute;
pub mod doctor;
pub mod error;
pub mod event;
pub mod game;
pub mod keys;
pub mod magika;
pub mod manifest;
pub mod program;
mod queries;
pub mod referendum;
mod registration;
pub mod tensors;
mod trail;
mod uploads;

pub use client::{Client, Included, View};
pub use countersign_engine::slashes::{PendingSlash, APPEAL};
pub use countersign_onnx::Options as ImportOptions;
pub use countersign_primitives as primitives;
pub use error::Error;
pub use queries::AccountBalance;
pub use uploads::NodeKeys;
