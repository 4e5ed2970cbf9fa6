//! Cursors: a position in a list, bound to its account, list and filters by a checksum.
//!
//! The checksum is no secret: whoever forges a cursor reaches a position in their own list, as any filter would take them there.

use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{Context, SHA256},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use valpero_domain::AccountId;

const CHECK: usize = 12;

/// The longest position, in bytes.
const POSITION_MAX: usize = 200;

/// The cursor of a position in the list that this account asked for with this query.
pub fn seal(account: AccountId, query: &str, position: &str) -> String {
    let mut bytes = check(account, query, position.as_bytes()).to_vec();
    bytes.extend_from_slice(position.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The position; none where the cursor was altered, or belongs to another list, query or account.
pub fn open(account: AccountId, query: &str, cursor: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok().filter(|bytes| bytes.len() <= CHECK + POSITION_MAX)?;
    let (found, position) = bytes.split_first_chunk::<CHECK>()?;
    verify_slices_are_equal(&check(account, query, position), found).ok()?;
    String::from_utf8(position.to_vec()).ok()
}

fn check(account: AccountId, query: &str, position: &[u8]) -> [u8; CHECK] {
    let mut hash = Context::new(&SHA256);
    for part in ["valpero cursor 1", &account.to_string(), query] {
        // Each with its length, so that different parts never hash alike.
        hash.update(&part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.update(position);
    let mut check = [0; CHECK];
    check.copy_from_slice(&hash.finish().as_ref()[..CHECK]);
    check
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use valpero_domain::Timestamp;

    use super::*;

    fn account(number: u8) -> AccountId {
        AccountId::new(Timestamp::from_ms(1), [number; 10])
    }

    #[test]
    fn a_cursor_is_of_one_list_alone() {
        let cursor = seal(account(1), "/monitors?tag=a", "mon_1");
        assert_eq!(open(account(1), "/monitors?tag=a", &cursor).as_deref(), Some("mon_1"));
        assert_eq!(open(account(2), "/monitors?tag=a", &cursor), None);
        assert_eq!(open(account(1), "/monitors?tag=b", &cursor), None);
        for wrong in ["", "x", "====", &cursor[1..], &format!("{cursor}A"), "AAAAAAAAAAAAAAAAAAAAAAAA"] {
            assert_eq!(open(account(1), "/monitors?tag=a", wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_altered_bit_shows(position in "[ -~]{0,60}", bit in 0_usize..4_096) {
            let cursor = seal(account(1), "q", &position);
            let mut bytes = URL_SAFE_NO_PAD.decode(&cursor).expect("base64");
            let place = bit / 8 % bytes.len();
            bytes[place] ^= 1 << (bit % 8);
            prop_assert_eq!(open(account(1), "q", &URL_SAFE_NO_PAD.encode(bytes)), None);
            prop_assert_eq!(open(account(1), "q", &cursor), Some(position));
        }

        #[test]
        fn any_text_is_read_without_harm(text in "\\PC{0,300}") {
            prop_assert_eq!(open(account(1), "q", &text), None);
        }
    }
}
