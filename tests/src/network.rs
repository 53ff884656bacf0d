//! A local network of validators, each a process of its own.

use crate::{
	files::{Assets, Programs},
	process::{children, signal, until, with_environment, Process},
};
use anyhow::{Context, Result};
use countersign_client::Client;
use sc_network_types::ed25519::{Keypair, SecretKey};
use std::{
	fs::File,
	io::{Read, Write},
	net::{TcpListener, TcpStream},
	path::{Path, PathBuf},
	process::Command,
	time::Duration,
};
use tokio::time::{sleep, Instant};

/// The validators of the chain `local`, in the order of genesis.
pub const VALIDATORS: [&str; 4] = ["alice", "bob", "charlie", "dave"];

/// Marks every process that a network starts.
const MARK: &str = "COUNTERSIGN_NETWORK";

/// How long a node may take to offer its RPC, on a slow machine.
const START_PATIENCE: Duration = Duration::from_secs(300);

/// How to start a network.
#[derive(Clone, Debug)]
pub struct Options {
	/// How many of [`VALIDATORS`] start. The others can be started later.
	pub start: usize,
	/// What nodes log, as `--log` takes it.
	pub log: String,
	/// Arguments for every node beside the usual ones.
	pub arguments: Vec<String>,
	/// More nodes, named by development accounts that are no validators at genesis. They come after
	/// [`VALIDATORS`], and can be started later.
	pub more: Vec<&'static str>,
	/// What differs from the genesis of the chain `local`, as its patch would say it; nothing where
	/// this is null.
	pub genesis: serde_json::Value,
}

impl Default for Options {
	fn default() -> Self {
		Self {
			start: VALIDATORS.len(),
			log: "info,countersign=debug,inference=debug".into(),
			arguments: Vec::new(),
			more: Vec::new(),
			genesis: serde_json::Value::Null,
		}
	}
}

/// One validator: its identity and place, which outlive its process.
#[derive(Debug)]
pub struct Node {
	/// The name, which is also the development account behind it.
	pub name: &'static str,
	/// The folder that holds its keys and its chain.
	pub base: PathBuf,
	/// What it says.
	pub log: PathBuf,
	rpc_port: u16,
	network_port: u16,
	metrics_port: u16,
	node_key: [u8; 32],
	process: Option<Process>,
}

impl Node {
	/// Where clients connect.
	pub fn url(&self) -> String {
		format!("ws://127.0.0.1:{}", self.rpc_port)
	}

	/// Where Prometheus connects.
	pub fn metrics_url(&self) -> String {
		format!("http://127.0.0.1:{}/metrics", self.metrics_port)
	}

