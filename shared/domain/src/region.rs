//! Regions: short codes for places that check, and the AWS region behind each.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// Every region that Valpero can run in: code, AWS region, place.
/// Codes are three letters of the city or country that people know the region by.
pub const REGIONS: &[(&str, &str, &str)] = &[
    ("hel", "eu-north-1", "Northern Europe (Stockholm region)"),
    ("fra", "eu-central-1", "Frankfurt"),
    ("dub", "eu-west-1", "Ireland"),
    ("lon", "eu-west-2", "London"),
    ("par", "eu-west-3", "Paris"),
    ("mil", "eu-south-1", "Milan"),
    ("mad", "eu-south-2", "Spain"),
    ("zrh", "eu-central-2", "Zurich"),
    ("use", "us-east-1", "N. Virginia"),
    ("usc", "us-east-2", "Ohio"),
    ("sfo", "us-west-1", "N. California"),
    ("pdx", "us-west-2", "Oregon"),
    ("yul", "ca-central-1", "Canada (Central)"),
    ("yyc", "ca-west-1", "Calgary"),
    ("gru", "sa-east-1", "São Paulo"),
    ("mex", "mx-central-1", "Mexico"),
    ("nrt", "ap-northeast-1", "Tokyo"),
    ("icn", "ap-northeast-2", "Seoul"),
    ("osa", "ap-northeast-3", "Osaka"),
    ("sin", "ap-southeast-1", "Singapore"),
    ("syd", "ap-southeast-2", "Sydney"),
    ("cgk", "ap-southeast-3", "Jakarta"),
    ("mel", "ap-southeast-4", "Melbourne"),
    ("kul", "ap-southeast-5", "Malaysia"),
    ("akl", "ap-southeast-6", "New Zealand"),
    ("bkk", "ap-southeast-7", "Thailand"),
    ("hkg", "ap-east-1", "Hong Kong"),
    ("tpe", "ap-east-2", "Taipei"),
    ("bom", "ap-south-1", "Mumbai"),
    ("hyd", "ap-south-2", "Hyderabad"),
    ("cpt", "af-south-1", "Cape Town"),
    ("bah", "me-south-1", "Bahrain"),
    ("dxb", "me-central-1", "UAE"),
    ("tlv", "il-central-1", "Tel Aviv"),
];

/// The code of one of [`REGIONS`], as its place there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegionCode(usize);

impl RegionCode {
    /// The code of an AWS region, such as `eu-central-1`; none where Valpero cannot run there.
    pub fn in_aws_region(name: &str) -> Option<Self> {
        REGIONS.iter().position(|(_, aws, _)| *aws == name).map(Self)
    }

    /// The code itself.
    pub fn as_str(self) -> &'static str {
        REGIONS[self.0].0
    }

    /// The place, for a person.
    pub fn place(self) -> &'static str {
        REGIONS[self.0].2
    }

    /// The AWS region's name, such as `eu-central-1`.
    pub fn aws_region(self) -> &'static str {
        REGIONS[self.0].1
    }
}

impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RegionCode {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        REGIONS.iter().position(|(code, ..)| *code == text).map(Self).ok_or_else(|| {
            let codes: Vec<&str> = REGIONS.iter().map(|(code, ..)| *code).collect();
            Invalid::new(format!("must be a region code; there are {}", codes.join(", ")))
        })
    }
}

as_text!(RegionCode);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_and_aws_regions_are_unique() {
        let codes: BTreeSet<_> = REGIONS.iter().map(|(code, ..)| code).collect();
        let names: BTreeSet<_> = REGIONS.iter().map(|(_, aws, _)| aws).collect();
        assert_eq!((codes.len(), names.len()), (REGIONS.len(), REGIONS.len()));
        assert!(codes.iter().all(|code| code.len() == 3));
    }

    #[test]
    fn a_code_knows_its_aws_region() {
        let aws: Vec<_> =
            ["hel", "fra", "usc"].iter().map(|c| c.parse::<RegionCode>().map(RegionCode::aws_region)).collect();
        assert_eq!(aws, [Ok("eu-north-1"), Ok("eu-central-1"), Ok("us-east-2")]);
        assert!("FRA".parse::<RegionCode>().is_err());
        assert_eq!(RegionCode::in_aws_region("eu-central-1").map(RegionCode::as_str), Some("fra"));
        assert_eq!(RegionCode::in_aws_region("mars-north-1"), None);
    }
}
