//! Points of appraisals (điểm đánh giá): 0 to 100 with at most two decimals, stored in hundredths.

/// Largest points, in hundredths.
const LARGEST: i32 = 10_000;

/// Points of a text such as `92.5`; `None` if it has another form.
pub fn parse(text: &str) -> Option<i32> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let has_point = text.len() > whole.len();
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let fits = (1..=3).contains(&whole.len()) && decimals.len() <= 2 && has_point != decimals.is_empty();
    if !fits || !is_digits(whole) || !is_digits(decimals) {
        return None;
    }
    let hundredths: i32 = format!("{decimals:0<2}").parse().ok()?;
    let points = whole.parse::<i32>().ok()? * 100 + hundredths;
    (points <= LARGEST).then_some(points)
}

/// Points of a number; `None` if it is outside 0 to 100 or has more than two decimals.
pub fn from_number(number: f64) -> Option<i32> {
    // The shortest text that is read back as the same number has the decimals that the client sent.
    parse(&number.to_string())
}

/// Points as a number.
pub fn to_number(points: i32) -> f64 {
    f64::from(points) / 100.0
}

/// Points as a text.
pub fn text(points: i32) -> String {
    to_number(points).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_have_at_most_two_decimals() {
        for (text, expected) in [
            ("0", Some(0)),
            ("100", Some(10_000)),
            ("100.01", None),
            ("89.99", Some(8_999)),
            ("92.5", Some(9_250)),
            ("92.50", Some(9_250)),
            ("092.5", Some(9_250)),
            ("92.555", None),
            ("92.", None),
            (".5", None),
            ("-1", None),
            ("+1", None),
            ("1e1", None),
            ("92,5", None),
            ("", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
        for (number, expected) in [
            (92.5, Some(9_250)),
            (-0.5, None),
            (100.0, Some(10_000)),
            (89.99, Some(8_999)),
            (0.005, None),
            (f64::NAN, None),
            (1e300, None),
        ] {
            assert_eq!(from_number(number), expected, "{number}");
        }
        for points in 0..=LARGEST {
            assert_eq!(parse(&text(points)), Some(points));
            assert_eq!(from_number(to_number(points)), Some(points));
        }
    }
}
