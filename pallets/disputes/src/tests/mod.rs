//! Tests of the calls, the checks and the queues.

mod challenge;
mod demands;
mod game;
mod game_properties;
mod queues;
mod replay;
mod staging;
