// This file is part of Countersign.

// Copyright (C) The Countersign developers.
// SPDX-License-Identifier: GPL-3.0-or-later WITH Classpath-exception-2.0

// This program is free software: you can redistribute it and/or modify
// it under the terms of the GNU General Public License as published by
// the Free Software Foundation, either version 3 of the License, or
// (at your option) any later version.

// This program is distributed in the hope that it will be useful,
// but WITHOUT ANY WARRANTY; without even the implied warranty of
// MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE. See the
// GNU General Public License for more details.

// You should have received a copy of the GNU General Public License
// along with this program. If not, see <https://www.gnu.org/licenses/>.

//! What facts mean. Pure, so that every verdict has a test.

use super::{
	facts::{NodeFacts, ValidatorFacts},
	STALE_MS,
};
use serde::Serialize;

/// Blocks that finality may lag behind before somebody should look.
const LAG_WARNING: u32 = 30;
/// Blocks that finality may lag behind before something is wrong.
const LAG_FAILURE: u32 = 300;
/// Peers below which one that leaves can cut the node off.
const FEW_PEERS: usize = 3;
/// How far the best block may lie in the future before this machine's clock must be wrong: a
/// validator makes a block in its slot, so nobody's block is earlier than everybody's clocks agree.
const CLOCK_WARNING_MS: i64 = -500;
/// Two seconds are a whole slot: blocks of this node would be refused.
const CLOCK_FAILURE_MS: i64 = -2_000;
/// Inference keys in a keystore beyond which old ones should go.
const MANY_KEYS: usize = 16;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Status {
	/// As it should be.
	Ok,
	/// It works, and should be looked at.
	Warning,
	/// It keeps the validator from earning, or endangers it.
	Failed,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Check {
	/// What was looked at.
	pub(crate) name: String,
	/// How it ended.
	pub(crate) status: Status,
	/// What was found, and what to do.
	pub(crate) detail: String,
}

impl Check {
	fn new(name: &str, status: Status, detail: impl Into<String>) -> Self {
		Self { name: name.into(), status, detail: detail.into() }
	}

	fn ok(name: &str, detail: impl Into<String>) -> Self {
		Self::new(name, Status::Ok, detail)
	}

	fn warning(name: &str, detail: impl Into<String>) -> Self {
		Self::new(name, Status::Warning, detail)
	}

	/// One that failed.
	pub(crate) fn failed(name: &str, detail: impl Into<String>) -> Self {
		Self::new(name, Status::Failed, detail)
	}
}

/// Whether the node is well.
pub(super) fn judge_node(facts: &NodeFacts) -> Vec<Check> {
	let mut checks = vec![match &facts.float_mode {
		Ok(()) => Check::ok("float mode", "as consensus needs it"),
		Err(why) => Check::failed("float mode", format!("{why}; restart the node")),
	}];
	checks.push(match facts.peers {
		0 if facts.is_alone_by_choice => Check::ok("peers", "none, and none are needed"),
		0 => Check::failed("peers", "none: check the network, --bootnodes and the firewall"),
		few if few < FEW_PEERS => Check::warning("peers", format!("only {few}")),
		many => Check::ok("peers", many.to_string()),
	});
	checks.push(match facts.best_age_ms {
		_ if facts.is_syncing => {
			Check::failed("sync", format!("catching up, at block {}", facts.best))
		}
		Some(age) if age > STALE_MS => {
			Check::failed("sync", format!("the best block {} is {} s old", facts.best, age / 1_000))
		}
		None => Check::failed("sync", "still at genesis"),
		Some(_) => Check::ok("sync", format!("at the head, block {}", facts.best)),
	});
	let lag = facts.best.saturating_sub(facts.finalized);
	checks.push(match lag {
		lag if lag > LAG_FAILURE => {
			Check::failed("finality", format!("{lag} blocks behind the best block"))
		}
		lag if lag > LAG_WARNING => {
			Check::warning("finality", format!("{lag} blocks behind the best block"))
		}
		lag => Check::ok("finality", format!("{lag} blocks behind the best block")),
	});
	checks.push(match facts.best_age_ms {
		Some(age) if age < CLOCK_FAILURE_MS => Check::failed(
			"clock",
			format!("{} ms behind the network: synchronise it (chrony, ntp)", -age),
		),
		Some(age) if age < CLOCK_WARNING_MS => {
			Check::warning("clock", format!("{} ms behind the network", -age))
		}
		Some(age) if age > STALE_MS && !facts.is_syncing && facts.peers >= FEW_PEERS => {
			Check::warning("clock", "the chain stands still, or this clock is ahead of it")
		}
		Some(age) => Check::ok("clock", format!("the best block began {age} ms ago")),
		None => Check::warning("clock", "nothing to compare it with yet"),
	});
	checks.extend(judge_worker(facts));
	checks
}

fn judge_worker(facts: &NodeFacts) -> Vec<Check> {
	let Some(worker) = &facts.worker else {
		return vec![if facts.is_authority {
			Check::warning("worker", "off: this node answers no requests (--inference off)")
		} else {
			Check::ok("worker", "off: this node is no validator")
		}];
	};
	let mut checks = vec![match &worker.failure {
		Some(why) => Check::failed("worker", format!("it ended: {why}")),
		None => Check::ok("worker", "runs"),
	}];
	for (name, engine) in &worker.engines {
		checks.push(match engine {
			Ok(description) => Check::ok(name, description.clone()),
			Err(why) => Check::failed(name, why.clone()),
		});
	}
	if !worker.stopped.is_empty() {
		checks.push(Check::failed(
			"self-check",
			format!(
				"models not served any more, see the files in the folder stopped-models: {}",
				worker.stopped.join(", ")
			),
		));
	}
	let missing = worker.models_served.saturating_sub(worker.models_ready);
	checks.push(match missing {
		0 => Check::ok("models", format!("all {} are here", worker.models_served)),
		_ => Check::failed(
			"models",
			format!("{missing} of {} are not here yet", worker.models_served),
		),
	});
	checks
}

/// Whether a validator can earn.
pub(super) fn judge_validator(facts: &ValidatorFacts) -> Vec<Check> {
	let who = &facts.account;
	let mut checks = Vec::new();
	checks.push(match &facts.session_keys {
		None => Check::failed(
			"session keys",
			format!("{who} has registered none: `countersign validator keys`"),
		),
		Some(keys) => {
			let missing: Vec<&str> =
				keys.iter().filter(|(_, here)| !here).map(|(name, _)| name.as_str()).collect();
			if missing.is_empty() {
				Check::ok("session keys", format!("all of {who} are in this node's keystore"))
			} else {
				Check::failed(
					"session keys",
					format!(
						"of {who}, this keystore lacks {}: register this node's with `countersign \
						 validator keys`",
						missing.join(", ")
					),
				)
			}
		}
	});
	if facts.inference_keys > MANY_KEYS {
		checks.push(Check::warning(
			"old keys",
			format!("{} inference keys: remove those of earlier times", facts.inference_keys),
		));
	}
	let Some(bond) = &facts.bond else {
		checks.push(Check::failed(
			"bond",
			format!("{who} is not bonded: `countersign validator bond`"),
		));
		return checks;
	};
	checks.push(if bond.bonded < facts.minimum_bond {
		Check::failed(
			"bond",
			format!("{}, and {} is the least", tokens(bond.bonded), tokens(facts.minimum_bond)),
		)
	} else if bond.leaving {
		Check::warning("bond", "leaving: `countersign validator rejoin` takes it back")
	} else {
		Check::ok("bond", tokens(bond.bonded))
	});
	checks.push(match (bond.position, bond.session_key_here) {
		(Some(position), true) => Check::ok("session", format!("position {position}")),
		(Some(_), false) => Check::failed(
			"session",
			"this session's inference key is not in this keystore: assignments are missed",
		),
		(None, _) => Check::warning("session", "not in the validator set of this session"),
	});
	for slash in &facts.slashes {
		checks.push(Check::warning("slash", slash.in_words(&tokens(slash.amount))));
	}
	let used = bond.reserved_cover.saturating_add(bond.free_cover);
	checks.push(if bond.leaving {
		Check::ok("cover", format!("{} reserved still", tokens(bond.reserved_cover)))
	} else if bond.free_cover == 0 && used > 0 {
		Check::warning("cover", "all of it is reserved: no new requests until results are Final")
	} else {
		Check::ok("cover", format!("{} free", tokens(bond.free_cover)))
	});
	if facts.served.is_empty() {
		checks.push(Check::warning("serving", "no model: `countersign validator serve MODEL`"));
	} else if facts.capacity == 0 {
		checks.push(Check::failed(
			"serving",
			"the capacity is 0: `countersign validator capacity GMAC`",
		));
	}
	for (name, here) in &facts.served {
		checks.push(if *here {
			Check::ok("model", format!("{name} is here"))
		} else {
			Check::failed(
				"model",
				format!(
					"{name} is not here: its artefact is being looked for, or no peer offers it"
				),
			)
		});
	}
	let all = u64::from(bond.answered).saturating_add(u64::from(bond.missed));
	// More than a twentieth.
	checks.push(if u64::from(bond.missed).saturating_mul(20) > all {
		Check::warning("record", format!("{} answered, {} missed", bond.answered, bond.missed))
	} else {
		Check::ok("record", format!("{} answered, {} missed", bond.answered, bond.missed))
	});
	checks
}

/// An amount for people.
fn tokens(amount: countersign_primitives::Balance) -> String {
	let whole = amount / countersign_primitives::UNIT;
	let milli = (amount % countersign_primitives::UNIT) / countersign_primitives::MILLI_UNIT;
	format!("{whole}.{milli:03} CSGN")
}

#[cfg(test)]
mod tests {
	use super::{
		super::facts::{BondFacts, WorkerFacts},
		*,
	};
	use countersign_engine::slashes::PendingSlash;
	use countersign_primitives::UNIT;

	/// What is changed in good facts, the check that sees it, and what it says.
	type Case<Facts> = (fn(&mut Facts), &'static str, Status);

	fn node() -> NodeFacts {
		NodeFacts {
			float_mode: Ok(()),
			is_authority: true,
			is_alone_by_choice: false,
			is_syncing: false,
			peers: 8,
			best: 1_000,
			finalized: 998,
			best_age_ms: Some(700),
			worker: Some(WorkerFacts {
				failure: None,
				ready: true,
				engines: vec![("engine".into(), Ok("ONNX Runtime".into()))],
				stopped: vec![],
				models_served: 2,
				models_ready: 2,
			}),
		}
	}

	fn validator() -> ValidatorFacts {
		ValidatorFacts {
			account: "alice".into(),
			inference_keys: 1,
			session_keys: Some(vec![("babe".into(), true), ("inference".into(), true)]),
			minimum_bond: 100 * UNIT,
			bond: Some(BondFacts {
				bonded: 100 * UNIT,
				leaving: false,
				position: Some(3),
				session_key_here: true,
				reserved_cover: 0,
				free_cover: 50 * UNIT,
				answered: 100,
				missed: 1,
			}),
			slashes: vec![],
			served: vec![("magika".into(), true)],
			capacity: 1,
		}
	}

	/// The names of the checks that did not end well.
	fn bad(checks: Vec<Check>) -> Vec<(String, Status)> {
		let bad = checks.into_iter().filter(|check| check.status != Status::Ok);
		bad.map(|check| (check.name, check.status)).collect()
	}

	#[test]
	fn a_well_run_validator_has_nothing_to_do() {
		assert_eq!(bad(judge_node(&node())), []);
		assert_eq!(bad(judge_validator(&validator())), []);
	}

	#[test]
	fn everything_that_can_be_wrong_with_a_node_is_found() {
		use Status::{Failed, Warning};
		let cases: Vec<Case<NodeFacts>> = vec![
			(|it| it.float_mode = Err("flush to zero".into()), "float mode", Failed),
			(|it| it.peers = 0, "peers", Failed),
			(|it| it.peers = 2, "peers", Warning),
			(|it| it.is_syncing = true, "sync", Failed),
			(|it| it.finalized = 950, "finality", Warning),
			(|it| it.finalized = 600, "finality", Failed),
			(|it| it.best_age_ms = Some(-600), "clock", Warning),
			(|it| it.best_age_ms = Some(-2_001), "clock", Failed),
			(|it| it.worker = None, "worker", Warning),
			(
				|it| it.worker.as_mut().expect("there").failure = Some("no journal".into()),
				"worker",
				Failed,
			),
			(
				|it| it.worker.as_mut().expect("there").engines[0].1 = Err("no library".into()),
				"engine",
				Failed,
			),
			(
				|it| it.worker.as_mut().expect("there").stopped = vec!["0x01".into()],
				"self-check",
				Failed,
			),
			(|it| it.worker.as_mut().expect("there").models_ready = 1, "models", Failed),
		];
		for (change, name, status) in cases {
			let mut facts = node();
			change(&mut facts);
			assert_eq!(bad(judge_node(&facts)), [(name.to_string(), status)]);
		}
		let mut stale = node();
		stale.best_age_ms = Some(61_000);
		let expected = [("sync".to_string(), Failed), ("clock".to_string(), Warning)];
		assert_eq!(bad(judge_node(&stale)), expected);
		// A chain of one.
		let mut alone = node();
		(alone.peers, alone.is_alone_by_choice) = (0, true);
		assert_eq!(bad(judge_node(&alone)), []);
		// A node that is no validator.
		let mut follower = node();
		(follower.worker, follower.is_authority) = (None, false);
		assert_eq!(bad(judge_node(&follower)), []);
	}

	#[test]
	fn everything_that_can_be_wrong_with_a_validator_is_found() {
		use Status::{Failed, Warning};
		fn bond(facts: &mut ValidatorFacts) -> &mut BondFacts {
			facts.bond.as_mut().expect("there")
		}
		let cases: Vec<Case<ValidatorFacts>> = vec![
			(|it| it.session_keys = None, "session keys", Failed),
			(|it| it.session_keys.as_mut().expect("there")[1].1 = false, "session keys", Failed),
			(|it| it.inference_keys = 17, "old keys", Warning),
			(|it| it.bond = None, "bond", Failed),
			(|it| bond(it).bonded -= 1, "bond", Failed),
			(|it| bond(it).leaving = true, "bond", Warning),
			(|it| bond(it).position = None, "session", Warning),
			(|it| bond(it).session_key_here = false, "session", Failed),
			(
				|it| (bond(it).free_cover, bond(it).reserved_cover) = (0, 50 * UNIT),
				"cover",
				Warning,
			),
			(
				|it| {
					let slash = PendingSlash { number: 1, amount: UNIT, due: 9, frozen: false };
					it.slashes.push(slash);
				},
				"slash",
				Warning,
			),
			(|it| it.served.clear(), "serving", Warning),
			(|it| it.capacity = 0, "serving", Failed),
			(|it| it.served[0].1 = false, "model", Failed),
			(|it| bond(it).missed = 10, "record", Warning),
		];
		for (change, name, status) in cases {
			let mut facts = validator();
			change(&mut facts);
			assert_eq!(bad(judge_validator(&facts)), [(name.to_string(), status)]);
		}
	}

	#[test]
	fn amounts_are_for_people() {
		assert_eq!(tokens(1_234_567_890_123), "1.234 CSGN");
		assert_eq!(tokens(0), "0.000 CSGN");
	}
}
