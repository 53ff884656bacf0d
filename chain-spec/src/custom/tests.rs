use super::*;
use crate::verify::{genesis, verify, verify_genesis};
use crate::ChainSpec;
use codec::Encode;
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use sp_storage::{well_known_keys, Storage};
use std::fmt::Write;

/// What makes a network wrong.
type Change = fn(&mut Network);

/// A file that is right, to be made wrong in one place.
fn file() -> String {
	let mut text = String::from(
		r#"
name = "Test Network"
id = "test-network"
chainType = "local"
parameters = "local"

[consensus]
epochSlots = 12
minimumBond = "2000"

[requests]
baseFee = "0.0005"
"#,
	);
	for (sr25519, ed25519) in
		[(Sr25519Keyring::Alice, Ed25519Keyring::Alice), (Sr25519Keyring::Bob, Ed25519Keyring::Bob)]
	{
		let account = sr25519.to_account_id();
		let (key, grandpa) = (sr25519.public(), ed25519.public());
		write!(
			text,
			r#"
[[validators]]
account = "{account}"
bond = "2000"
babe = "{key}"
grandpa = "{grandpa}"
authorityDiscovery = "{key}"
inference = "{key}"

[[balances]]
account = "{account}"
amount = "3000.5"
"#
		)
		.expect("writes to memory");
	}
	text
}

fn network(text: &str) -> Network {
	Network::from_toml(text).expect("is a network")
}

fn problems(change: impl FnOnce(&mut Network)) -> Vec<Problem> {
	let mut network = network(&file());
	change(&mut network);
	network.check(existential_deposit()).expect_err("is wrong").0
}

fn alice() -> AccountId {
	Sr25519Keyring::Alice.to_account_id()
}

fn bob() -> AccountId {
	Sr25519Keyring::Bob.to_account_id()
}

/// Building a state means compiling the runtime, which takes seconds: so one test does it for all.
#[test]
fn a_file_becomes_the_genesis_that_it_describes() {
	let network = network(&file());
	let spec = network.build().expect("is right");
	let json = spec.as_json(true).expect("builds");
	let raw = ChainSpec::from_json_bytes(json.into_bytes()).expect("parses");
	let summary = verify(&raw).expect("verifies");
	assert_eq!((&*summary.name, &*summary.id), ("Test Network", "test-network"));
	assert_eq!(summary.consensus, network.consensus_parameters());
	let consensus = &summary.consensus;
	assert_eq!((consensus.epoch_slots, consensus.minimum_bond), (12, 2_000 * UNIT));
	assert_eq!(summary.requests, network.request_parameters());
	assert_eq!(summary.requests.base_fee, UNIT / 2_000);
	assert_eq!(summary.bonded, 4_000 * UNIT);
	assert_eq!(summary.validators.len(), 2);
	for validator in &summary.validators {
		assert_eq!(validator.bonded, 2_000 * UNIT);
		let expected =
			network.validators.iter().find(|v| v.account == validator.account).expect("is ours");
		assert_eq!(validator.key, Some(InferenceId::from(expected.inference)));
	}

	// The same state, made bad behind the rules' back.
	let genesis = genesis(&raw).expect("is raw");
	let spoilt = |spoil: &dyn Fn(&mut Storage)| {
		let mut genesis = genesis.clone();
		spoil(&mut genesis);
		verify_genesis(&raw, genesis).expect_err("is spoilt").to_string()
	};
	let no_code = spoilt(&|genesis| drop(genesis.top.remove(well_known_keys::CODE)));
	assert!(no_code.contains("no runtime code"), "{no_code}");
	let little_memory = spoilt(&|genesis| {
		genesis.top.insert(well_known_keys::HEAP_PAGES.to_vec(), 2_048u64.encode());
	});
	assert!(little_memory.contains("heappages"), "{little_memory}");
}