	/// What Prometheus would read now.
	pub fn metrics(&self) -> Result<String> {
		let mut stream = TcpStream::connect(("127.0.0.1", self.metrics_port))?;
		write!(stream, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
		let mut text = String::new();
		stream.read_to_string(&mut text)?;
		Ok(text)
	}

	/// The sum of a metric over everything whose labels hold `label`, such as `reason="full"`.
	pub fn metric(&self, name: &str, label: &str) -> Result<f64> {
		let metrics = self.metrics()?;
		let values = metrics.lines().filter_map(|line| {
			let rest = line.strip_prefix(name)?;
			let (labels, value) = rest.rsplit_once(' ')?;
			(labels.is_empty() || labels.starts_with('{')).then_some(())?;
			labels.contains(label).then(|| value.parse::<f64>())
		});
		let values = values.collect::<Result<Vec<f64>, _>>()?;
		anyhow::ensure!(!values.is_empty(), "there is no metric {name} with {label}");
		Ok(values.into_iter().sum())
	}

	/// The memory that its process holds, without its engines, in bytes.
	pub fn memory(&self) -> Result<u64> {
		let process = self.process().with_context(|| format!("{} does not run", self.name))?;
		let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
		let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
		let text = line.and_then(|line| line.trim().strip_suffix(" kB")).context("a size in kB")?;
		Ok(text.trim().parse::<u64>()? * 1024)
	}

	/// The development account behind it, such as `//Alice`.
	pub fn uri(&self) -> String {
		let (first, rest) = self.name.split_at(1);
		format!("//{}{rest}", first.to_uppercase())
	}

	/// Where other nodes connect.
	pub fn address(&self) -> Result<String> {
		let secret = SecretKey::try_from_bytes(self.node_key)
			.map_err(|error| anyhow::anyhow!("node key: {error}"))?;
		let peer = Keypair::from(secret).public().to_peer_id();
		Ok(format!("/ip4/127.0.0.1/tcp/{}/p2p/{peer}", self.network_port))
	}

	/// The identifier of its process, if it runs.
	pub fn process(&self) -> Option<u32> {
		self.process.as_ref().map(Process::id)
	}

	/// The engine processes under it.
	pub fn engines(&self) -> Vec<u32> {
		self.process().map_or_else(Vec::new, |node| children(node, "countersign-engine"))
	}

	/// What its engine processes hold open: files, pipes, sockets.
	pub fn held_by_engines(&self) -> Result<Vec<String>> {
		let mut held = Vec::new();
		for engine in self.engines() {
			for file in std::fs::read_dir(format!("/proc/{engine}/fd"))? {
				// One may be closed meanwhile.
				if let Ok(target) = std::fs::read_link(file?.path()) {
					held.push(target.to_string_lossy().into_owned());
				}
			}
		}
		Ok(held)
	}

	fn running(&mut self) -> Result<&mut Process> {
		self.process.as_mut().with_context(|| format!("{} does not run", self.name))
	}

	/// Kills it at once, as a power cut would.
	pub fn kill(&mut self) -> Result<()> {
		self.running()?.kill()?;
		self.process = None;
		Ok(())
	}

	/// Stops its execution where it is, connections left open.
	pub fn pause(&mut self) -> Result<()> {
		self.running()?.pause()
	}

	/// Lets it go on after [`Node::pause`].
	pub fn resume(&mut self) -> Result<()> {
		self.running()?.resume()
	}

	/// Asks it to end, as an operator does, and checks that it ended well.
	pub async fn stop(&mut self) -> Result<()> {
		let status = self.running()?.stop(Duration::from_secs(300)).await?;
		self.process = None;
		anyhow::ensure!(
			status.success(),
			"{} ended with {status}; the end of its log:\n{}",
			self.name,
			self.last_words()
		);
		Ok(())
	}

	/// Kills its engine processes and gives how many there were.
	pub fn kill_engines(&self) -> Result<usize> {
		let engines = self.engines();
		for engine in &engines {
			// One may have ended by itself meanwhile.
			let _ = signal(*engine, "KILL");
		}
		Ok(engines.len())
	}

	/// The end of its log, for a message about what went wrong.
	pub fn last_words(&self) -> String {
		let text = std::fs::read(&self.log).unwrap_or_default();
		let text = String::from_utf8_lossy(&text);
		let lines: Vec<&str> = text.lines().collect();
		lines[lines.len().saturating_sub(15)..].join("\n")
	}
}

/// A network. Dropping it kills every process and removes its folder, unless
/// [`Network::keep_files`] was called.
#[derive(Debug)]
pub struct Network {
	/// The validators, in the order of [`VALIDATORS`].
	pub nodes: Vec<Node>,
	folder: Option<tempfile::TempDir>,
	root: PathBuf,
	programs: Programs,
	assets: Assets,
	options: Options,
	prepared: Prepared,
	/// Keeps the ports of this network from others as long as it lives.
	_ports: TcpListener,
}

/// Held by a network whose first node starts. Several that start at once would all compile the
/// same runtime, where no start before did.
static FIRST: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

impl Network {
	/// Starts a new network and waits until every node offers its RPC.
	pub async fn start(options: Options) -> Result<Self> {
		let programs = Programs::find()?;
		let assets = Assets::find()?;
		let folder = tempfile::Builder::new().prefix("countersign-").tempdir()?;
		let root = folder.path().to_path_buf();
		let names: Vec<&'static str> =
			VALIDATORS.into_iter().chain(options.more.iter().copied()).collect();
		let (guard, ports) = claim_ports(names.len() * 3)?;
		let mut nodes = Vec::new();
		for ((index, name), ports) in names.into_iter().enumerate().zip(ports.chunks(3)) {
			let seed = format!("countersign local network {index}");
			nodes.push(Node {
				name,
				base: root.join(name),
				log: root.join(format!("{name}.txt")),
				rpc_port: ports[0],
				network_port: ports[1],
				metrics_port: ports[2],
				node_key: sp_crypto_hashing::blake2_256(seed.as_bytes()),
				process: None,
			});
		}
		let start = options.start;
		let first = FIRST.lock().await;
		let prepared = Prepared::find(&programs, &options.genesis)?;
		let mut network = Self {
			nodes,
			folder: Some(folder),
			root,
			programs,
			assets,
			options,
			prepared,
			_ports: guard,
		};
		// The first compiles the runtime, where no start before did; the others find it compiled.
		network.start_nodes(0..start.min(1)).await?;
		drop(first);
		network.start_nodes(start.min(1)..start).await?;
		Ok(network)
	}

