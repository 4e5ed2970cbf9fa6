//! Deal codes: each moves one account to a plan, once.

use std::str::FromStr;

use crate::{Invalid, text_spec::Text};

/// How a code is spelled and described.
pub const TEXT: Text = Text {
    name: "DealCode",
    says: "Deal code. Case, spaces and dashes do not count.",
    example: "VAL-7K3M-9QXF-2T8D-5WHN",
    min: 1,
    max: Some(64),
    ..Text::PLAIN
};

/// The characters of a code: Crockford's base 32, which has none that look alike (<https://www.crockford.com/base32.html>).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const PREFIX: &str = "VAL";

/// A code's characters behind `VAL`: 80 bits.
const LENGTH: usize = 16;

/// A deal code. Whoever has it can use it: its `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct DealCode(String);

impl DealCode {
    /// The code of these random bits.
    pub fn new(random: [u8; 10]) -> Self {
        let bits = random.iter().fold(0_u128, |sum, byte| (sum << 8) | u128::from(*byte));
        let digit = |place: usize| char::from(ALPHABET[(bits >> (5 * (LENGTH - 1 - place)) & 31) as usize]);
        Self((0..LENGTH).map(digit).collect())
    }

    /// As people read it: in groups of four.
    pub fn reveal(&self) -> String {
        let groups = self.0.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into_owned());
        std::iter::once(PREFIX.to_owned()).chain(groups).collect::<Vec<_>>().join("-")
    }

    /// The characters that a hash is made of.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// The first group, by which an operator tells codes apart.
    pub fn prefix(&self) -> String {
        format!("{PREFIX}-{}", &self.0[..4])
    }
}

impl FromStr for DealCode {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let plain: String = text.chars().filter(|one| !one.is_whitespace() && *one != '-').collect();
        let upper = plain.to_ascii_uppercase();
        let code = upper.strip_prefix(PREFIX).unwrap_or(&upper);
        // What people read for a digit (Crockford).
        let code: String = code
            .chars()
            .map(|one| match one {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            })
            .collect();
        let is_code = code.len() == LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte));
        if is_code { Ok(Self(code)) } else { Err(Invalid::new("is no deal code")) }
    }
}

impl std::fmt::Debug for DealCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DealCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_people_write_it() {
        let code = DealCode::new([0x39, 0xC7, 0x42, 0x5F, 0xAF, 0x17, 0xD0, 0x9A, 0xF2, 0x55]);
        let shown = code.reveal();
        assert_eq!(shown.len(), 23);
        assert_eq!(code.prefix(), shown[..8]);
        for written in [
            shown.clone(),
            shown.to_lowercase(),
            shown.replace('-', " "),
            format!(" {}\n", shown.replace('-', "")),
            code.secret().to_owned(),
        ] {
            assert_eq!(written.parse::<DealCode>(), Ok(code.clone()), "{written}");
        }
        assert_eq!("VAL-OIL0-0000-0000-0000".parse::<DealCode>(), "VAL-0110-0000-0000-0000".parse());
        for wrong in
            ["", "VAL", "VAL-7K3M", "VAL-7K3M-9QXF-2T8D-5WHU", "VAL-7K3M-9QXF-2T8D-5WHNN", "VAL-7K3M-9QXF-2T8D-5WÄN"]
        {
            assert!(wrong.parse::<DealCode>().is_err(), "{wrong}");
        }
        assert_eq!(format!("{code:?}"), "DealCode(…)");
    }
}
