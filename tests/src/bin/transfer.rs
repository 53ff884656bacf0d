//! Measures how long an artefact takes from one node to another, against plain HTTP on the same
//! machine.
//!
//! ```sh
//! cargo run --release -p countersign-network-tests --bin transfer -- --megabytes 100
//! ```
//!
//! The nodes are real, and so is their network: encrypted, in chunks, each checked, the whole
//! checked by sha256, flushed to disk. Plain HTTP is one response over one connection of the same
//! machine, written to a file that is flushed, once without a check and once with sha256.

use anyhow::{ensure, Context, Result};
use clap::Parser;
use countersign_client::Client;
use countersign_network::{
	console::Console,
	scenario::{best, within},
	Network, Options,
};
use sp_crypto_hashing::{blake2_256, sha2_256};
use std::{
	fs::File,
	io::{BufRead, BufReader, Read, Write},
	net::{TcpListener, TcpStream},
	path::Path,
	time::{Duration, Instant},
};
use subxt::rpcs::rpc_params;

/// Measures how long an artefact takes from one node to another.
#[derive(Parser)]
struct Arguments {
	/// How large it is, in millions of bytes.
	#[arg(long, default_value_t = 100)]
	megabytes: u64,
	/// How often to measure. The median counts.
	#[arg(long, default_value_t = 5)]
	rounds: usize,
	/// Fail if the node takes more than so many times what HTTP with a check takes.
	#[arg(long)]
	at_most: Option<f64>,
}

/// Bytes that repeat nowhere.
fn content(length: usize, seed: u8) -> Vec<u8> {
	let mut bytes = Vec::with_capacity(length + 32);
	let mut block = [seed; 32];
	while bytes.len() < length {
		block = blake2_256(&block);
		bytes.extend_from_slice(&block);
	}
	bytes.truncate(length);
	bytes
}

/// One download over plain HTTP, from file to file.
fn http(source: &Path, target: &Path, check: Option<[u8; 32]>) -> Result<Duration> {
	let listener = TcpListener::bind("127.0.0.1:0")?;
	let address = listener.local_addr()?;
	let source = source.to_path_buf();
	let server = std::thread::spawn(move || -> Result<()> {
		let (mut stream, _) = listener.accept()?;
		let mut lines = BufReader::new(stream.try_clone()?).lines();
		while lines.next().context("a request")??.trim() != "" {}
		let mut file = File::open(&source)?;
		let length = file.metadata()?.len();
		write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n")?;
		std::io::copy(&mut file, &mut stream)?;
		Ok(())
	});
	let start = Instant::now();
	let mut stream = TcpStream::connect(address)?;
	write!(stream, "GET /artefact HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
	let mut reader = BufReader::with_capacity(1 << 20, stream);
	let mut length = 0u64;
	loop {
		let mut line = String::new();
		reader.read_line(&mut line)?;
		if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
			length = value.trim().parse()?;
		}
		if line.trim().is_empty() {
			break;
		}
	}
	let mut file = File::create(target)?;
	ensure!(std::io::copy(&mut reader.take(length), &mut file)? == length, "cut short");
	file.sync_all()?;
	if let Some(expected) = check {
		ensure!(sha2_256(&std::fs::read(target)?) == expected, "other bytes");
	}
	let time = start.elapsed();
	server.join().ok().context("the server ended well")??;
	Ok(time)
}

/// One fetch from another node.
async fn fetch(client: &Client, sha256: [u8; 32], length: u64) -> Result<Duration> {
	let start = Instant::now();
	let hash = format!("0x{}", hex::encode(sha256));
	client.rpc::<()>("countersign_fetchArtefact", rpc_params![hash, length]).await?;
	Ok(start.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
	times.sort();
	times[times.len() / 2]
}

#[tokio::main]
async fn main() -> Result<()> {
	let arguments = Arguments::parse();
	let length = usize::try_from(arguments.megabytes * 1_000_000)?;
	ensure!(length > 0 && arguments.rounds > 0, "nothing to measure");
	let mut console = Console::new();
	console.step(&format!("Two nodes; the first gets {} artefacts", arguments.rounds));
	let folder = tempfile::tempdir()?;
	let more = ["--blob-upload-mib", "65536", "--blob-peer-upload-mib", "65536"];
	let options =
		Options { start: 2, arguments: more.map(String::from).into(), ..Options::default() };
	let mut network = Network::start(options).await?;
	let client = network.client(1).await?;
	// The command needs the node's folder for itself.
	network.nodes[0].stop().await?;
	let mut sources = Vec::new();
	for round in 0..arguments.rounds {
		let bytes = content(length, u8::try_from(round % 251)? + 1);
		let path = folder.path().join(format!("{round}.onnx"));
		std::fs::write(&path, &bytes)?;
		let sha256 = sha2_256(&bytes);
		let text = path.to_string_lossy().into_owned();
		let said = network.command(0, &["import-artefact", &text])?;
		ensure!(said.trim() == format!("0x{}", hex::encode(sha256)), "another artefact: {said}");
		sources.push((path, sha256));
	}
	network.restart(0).await?;
	let now = client.best().await?.number;
	within("blocks of both", Duration::from_secs(60), best(&client, now + 3)).await?;

	console.step(&format!("{} MB, {} times each", arguments.megabytes, arguments.rounds));
	let (mut plain, mut checked, mut between) = (Vec::new(), Vec::new(), Vec::new());
	for (path, sha256) in &sources {
		let target = folder.path().join("target");
		plain.push(http(path, &target, None)?);
		std::fs::remove_file(&target)?;
		checked.push(http(path, &target, Some(*sha256))?);
		std::fs::remove_file(&target)?;
		between.push(fetch(&client, *sha256, length as u64).await?);
		console.progress(&format!("{:?}", between.last()));
	}
	network.stop().await?;

	let (plain, checked, between) = (median(plain), median(checked), median(between));
	let speed = |time: Duration| format!("{:.0}", length as f64 / 1e6 / time.as_secs_f64());
	let ratio = |time: Duration| format!("{:.2}", time.as_secs_f64() / checked.as_secs_f64());
	console.heading("From one file to another, on one machine");
	let rows: Vec<Vec<String>> = [
		("plain HTTP, unchecked", plain),
		("plain HTTP, then sha256", checked),
		("node to node", between),
	]
	.into_iter()
	.map(|(how, time)| {
		vec![how.into(), format!("{:.3}", time.as_secs_f64()), speed(time), ratio(time)]
	})
	.collect();
	console.table(&["how", "seconds, median", "MB/s", "ratio"], &rows);
	if let Some(at_most) = arguments.at_most {
		let found = between.as_secs_f64() / checked.as_secs_f64();
		ensure!(found <= at_most, "{found:.2} times what HTTP takes, and {at_most} are allowed");
	}
	console.holds("every artefact came whole, and was checked");
	Ok(())
}
