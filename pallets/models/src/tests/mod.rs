mod owner;
mod queries;
mod registration;
mod serving;
mod try_state;
