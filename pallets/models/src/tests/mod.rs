mod owner;
mod properties;
mod queries;
mod registration;
mod serving;
mod try_state;
