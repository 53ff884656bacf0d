//! A specification whose genesis state is built by this crate's own copy of the runtime.
//!
//! The usual kind compiles the runtime's wasm to build a state, several times, which takes many
//! seconds of every first start. The same code is here as part of the binary, and gives the same
//! state; a test compares the two.

use crate::{properties, wasm, ChainSpec, Error};
use countersign_runtime::{Block, Runtime};
use sc_chain_spec::{json_merge, ChainSpecBuilder, ChainType, GetExtension, Properties};
use sc_network::config::MultiaddrWithPeerId;
use sc_telemetry::TelemetryEndpoints;
use serde_json::Value;
use sp_core::storage::Storage;
use sp_genesis_builder::{runtime_decl_for_genesis_builder::GenesisBuilderV1, PresetId};
use sp_runtime::BuildStorage;
use sp_state_machine::BasicExternalities;
use sp_storage::well_known_keys;
use std::collections::BTreeMap;

/// Asks the runtime something, in a state that holds nothing.
pub(crate) fn ask<T>(question: impl FnOnce() -> T) -> T {
	BasicExternalities::new_empty().execute_with(question)
}

/// The patch that a preset applies to the runtime's default genesis; `None` for the default itself.
fn preset(name: Option<&str>) -> Result<Value, Error> {
	let id = name.map(PresetId::from);
	let json = ask(|| <Runtime as GenesisBuilderV1<Block>>::get_preset(&id))
		.ok_or_else(|| Error::Genesis(format!("the runtime has no preset {name:?}")))?;
	serde_json::from_slice(&json).map_err(|error| Error::Genesis(error.to_string()))
}

/// Where a state comes from.
#[derive(Clone)]
enum Source {
	/// The runtime's default genesis, changed by this.
	Patch(Value),
	/// It is known already.
	State(Storage),
}

/// A specification with a genesis of this crate's own making.
#[derive(Clone)]
pub struct Spec {
	/// Everything else.
	inner: ChainSpec,
	source: Source,
}

impl Spec {
	/// A specification from a preset of the runtime.
	pub(crate) fn from_preset(
		name: &str,
		id: &str,
		kind: ChainType,
		preset_name: &str,
	) -> Result<Self, Error> {
		Self::from_patch(name, id, kind, preset(Some(preset_name))?, |builder| builder)
	}

	/// A specification from a patch, with whatever else `configure` adds.
	pub(crate) fn from_patch(
		name: &str,
		id: &str,
		kind: ChainType,
		patch: Value,
		configure: impl FnOnce(ChainSpecBuilder) -> ChainSpecBuilder,
	) -> Result<Self, Error> {
		let builder = ChainSpec::builder(wasm()?, None)
			.with_name(name)
			.with_id(id)
			.with_chain_type(kind)
			.with_protocol_id("csgn")
			.with_properties(properties())
			.with_genesis_config_patch(patch.clone());
		Ok(Self { inner: configure(builder).build(), source: Source::Patch(patch) })
	}

	/// The state.
	pub fn genesis(&self) -> Result<Storage, Error> {
		let patch = match &self.source {
			Source::Patch(patch) => patch.clone(),
			Source::State(state) => return Ok(state.clone()),
		};
		let mut config = preset(None)?;
		json_merge(&mut config, patch);
		let mut state = BasicExternalities::new_empty();
		state
			.execute_with(|| {
				<Runtime as GenesisBuilderV1<Block>>::build_state(config.to_string().into_bytes())
			})
			.map_err(|error| Error::Genesis(format!("{error:?}")))?;
		let mut storage = state.into_storages();
		storage.top.insert(well_known_keys::CODE.to_vec(), wasm()?.to_vec());
		Ok(storage)
	}

	/// The specification as JSON: plain, or raw with the state itself.
	pub fn as_json(&self, raw: bool) -> Result<String, String> {
		let mut inner = self.inner.clone();
		if raw {
			let genesis = self.genesis().map_err(|error| error.to_string())?;
			sc_chain_spec::ChainSpec::set_storage(&mut inner, genesis);
		}
		inner.as_json(raw)
	}
}

impl BuildStorage for Spec {
	fn assimilate_storage(&self, storage: &mut Storage) -> Result<(), String> {
		let genesis = self.genesis().map_err(|error| error.to_string())?;
		storage.top.extend(genesis.top);
		storage.children_default.extend(genesis.children_default);
		Ok(())
	}
}

impl sc_chain_spec::ChainSpec for Spec {
	fn name(&self) -> &str {
		self.inner.name()
	}
	fn id(&self) -> &str {
		self.inner.id()
	}
	fn chain_type(&self) -> ChainType {
		sc_chain_spec::ChainSpec::chain_type(&self.inner)
	}
	fn boot_nodes(&self) -> &[MultiaddrWithPeerId] {
		self.inner.boot_nodes()
	}
	fn telemetry_endpoints(&self) -> &Option<TelemetryEndpoints> {
		self.inner.telemetry_endpoints()
	}
	fn protocol_id(&self) -> Option<&str> {
		self.inner.protocol_id()
	}
	fn fork_id(&self) -> Option<&str> {
		self.inner.fork_id()
	}
	fn properties(&self) -> Properties {
		self.inner.properties()
	}
	fn extensions(&self) -> &dyn GetExtension {
		sc_chain_spec::ChainSpec::extensions(&self.inner)
	}
	fn extensions_mut(&mut self) -> &mut dyn GetExtension {
		sc_chain_spec::ChainSpec::extensions_mut(&mut self.inner)
	}
	fn add_boot_node(&mut self, address: MultiaddrWithPeerId) {
		self.inner.add_boot_node(address)
	}
	fn as_json(&self, raw: bool) -> Result<String, String> {
		Spec::as_json(self, raw)
	}
	fn as_storage_builder(&self) -> &dyn BuildStorage {
		self
	}
	fn cloned_box(&self) -> Box<dyn sc_chain_spec::ChainSpec> {
		Box::new(self.clone())
	}
	fn set_storage(&mut self, storage: Storage) {
		sc_chain_spec::ChainSpec::set_storage(&mut self.inner, storage.clone());
		self.source = Source::State(storage);
	}
	fn code_substitutes(&self) -> BTreeMap<String, Vec<u8>> {
		sc_chain_spec::ChainSpec::code_substitutes(&self.inner)
	}
}
