//! Whole numbers as people read them.

/// A whole number with its digits in groups of three: "100 000".
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1\u{202f}000"), (100_000, "100\u{202f}000")] {
            assert_eq!(grouped(number), text);
        }
    }
}
