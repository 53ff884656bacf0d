mod commitments;
mod owner;
mod programs;
mod properties;
mod queries;
mod registration;
mod serving;
mod try_state;
