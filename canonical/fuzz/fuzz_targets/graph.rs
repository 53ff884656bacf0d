#![no_main]

#[path = "../../../engine/onnx/tests/driven/mod.rs"]
mod driven;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
	driven::graph(bytes);
});