#[test]
fn json_says_the_same_as_toml() {
	let value: Value = toml::from_str(&file()).expect("is TOML");
	let json = serde_json::to_string(&value).expect("is JSON");
	assert_eq!(Network::from_json(&json), Ok(network(&file())));
	let folder = tempfile::tempdir().expect("a temporary folder");
	for (name, text) in [("network.json", json), ("network.toml", file())] {
		let path = folder.path().join(name);
		std::fs::write(&path, text).expect("writable");
		assert_eq!(Network::from_file(&path), Ok(network(&file())));
	}
	let missing = Network::from_file(&folder.path().join("missing.toml")).expect_err("is missing");
	assert!(missing.to_string().contains("missing.toml"));
}

#[test]
fn amounts_are_exact() {
	let amount = |text: &str| Amount::try_from(text.to_string()).map(|amount| amount.0);
	assert_eq!(amount("0"), Ok(0));
	assert_eq!(amount("1"), Ok(UNIT));
	assert_eq!(amount("0.5"), Ok(UNIT / 2));
	assert_eq!(amount("1.000000000001"), Ok(UNIT + 1));
	assert_eq!(amount("340282366920938463463374607.431768211455"), Ok(Balance::MAX));
	for wrong in [
		"",
		".",
		"1.",
		".5",
		"-1",
		"+1",
		"1e3",
		"1_000",
		"1,000",
		" 1",
		"0.0000000000001",
		"0x10",
		"340282366920938463463374607.431768211456",
		"99999999999999999999999999999999999999999",
	] {
		assert!(amount(wrong).is_err(), "{wrong}");
	}
}

#[test]
fn what_is_not_a_network_is_refused_with_its_place() {
	let refused = |from: &str, to: &str, expected: &str| {
		let text = file();
		assert!(text.contains(from), "{from}");
		let error = Network::from_toml(&text.replacen(from, to, 1)).expect_err("is wrong");
		assert!(error.to_string().contains(expected), "{error}");
	};
	refused("name = ", "nmae = ", "nmae");
	refused("epochSlots = 12", "epochSlot = 12", "epochSlot");
	refused("bond = \"2000\"", "bond = \"2,000\"", "not an amount");
	refused("bond = \"2000\"", "", "bond");
	refused(&alice().to_string(), "5Grw", "account");
	refused("chainType = \"local\"", "chainType = \"test\"", "test");
	refused("parameters = \"local\"", "parameters = \"mine\"", "mine");
	refused("inference = ", "inference = 7 # ", "inference");
	assert!(Network::from_json("{").is_err());
}

#[test]
fn names_are_plain() {
	assert!(matches!(&*problems(|n| n.name = " ".into()), [Problem::Text(_)]));
	for id in ["", "Test", "a b", "../a"] {
		assert!(matches!(&*problems(|n| n.id = id.into()), [Problem::Text(_)]), "{id}");
	}
	assert!(matches!(&*problems(|n| n.fork_id = Some("/".into())), [Problem::Text(_)]));
	let nodes = vec!["/ip4/127.0.0.1/tcp/30333".into()];
	assert!(matches!(&*problems(|n| n.boot_nodes = nodes), [Problem::Text(_)]));
}

#[test]
fn boot_nodes_and_fork_id_are_kept() {
	let node = "/ip4/127.0.0.1/tcp/30333/p2p/12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp";
	let mut network = network(&file());
	network.boot_nodes = vec![node.into()];
	network.fork_id = Some("second".into());
	let spec = network.build().expect("is right");
	let spec: &dyn sc_chain_spec::ChainSpec = &spec;
	assert_eq!(spec.boot_nodes().iter().map(ToString::to_string).collect::<Vec<_>>(), [node]);
	assert_eq!(spec.fork_id(), Some("second"));
}

#[test]
fn validators_are_needed_and_bounded() {
	assert_eq!(problems(|n| n.validators.clear()), [Problem::NoValidators]);
	let too_many = problems(|n| n.consensus.maximum_validators = Some(1));
	assert_eq!(too_many, [Problem::TooManyValidators { found: 2, allowed: 1 }]);
}

