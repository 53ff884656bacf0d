//! Tests of the calls, the checks and the queues.

mod challenge;
mod queues;
mod replay;
mod staging;
