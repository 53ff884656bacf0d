//! What the process and a single run may take.
//!
//! Memory is measured as address space, which is what the kernel can refuse: an allocation above
//! the limit fails inside ONNX Runtime, which reports it, and the run ends in a trap. Nothing is
//! killed.

use rustix::process::{getrlimit, setrlimit, Resource, Rlimit};

const MIB: u64 = 1 << 20;

/// The most that the process may take, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cap(u64);

/// Limits the whole process, and forbids core dumps, which would hold users' inputs.
pub(crate) fn cap_process(mib: u32) -> Result<Cap, String> {
	let no_core = Rlimit { current: Some(0), maximum: Some(0) };
	setrlimit(Resource::Core, no_core).map_err(|error| format!("core limit: {error}"))?;
	let wanted = u64::from(mib) * MIB;
	let allowed = getrlimit(Resource::As).maximum.unwrap_or(u64::MAX);
	let cap = wanted.min(allowed);
	setrlimit(Resource::As, Rlimit { current: Some(cap), maximum: Some(cap) })
		.map_err(|error| format!("memory limit: {error}"))?;
	Ok(Cap(cap))
}

/// The limit on one run. Lifted when it is dropped.
pub(crate) struct RunLimit(Cap);

impl Cap {
	/// The most that the process may take.
	pub(crate) fn bytes(self) -> u64 {
		self.0
	}

	/// Allows `mib` on top of what the process takes now.
	pub(crate) fn limit_run(self, mib: u32) -> Result<RunLimit, String> {
		let now = address_space()?;
		let wanted = now.saturating_add(u64::from(mib).saturating_mul(MIB));
		// Failing for want of our own memory must not look like the model's excess.
		if wanted > self.0 {
			return Err(format!(
				"the run may take {mib} MiB, but of its {} MiB the process has only {} left",
				self.0 / MIB,
				self.0.saturating_sub(now) / MIB
			));
		}
		setrlimit(Resource::As, Rlimit { current: Some(wanted), maximum: Some(self.0) })
			.map_err(|error| format!("memory limit: {error}"))?;
		Ok(RunLimit(self))
	}
}

impl Drop for RunLimit {
	fn drop(&mut self) {
		let Cap(cap) = self.0;
		if let Err(error) =
			setrlimit(Resource::As, Rlimit { current: Some(cap), maximum: Some(cap) })
		{
			crate::log::error(&format!("cannot lift the memory limit: {error}"));
		}
	}
}

#[cfg(target_os = "linux")]
fn address_space() -> Result<u64, String> {
	let statm = std::fs::read_to_string("/proc/self/statm")
		.map_err(|error| format!("/proc/self/statm: {error}"))?;
	let pages: u64 = statm
		.split_whitespace()
		.next()
		.and_then(|pages| pages.parse().ok())
		.ok_or("/proc/self/statm has another format")?;
	Ok(pages.saturating_mul(rustix::param::page_size() as u64))
}

#[cfg(not(target_os = "linux"))]
fn address_space() -> Result<u64, String> {
	// Elsewhere the kernel does not say; the cap on the process still holds.
	Ok(0)
}
