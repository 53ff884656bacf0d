#![no_main]

#[path = "../../tests/driven/mod.rs"]
mod driven;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| driven::program(bytes));
