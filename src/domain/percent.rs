//! Percentages: rounded once, half up, with exact arithmetic.

use crate::error::{Error, Result};

/// Maximum number of decimals of a percentage.
const MAX_DECIMALS: u32 = 6;

/// Validates the number of decimals.
///
/// # Errors
/// `Invalid` for `decimals` outside 0 to 6.
pub fn decimals(asked: i32) -> Result<u32> {
    u32::try_from(asked).ok().filter(|decimals| *decimals <= MAX_DECIMALS).ok_or_else(|| {
        Error::invalid(
            "decimals",
            "Số chữ số thập phân phải từ 0 đến 6.",
            "The number of decimals must be from 0 to 6.",
        )
    })
}

/// `part` of `whole` in percent, rounded once, half up, with exact arithmetic; 0 if `whole` is 0.
pub fn percent(part: u64, whole: u64, decimals: u32) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    let scale = 10u128.pow(decimals);
    let (part, whole) = (u128::from(part), u128::from(whole));
    let rounded = (part * 100 * scale * 2 + whole) / (whole * 2);
    // Both are small integers, so a single division gives the `f64` nearest to the decimal number.
    rounded as f64 / scale as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_rounded_once_half_up() {
        for (part, whole, decimals, expected) in [
            (33, 75, 1, 44.0),
            (1, 75, 1, 1.3),
            (2, 75, 1, 2.7),
            (8672, 8145, 0, 106.0),
            (8672, 8145, 2, 106.47),
            (15, 16, 2, 93.75),
            (15, 16, 1, 93.8),
            (1, 8, 0, 13.0),
            (1, 200, 0, 1.0),
            (0, 75, 1, 0.0),
            (0, 0, 1, 0.0),
            (75, 75, 6, 100.0),
        ] {
            assert_eq!(percent(part, whole, decimals), expected, "{part}/{whole} to {decimals}");
        }
    }
}
