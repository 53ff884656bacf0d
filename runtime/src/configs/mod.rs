//! How each pallet is configured, by theme.

pub mod audits;
pub mod consensus;
pub mod contracts;
pub mod disputes;
pub mod economy;
pub mod governance;
pub mod inference;
pub mod system;
