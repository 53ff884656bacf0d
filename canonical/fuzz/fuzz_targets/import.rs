#![no_main]

use countersign_canonical::Model;
use countersign_onnx::{import, Options};

// Whatever is not refused is a program, and the same one each time.
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
	let Ok(imported) = import(bytes, &Options::default()) else {
		return;
	};
	let model = Model::new(&imported.package).expect("importing gives programs");
	let again = import(bytes, &Options::default()).expect("it was imported before");
	assert_eq!(again.package.program.root(), model.program().root());
});