	/// Starts some nodes at once, and waits until each offers its RPC.
	async fn start_nodes(&mut self, nodes: std::ops::Range<usize>) -> Result<()> {
		for index in nodes.clone() {
			self.launch(index, None).await?;
		}
		for index in nodes {
			self.client(index).await?;
		}
		Ok(())
	}

	/// The folder with everything that belongs to the network.
	pub fn folder(&self) -> &Path {
		&self.root
	}

	/// The programs that it runs.
	pub fn programs(&self) -> &Programs {
		&self.programs
	}

	/// Where the model is.
	pub fn assets(&self) -> &Assets {
		&self.assets
	}

	/// Leaves the folder where it is when the network ends.
	pub fn keep_files(&mut self) {
		if let Some(folder) = self.folder.take() {
			let _ = folder.keep();
		}
	}

	/// Starts a node that does not run, knowing all others, and waits until it offers its RPC.
	pub async fn restart(&mut self, index: usize) -> Result<Client> {
		self.launch(index, None).await?;
		self.client(index).await
	}

	/// Starts a node that does not run so that it talks only to `peers`.
	pub async fn restart_among(&mut self, index: usize, peers: &[usize]) -> Result<Client> {
		self.launch(index, Some(peers)).await?;
		self.client(index).await
	}

	async fn launch(&mut self, index: usize, only: Option<&[usize]>) -> Result<()> {
		let mut addresses = Vec::new();
		for (other, node) in self.nodes.iter().enumerate() {
			if other != index && only.is_none_or(|peers| peers.contains(&other)) {
				addresses.push(node.address()?);
			}
		}
		let node = self.nodes.get_mut(index).context("no such validator")?;
		anyhow::ensure!(node.process.is_none(), "{} runs already", node.name);
		let log = File::options().create(true).append(true).open(&node.log)?;
		let process = Process::start(node.name, &self.programs.node, |command| {
			command
				.args([&format!("--{}", node.name), "--name", node.name, "--chain"])
				.arg(&self.prepared.chain)
				.arg("--wasm-cache")
				.arg(&self.prepared.runtime)
				.arg("--base-path")
				.arg(&node.base)
				.args(["--node-key", &hex::encode(node.node_key)])
				.args(["--listen-addr", &format!("/ip4/127.0.0.1/tcp/{}", node.network_port)])
				.args(["--rpc-port", &node.rpc_port.to_string(), "--rpc-methods", "unsafe"])
				.args(["--rpc-max-connections", "1000"])
				.args(["--prometheus-port", &node.metrics_port.to_string()])
				.args(["--no-mdns", "--no-telemetry", "--no-hardware-benchmarks"])
				.args(["--disable-log-color", "--log", &self.options.log])
				// A node that lost its peers goes on, as each half of a split network does.
				.args(["--force-authoring", "--allow-private-ip"])
				// Every answer that ONNX Runtime gives is checked, and the canonical one is signed, so
				// that one commitment can be compared everywhere.
				.args(["--self-check-percent", "100"])
				// A program travels whole where the runtime is asked to run it.
				.args(["--rpc-max-request-size", "64"])
				.args(["--engine-threads", "1", "--engine"])
				.arg(&self.programs.engine)
				.arg("--onnxruntime")
				.arg(&self.assets.onnxruntime)
				.args(&self.options.arguments)
				.env(MARK, &self.root)
				.stdin(std::process::Stdio::null())
				.stdout(std::process::Stdio::null())
				.stderr(log);
			match only {
				Some(_) => {
					command.arg("--reserved-only").arg("--reserved-nodes");
				}
				None => {
					command.arg("--bootnodes");
				}
			}
			command.args(addresses);
		})
		.await?;
		node.process = Some(process);
		Ok(())
	}

	/// Runs a command of the node's program on the folder of a node that does not run, and gives
	/// what it wrote.
	pub fn command(&self, index: usize, arguments: &[&str]) -> Result<String> {
		let node = self.nodes.get(index).context("no such validator")?;
		anyhow::ensure!(node.process.is_none(), "{} runs", node.name);
		let done = Command::new(&self.programs.node)
			.args(arguments)
			.arg("--chain")
			.arg(&self.prepared.chain)
			.arg("--base-path")
			.arg(&node.base)
			.output()?;
		anyhow::ensure!(
			done.status.success(),
			"{arguments:?} on {}: {}",
			node.name,
			String::from_utf8_lossy(&done.stderr)
		);
		Ok(String::from_utf8(done.stdout)?)
	}

