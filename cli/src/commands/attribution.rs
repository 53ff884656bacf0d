//! Who gets what, who earned what, and paying it out.

use super::{included_json, included_text, model::role_text, Session};
use crate::{
	args,
	output::{self, hash, table, tokens},
};
use countersign_client::{
	amount,
	call::Call,
	keys::parse_account,
	primitives::{attribution::EntitlementView, model::ModelId, AccountId},
	Client, Error,
};
use serde_json::{json, Value};

/// The most claims in one transaction.
const CLAIMS_AT_ONCE: usize = 50;

/// Runs a command about attribution.
pub(crate) async fn run(session: Session, command: args::Attribution) -> Result<(), Error> {
	match command {
		args::Attribution::Show { model } => show(session, &model).await,
		args::Attribution::Rights { account } => rights(session, account.as_deref()).await,
		args::Attribution::Accept { model, contributor } => {
			let signer = session.signer()?;
			let client = session.connect().await?;
			let model = client.find_model(&model).await?;
			let call = Call::accept_right(&model.id, contributor);
			session.submit_on(&client, &signer, &call).await
		}
		args::Attribution::Transfer { model, contributor, to } => {
			let (signer, to) = (session.signer()?, parse_account(&to)?);
			let client = session.connect().await?;
			let model = client.find_model(&model).await?;
			let call = Call::transfer_right(&model.id, contributor, &to);
			session.submit_on(&client, &signer, &call).await
		}
	}
}

async fn show(session: Session, model: &str) -> Result<(), Error> {
	let client = session.connect().await?;
	let model = client.find_model(model).await?;
	let total = client.total_credited(model.id).await?;
	let entitlements = client.entitlements(model.id).await?;
	let value = json!({
		"model": hash(&model.id),
		"total_credited": total.to_string(),
		"rights": rights_json(&client, &entitlements),
	});
	session.answer(&value, || {
		let mut text = format!(
			"{} earned {} for its contributors\n",
			String::from_utf8_lossy(&model.manifest.name),
			tokens(&client, total)
		);
		text.push_str(&rights_text(&client, &entitlements, false));
		text
	});
	Ok(())
}

async fn rights(session: Session, account: Option<&str>) -> Result<(), Error> {
	let account = session.account_or_own(account)?;
	let client = session.connect().await?;
	let rights = client.rights_of(&account).await?;
	let value = json!({
		"account": output::account(&client, &account),
		"rights": rights_json(&client, &rights),
	});
	session.answer(&value, || rights_text(&client, &rights, true));
	Ok(())
}

fn rights_json(client: &Client, rights: &[EntitlementView]) -> Value {
	rights
		.iter()
		.map(|right| {
			json!({
				"model": hash(&right.model),
				"index": right.index,
				"right": { "model": hash(&right.right.model), "contributor": right.right.contributor },
				"owner": right.owner.as_ref().map(|owner| output::account(client, owner)),
				"role": right.role,
				"confirmed": right.accepted,
				"share": amount::format_share(right.share),
				"earned": right.earned.to_string(),
				"claimed": right.claimed.to_string(),
				"claimable": right.earned.saturating_sub(right.claimed).to_string(),
			})
		})
		.collect()
}

fn rights_text(client: &Client, rights: &[EntitlementView], with_model: bool) -> String {
	let rows: Vec<Vec<String>> = rights
		.iter()
		.map(|right| {
			let mut row = vec![
				right.index.to_string(),
				match &right.owner {
					Some(owner) => output::account(client, owner),
					None => format!("the pot of {:?}", right.right.model),
				},
				right.role.map(role_text).unwrap_or_default(),
				match (&right.owner, right.accepted) {
					(None, _) => "",
					(Some(_), true) => "yes",
					(Some(_), false) => "no",
				}
				.into(),
				amount::format_share(right.share),
				amount::format(right.earned),
				amount::format(right.claimed),
			];
			if with_model {
				row.insert(0, hash(&right.model));
			}
			row
		})
		.collect();
	let mut head = vec!["INDEX", "OWNER", "ROLE", "CONFIRMED", "SHARE", "EARNED", "CLAIMED"];
	if with_model {
		head.insert(0, "MODEL");
	}
	table(&head, &rows)
}

/// Pays out what was earned.
pub(crate) async fn claim(session: Session, args: args::Claim) -> Result<(), Error> {
	let signer = session.signer()?;
	let client = session.connect().await?;
	if let (Some(model), Some(index)) = (args.model, args.index) {
		let model = client.find_model(&model).await?;
		return session.submit_on(&client, &signer, &Call::claim(&model.id, index)).await;
	}
	let account = signer.account();
	// What pots of parents hold comes to the account's rights only after it is forwarded.
	let mut due = Vec::new();
	for claim in open_pots(&client, &account)
		.await?
		.into_iter()
		.chain(open_rights(&client.rights_of(&account).await?))
	{
		if !due.contains(&claim) {
			due.push(claim);
		}
	}
	if due.is_empty() {
		let value = json!({ "claims": [] });
		session.answer(&value, || "nothing to claim\n".into());
		return Ok(());
	}
	session.progress(format!("{} rights have something to claim", due.len()));
	let (mut values, mut texts) = (Vec::new(), String::new());
	for part in due.chunks(CLAIMS_AT_ONCE) {
		let mut calls = Vec::with_capacity(part.len());
		for (model, index) in part {
			calls.push(client.call_data(&Call::claim(model, *index)).await?);
		}
		let included = session.submit(&client, &signer, &Call::batch(&calls)).await?;
		values.push(included_json(&included));
		texts.push_str(&included_text(&client, &included));
	}
	session.answer(&json!({ "claims": values }), || texts);
	Ok(())
}

fn open_rights(rights: &[EntitlementView]) -> Vec<(ModelId, u32)> {
	rights
		.iter()
		.filter(|right| right.earned > right.claimed)
		.map(|right| (right.model, right.index))
		.collect()
}

/// The pots in other models' vectors that pay into models in which the account has rights, and
/// those rights themselves.
async fn open_pots(client: &Client, account: &AccountId) -> Result<Vec<(ModelId, u32)>, Error> {
	let rights = client.rights_of(account).await?;
	let mut due = Vec::new();
	for model in client.all_models().await? {
		if model.manifest.parents.is_empty() {
			continue;
		}
		for right in client.entitlements(model.id).await? {
			let pays = right.right.contributor.is_none() && right.earned > right.claimed;
			let ours = rights.iter().filter(|own| own.model == right.right.model);
			let ours: Vec<_> = ours.map(|own| (own.model, own.index)).collect();
			if pays && !ours.is_empty() {
				due.push((model.id, right.index));
				due.extend(ours);
			}
		}
	}
	Ok(due)
}
