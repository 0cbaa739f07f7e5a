//! Times as text: the core has no clock and compares no times, it only passes on those that
//! others can read.

/// Whether the text is a date with a time and an offset as RFC 3339, 5.6 writes them, with its
/// fields in their ranges.
pub fn is_rfc3339(text: &str) -> bool {
    read(text.as_bytes()).is_some()
}

fn read(text: &[u8]) -> Option<()> {
    let (year, rest) = field(text, 4, 0..=9999)?;
    let (month, rest) = field(punctuation(rest, b"-")?, 2, 1..=12)?;
    let (_, rest) = field(punctuation(rest, b"-")?, 2, 1..=days_of(year, month))?;
    let (_, rest) = field(punctuation(rest, b"Tt")?, 2, 0..=23)?;
    let (_, rest) = field(punctuation(rest, b":")?, 2, 0..=59)?;
    let (_, rest) = field(punctuation(rest, b":")?, 2, 0..=60)?;
    offset(fraction(rest)?)
}

/// A number of so many digits within the range, and what follows it.
fn field(
    text: &[u8],
    digits: usize,
    range: core::ops::RangeInclusive<u32>,
) -> Option<(u32, &[u8])> {
    let (number, rest) = text.split_at_checked(digits)?;
    let value = number.iter().try_fold(0, |value, digit| {
        digit.is_ascii_digit().then(|| value * 10 + u32::from(digit - b'0'))
    })?;
    range.contains(&value).then_some((value, rest))
}

fn punctuation<'a>(text: &'a [u8], allowed: &[u8]) -> Option<&'a [u8]> {
    let (first, rest) = text.split_first()?;
    allowed.contains(first).then_some(rest)
}

/// What follows the fraction of a second, if there is one.
fn fraction(text: &[u8]) -> Option<&[u8]> {
    let Some(digits) = punctuation(text, b".") else {
        return Some(text);
    };
    let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    // More than nine digits are no time that anyone measures, and some readers refuse them.
    (1..=9).contains(&end).then(|| digits.get(end..)).flatten()
}

fn offset(text: &[u8]) -> Option<()> {
    if matches!(text, b"Z" | b"z") {
        return Some(());
    }
    let (_, rest) = field(punctuation(text, b"+-")?, 2, 0..=23)?;
    let (_, rest) = field(punctuation(rest, b":")?, 2, 0..=59)?;
    rest.is_empty().then_some(())
}

fn days_of(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::is_rfc3339;

    #[test]
    fn times_as_genesys_and_the_rfc_write_them_are_read() {
        for good in [
            "2026-05-04T09:15:22.417Z",
            "2026-05-04T09:15:22Z",
            "1985-04-12t23:20:50.52z",
            "1996-12-19T16:39:57-08:00",
            "1990-12-31T23:59:60Z",
            "2024-02-29T00:00:00.123456789+05:30",
        ] {
            assert!(is_rfc3339(good), "{good}");
        }
    }

    #[test]
    fn other_text_is_no_time() {
        for bad in [
            "",
            "yesterday",
            "2026-05-04",
            "2026-05-04 09:15:22Z",
            "2026-05-04T09:15:22",
            "2026-05-04T09:15:22.Z",
            "2026-05-04T09:15:22.1234567890Z",
            "2026-05-04T09:15:22.417",
            "2026-5-04T09:15:22Z",
            "2026-13-04T09:15:22Z",
            "2026-02-29T09:15:22Z",
            "2026-05-04T24:15:22Z",
            "2026-05-04T09:15:22+0100",
            "2026-05-04T09:15:22Z ",
            "٢٠٢٦-05-04T09:15:22Z",
        ] {
            assert!(!is_rfc3339(bad), "{bad}");
        }
    }
}