	/// A connection to a node, waiting for one that is just starting.
	pub async fn client(&mut self, index: usize) -> Result<Client> {
		let node = self.nodes.get_mut(index).context("no such validator")?;
		let start = Instant::now();
		loop {
			match Client::connect(&node.url()).await {
				Ok(client) => return Ok(client),
				Err(error) => {
					let ended = node.running()?.ensure_running();
					if ended.is_err() || start.elapsed() > START_PATIENCE {
						let why = ended.err().unwrap_or_else(|| error.into());
						return Err(why.context(format!(
							"{} does not answer; the end of its log:\n{}",
							node.name,
							node.last_words()
						)));
					}
					// There is no event for a port that opens.
					sleep(Duration::from_millis(100)).await;
				}
			}
		}
	}

	/// Fails if a node that should run does not.
	pub fn ensure_running(&mut self) -> Result<()> {
		for node in &mut self.nodes {
			let words = node.last_words();
			if let Some(process) = node.process.as_mut() {
				process
					.ensure_running()
					.with_context(|| format!("the end of its log:\n{words}"))?;
			}
		}
		Ok(())
	}

	/// Ends every node as an operator does, and checks that no process is left, however deep.
	pub async fn stop(&mut self) -> Result<()> {
		for node in &mut self.nodes {
			// A paused process cannot end by itself.
			if node.process.is_some() {
				node.resume()?;
			}
		}
		let results = futures::future::join_all(
			self.nodes.iter_mut().filter(|node| node.process.is_some()).map(Node::stop),
		)
		.await;
		for result in results {
			result?;
		}
		let mark = self.root.to_string_lossy().into_owned();
		until("the end of every process", Duration::from_secs(120), || {
			with_environment(MARK, &mark).is_empty()
		})
		.await
	}
}

impl Drop for Network {
	fn drop(&mut self) {
		for node in &mut self.nodes {
			node.process = None;
		}
		// Engines end with their nodes; whatever does not is ended here.
		for process in with_environment(MARK, &self.root.to_string_lossy()) {
			let _ = signal(process, "KILL");
		}
		if std::thread::panicking() {
			for node in &self.nodes {
				eprintln!("--- the end of {}'s log ---\n{}", node.name, node.last_words());
			}
		}
	}
}

/// What is made once for each build of the node, because it takes a processor half a minute: the
/// specification of the chain `local` with its genesis state, and the compiled runtime.
#[derive(Clone, Debug)]
struct Prepared {
	chain: PathBuf,
	runtime: PathBuf,
}

impl Prepared {
	fn find(programs: &Programs, genesis: &serde_json::Value) -> Result<Self> {
		let beside = programs.node.parent().context("a program lies in a folder")?;
		let folder = beside.join("local-network");
		let runtime = folder.join("runtime");
		std::fs::create_dir_all(&runtime)?;
		let node = std::fs::metadata(&programs.node)?;
		let built = node.modified()?.duration_since(std::time::UNIX_EPOCH)?.as_nanos();
		let build = format!("local-{built}-{}", node.len());
		let name = if genesis.is_null() {
			format!("{build}.json")
		} else {
			let change = sp_crypto_hashing::blake2_256(genesis.to_string().as_bytes());
			format!("{build}-{}.json", hex::encode(&change[..8]))
		};
		let chain = folder.join(&name);
		if !chain.is_file() {
			let made = if genesis.is_null() {
				specification(programs, "local", true)?
			} else {
				let plain = changed(&specification(programs, "local", false)?, genesis)?;
				let file = tempfile::Builder::new().suffix(".json").tempfile_in(&folder)?;
				std::fs::write(file.path(), plain)?;
				specification(programs, &file.path().to_string_lossy(), true)?
			};
			for old in std::fs::read_dir(&folder)?.flatten() {
				let is_specification = old.path().extension().is_some_and(|it| it == "json");
				// What was made for the same build stays.
				if is_specification
					&& old.file_name().to_string_lossy().starts_with("local-")
					&& !old.file_name().to_string_lossy().starts_with(&build)
				{
					let _ = std::fs::remove_file(old.path());
				}
			}
			let mut partial = tempfile::NamedTempFile::new_in(&folder)?;
			partial.write_all(&made)?;
			partial.persist(&chain)?;
		}
		Ok(Self { chain, runtime })
	}
}

/// A chain specification as the node writes it.
fn specification(programs: &Programs, chain: &str, raw: bool) -> Result<Vec<u8>> {
	let made = Command::new(&programs.node)
		.args(["export-chain-spec", "--chain", chain])
		.args(raw.then_some("--raw"))
		.output()
		.context("exporting the chain specification")?;
	anyhow::ensure!(
		made.status.success(),
		"no chain specification: {}",
		String::from_utf8_lossy(&made.stderr)
	);
	Ok(made.stdout)
}

/// A plain specification with a change laid over its genesis.
fn changed(plain: &[u8], change: &serde_json::Value) -> Result<String> {
	let mut specification: serde_json::Value = serde_json::from_slice(plain)?;
	let genesis = specification
		.pointer_mut("/genesis/runtimeGenesis/patch")
		.context("a specification with a patch")?;
	lay_over(genesis, change);
	Ok(specification.to_string())
}

/// Puts the values of `change` in the place of those of `value`, object by object.
fn lay_over(value: &mut serde_json::Value, change: &serde_json::Value) {
	match (value, change) {
		(serde_json::Value::Object(fields), serde_json::Value::Object(changes)) => {
			for (name, change) in changes {
				lay_over(fields.entry(name.as_str()).or_insert(serde_json::Value::Null), change);
			}
		}
		(value, change) => *value = change.clone(),
	}
}

/// The first port that a network may have.
const FIRST_PORT: u16 = 10_000;
/// The ports of one network lie side by side, at most so many, the guard among them.
const PORT_BLOCK: u16 = 32;
/// How many networks may have ports. All lie below those that the operating system gives away: a
/// node that is started again finds its ports free, whatever connected to whom in the meantime.
const PORT_BLOCKS: u16 = 680;

/// Ports that nothing listens on, and a guard that keeps other networks of this machine away from
/// them for as long as it is kept.
fn claim_ports(count: usize) -> Result<(TcpListener, Vec<u16>)> {
	anyhow::ensure!(count < usize::from(PORT_BLOCK), "a network of at most ten nodes");
	// Whoever starts at the same time begins to look elsewhere.
	let start = u16::try_from(std::process::id() % u32::from(PORT_BLOCKS))?;
	for block in 0..PORT_BLOCKS {
		let base = FIRST_PORT + (start + block) % PORT_BLOCKS * PORT_BLOCK;
		let Ok(guard) = TcpListener::bind(("127.0.0.1", base)) else { continue };
		let ports: Vec<u16> = (base + 1..).take(count).collect();
		if ports.iter().all(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()) {
			return Ok((guard, ports));
		}
	}
	anyhow::bail!("no free ports from {FIRST_PORT} on")
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;

	#[test]
	fn networks_have_ports_of_their_own() -> Result<()> {
		let mut claims = (0..3).map(|_| claim_ports(20)).collect::<Result<Vec<_>>>()?;
		let mut ports: Vec<u16> = claims.iter().flat_map(|(_, ports)| ports.clone()).collect();
		ports.sort_unstable();
		ports.dedup();
		assert_eq!(ports.len(), 60);
		// Whoever ends gives its ports back.
		let (guard, first) = claims.remove(0);
		let base = guard.local_addr()?.port();
		drop(guard);
		assert!(TcpListener::bind(("127.0.0.1", base)).is_ok());
		assert_eq!(first[0], base + 1);
		Ok(())
	}

	#[test]
	fn a_change_is_laid_over_a_genesis() -> Result<()> {
		let plain = json!({
			"id": "x",
			"genesis": { "runtimeGenesis": { "patch": { "a": { "b": 1, "c": 2 }, "d": [3] } } },
		});
		let change = json!({ "a": { "c": 4, "e": { "f": 5 } }, "d": [] });
		let made = changed(plain.to_string().as_bytes(), &change)?;
		let made: serde_json::Value = serde_json::from_str(&made)?;
		let patch = json!({ "a": { "b": 1, "c": 4, "e": { "f": 5 } }, "d": [] });
		assert_eq!(made["genesis"]["runtimeGenesis"]["patch"], patch);
		assert_eq!(made["id"], "x");
		assert!(changed(b"{}", &change).is_err());
		Ok(())
	}
}
