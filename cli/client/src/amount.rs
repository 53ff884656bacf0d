//! Amounts of tokens and shares, as people write them.

use crate::Error;
use countersign_primitives::{model::Share, Balance, Macs};

/// Decimals of the token.
pub const DECIMALS: u32 = 12;
/// Decimals of a percentage: shares are billionths.
const PERCENT_DECIMALS: u32 = 7;
/// Decimals of a billion.
const GIGA_DECIMALS: u32 = 9;

/// Reads a decimal number exactly, scaled by `10^decimals`.
fn decimal(text: &str, decimals: u32) -> Result<u128, String> {
	let text = text.trim().replace('_', "");
	let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
	let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
	if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
		return Err(format!("`{text}` is not a decimal number such as 1 or 0.25"));
	}
	let significant = fraction.trim_end_matches('0');
	if significant.len() > decimals as usize {
		return Err(format!("`{text}` has more than {decimals} decimals"));
	}
	let scale = 10u128.pow(decimals);
	let whole: u128 = if whole.is_empty() { Some(0) } else { whole.parse().ok() }
		.ok_or_else(|| format!("`{text}` is too large"))?;
	let padded = format!("{significant:0<width$}", width = decimals as usize);
	let fraction: u128 =
		if padded.is_empty() { 0 } else { padded.parse().map_err(|_| "too large".to_string())? };
	whole
		.checked_mul(scale)
		.and_then(|units| units.checked_add(fraction))
		.ok_or_else(|| format!("`{text}` is too large"))
}

/// Writes a scaled number with as many decimals as it needs.
fn written(units: u128, decimals: u32) -> String {
	let scale = 10u128.pow(decimals);
	let fraction = format!("{:0width$}", units % scale, width = decimals as usize);
	match fraction.trim_end_matches('0') {
		"" => format!("{}", units / scale),
		fraction => format!("{}.{fraction}", units / scale),
	}
}

/// Reads an amount of tokens, such as `12`, `0.5` or `1_000`.
pub fn parse(text: &str) -> Result<Balance, Error> {
	decimal(text, DECIMALS).map_err(Error::Input)
}

/// Writes an amount of tokens without rounding.
pub fn format(amount: Balance) -> String {
	written(amount, DECIMALS)
}

/// Reads a percentage, with or without `%`, as a share.
pub fn parse_share(text: &str) -> Result<Share, Error> {
	let number = text.trim().trim_end_matches('%').trim_end();
	let share = decimal(number, PERCENT_DECIMALS).map_err(Error::Input)?;
	match u32::try_from(share) {
		Ok(share) if share <= Share::WHOLE.0 => Ok(Share(share)),
		_ => Err(Error::Input(format!("`{text}` is more than 100 %"))),
	}
}

/// Writes a share as a percentage without rounding.
pub fn format_share(share: Share) -> String {
	format!("{} %", written(share.0.into(), PERCENT_DECIMALS))
}

/// Reads a number of billions of multiply-accumulates, such as `8` or `0.5`.
pub fn parse_gigamacs(text: &str) -> Result<Macs, Error> {
	let macs = decimal(text, GIGA_DECIMALS).map_err(Error::Input)?;
	Macs::try_from(macs).map_err(|_| Error::Input(format!("`{text}` is too large")))
}

/// Writes multiply-accumulates in billions without rounding.
pub fn format_gigamacs(macs: Macs) -> String {
	format!("{} GMAC", written(macs.into(), GIGA_DECIMALS))
}

#[cfg(test)]
mod tests {
	use super::*;
	use countersign_primitives::{MILLI_UNIT, UNIT};
	use proptest::prelude::*;

	#[test]
	fn amounts_are_exact() {
		assert_eq!(parse("1").unwrap(), UNIT);
		assert_eq!(parse("0.001").unwrap(), MILLI_UNIT);
		assert_eq!(parse(".5").unwrap(), UNIT / 2);
		assert_eq!(parse("1_000.000000000001").unwrap(), 1_000 * UNIT + 1);
		assert_eq!(format(1_000 * UNIT + 1), "1000.000000000001");
		assert_eq!(format(0), "0");
		for wrong in ["", ".", "-1", "1e3", "0x10", "1.2.3", "0.0000000000001", "one"] {
			assert!(matches!(parse(wrong), Err(Error::Input(_))), "{wrong}");
		}
		assert!(parse(&u128::MAX.to_string()).is_err());
	}

	#[test]
	fn shares_are_exact() {
		assert_eq!(parse_share("100 %").unwrap(), Share::WHOLE);
		assert_eq!(parse_share("33.3333333").unwrap(), Share(333_333_333));
		assert_eq!(format_share(Share(333_333_333)), "33.3333333 %");
		assert!(parse_share("100.0000001").is_err());
		assert!(parse_share("33.33333333").is_err());
	}

	#[test]
	fn costs_are_exact() {
		assert_eq!(parse_gigamacs("0.367").unwrap(), 367_000_000);
		assert_eq!(format_gigamacs(367_000_001), "0.367000001 GMAC");
		assert!(parse_gigamacs("18446744074").is_err());
	}

	proptest! {
		#[test]
		fn what_is_written_reads_back(amount in any::<u128>()) {
			prop_assert_eq!(parse(&format(amount)).unwrap(), amount);
		}
	}
}
