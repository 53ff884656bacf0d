# Programs of the release that the node is built from, which are no part of the node: they bring
# libraries that it shall not hold. Sourced after setup.sh by what needs one.
#
# They share most of their libraries with each other, so that they are built in one folder with one
# profile, and the second takes a fraction of the time of the first.

tools=${XDG_CACHE_HOME:-$HOME/.cache}/countersign-tools

# Installs a program into $tools/bin unless that version is there.
tools_install() { # crate, version
	local crate=$1 version=$2
	! grep -qF "\"$crate $version " "$tools/.crates.toml" 2>/dev/null || return 0
	setup_say "compiling $crate $version into $tools (half an hour on two cores, once)"
	# RocksDB's bindings are made with it.
	if ! ls /usr/lib/llvm-*/lib/libclang.so >/dev/null 2>&1; then
		local as_root=()
		[ "$(id -u)" -eq 0 ] || as_root=(sudo)
		"${as_root[@]}" apt-get update -q
		"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
			apt-get install -q -y --no-install-recommends libclang-dev
	fi
	# As fast to compile as the node's own libraries; nothing that is measured runs in them.
	RUSTC_WORKSPACE_WRAPPER='' SKIP_WASM_BUILD=1 CARGO_TARGET_DIR=$tools/target CARGO_PROFILE_RELEASE_LTO=off \
		CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_PROFILE_RELEASE_STRIP=debuginfo \
		CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
		cargo install "$crate" --version "=$version" --locked --root "$tools"
}
