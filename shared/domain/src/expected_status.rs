//! Which statuses of HTTP count as up.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// Status codes that count as up, such as `200-299,301`: at most 20 codes or ranges within 100 to 599.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExpectedStatus {
    ranges: Vec<(u16, u16)>,
    /// As it was given, so that a client finds what it wrote.
    as_given: String,
}

impl ExpectedStatus {
    /// Any status at all.
    pub fn any() -> Self {
        Self { ranges: vec![(100, 999)], as_given: "100-999".into() }
    }

    /// Whether this status counts as up.
    pub fn accepts(&self, status: u16) -> bool {
        self.ranges.iter().any(|(low, high)| (*low..=*high).contains(&status))
    }
}

impl Default for ExpectedStatus {
    fn default() -> Self {
        Self { ranges: vec![(200, 299)], as_given: "200-299".into() }
    }
}

impl fmt::Display for ExpectedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_given)
    }
}

impl TryFrom<String> for ExpectedStatus {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let fault = || Invalid::new("must be status codes or ranges within 100 to 599, such as \"200-299,301\"");
        let code = |part: &str| {
            let digits = part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit());
            let code = part.parse::<u16>().ok().filter(|code| digits && (100..=599).contains(code));
            code.ok_or_else(fault)
        };
        let ranges: Vec<(u16, u16)> = text
            .split(',')
            .map(|part| {
                let (low, high) = part.trim().split_once('-').unwrap_or((part.trim(), part.trim()));
                let (low, high) = (code(low)?, code(high)?);
                if low <= high { Ok((low, high)) } else { Err(fault()) }
            })
            .collect::<Result<_, _>>()?;
        if ranges.len() <= 20 {
            Ok(Self { ranges, as_given: text })
        } else {
            Err(Invalid::new("must have at most 20 codes or ranges"))
        }
    }
}

impl From<ExpectedStatus> for String {
    fn from(expected: ExpectedStatus) -> Self {
        expected.as_given
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expected_status_reads_codes_and_ranges() {
        let expected = ExpectedStatus::try_from("200-204, 301".to_owned());
        assert_eq!(expected.as_ref().map(ToString::to_string), Ok("200-204, 301".to_owned()));
        let accepted: Vec<u16> = (100..600).filter(|s| expected.as_ref().is_ok_and(|e| e.accepts(*s))).collect();
        assert_eq!(accepted, [200, 201, 202, 203, 204, 301]);
    }

    #[test]
    fn expected_status_refuses_what_is_no_status() {
        for bad in ["", ",", "99", "600", "299-200", "2xx", "200-", "+200", "0200", "200-299-300", &"200,".repeat(30)] {
            assert!(ExpectedStatus::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