#[test]
fn nobody_is_named_twice() {
	let twice = problems(|n| n.validators[1].account = alice());
	assert_eq!(twice, [Problem::DuplicateValidator(alice())]);
	let twice = problems(|n| {
		let balance = n.balances[1].clone();
		n.balances.push(balance);
	});
	assert_eq!(twice, [Problem::DuplicateBalance(bob())]);
}

#[test]
fn keys_are_not_shared() {
	type Change = fn(&mut Network);
	let sharing: [(&str, Change); 4] = [
		("BABE", |n| n.validators[1].babe = n.validators[0].babe),
		("GRANDPA", |n| n.validators[1].grandpa = n.validators[0].grandpa),
		("authority discovery", |n| {
			n.validators[1].authority_discovery = n.validators[0].authority_discovery
		}),
		("inference", |n| n.validators[1].inference = n.validators[0].inference),
	];
	for (expected, share) in sharing {
		let problems = problems(share);
		assert!(
			matches!(
				&*problems,
				[Problem::DuplicateKey { kind, first, second, .. }]
					if *kind == expected && *first == alice() && *second == bob()
			),
			"{problems:?}"
		);
	}
}

#[test]
fn bonds_are_real() {
	let bond = |bond: Balance| problems(|n| n.validators[0].bond = Amount(bond));
	assert_eq!(bond(0), [Problem::ZeroBond(alice())]);
	let minimum = 2_000 * UNIT;
	assert_eq!(
		bond(minimum - 1),
		[Problem::BondBelowMinimum { account: alice(), bond: minimum - 1, minimum }]
	);
	let existential_deposit = existential_deposit();
	let balance = 3_000 * UNIT + UNIT / 2;
	for bond_above in [balance, balance - existential_deposit + 1, Balance::MAX] {
		let expected = Problem::BondAboveBalance {
			account: alice(),
			bond: bond_above,
			balance,
			existential_deposit,
		};
		assert_eq!(bond(bond_above), [expected]);
	}
	// A validator without any balance.
	let missing = problems(|n| n.balances.retain(|endowment| endowment.account != alice()));
	assert!(matches!(&*missing, [Problem::BondAboveBalance { balance: 0, .. }]));
	// Exactly what it has, less what must stay.
	let mut network = network(&file());
	network.validators[0].bond = Amount(balance - existential_deposit);
	assert_eq!(network.check(existential_deposit), Ok(()));
}

#[test]
fn balances_exist_and_can_be_counted() {
	let existential_deposit = existential_deposit();
	let charlie = Sr25519Keyring::Charlie.to_account_id();
	let balance = existential_deposit - 1;
	let add = |amount: Balance| {
		let account = charlie.clone();
		problems(move |n| n.balances.push(Endowment { account, amount: Amount(amount) }))
	};
	assert_eq!(
		add(balance),
		[Problem::BalanceTooSmall { account: charlie.clone(), balance, existential_deposit }]
	);
	assert_eq!(add(Balance::MAX), [Problem::IssuanceOverflow]);
}

#[test]
fn parameters_keep_their_ranges_and_relations() {
	let changes: [Change; 5] = [
		|n| n.consensus.epoch_slots = Some(9),
		|n| n.consensus.minimum_bond = Some(Amount(0)),
		|n| n.requests.final_window_blocks = Some(47),
		|n| n.requests.deadline_most_blocks = Some(43_201),
		// In its range, but shorter than a request may live.
		|n| n.consensus.unbonding_sessions = Some(40),
	];
	for change in changes {
		let problems = problems(change);
		assert!(
			problems.iter().any(|problem| matches!(problem, Problem::Parameters(_))),
			"{problems:?}"
		);
	}
}

#[test]
fn everything_wrong_is_told_at_once() {
	let problems = problems(|n| {
		n.id = String::new();
		n.consensus.epoch_slots = Some(1);
		n.validators[0].bond = Amount(0);
		n.validators[1].babe = n.validators[0].babe;
	});
	assert_eq!(problems.len(), 4, "{problems:?}");
	assert_eq!(Problems(problems).to_string().lines().count(), 4);
}
