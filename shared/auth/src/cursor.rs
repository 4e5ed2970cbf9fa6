//! Cursors: a place in a list, bound to whose list it is and what was asked of it, with a check that shows when it was altered.
//!
//! The check is no secret: who builds a cursor of their own gets to a place in their own list, as any filter would take them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use valpero_domain::AccountId;

const CHECK: usize = 12;

/// A place, at most so many bytes.
const POSITION_MAX: usize = 200;

/// The cursor of a place in the list that this account asked for by this query.
pub fn seal(account: AccountId, query: &str, position: &str) -> String {
    let mut bytes = check(account, query, position.as_bytes()).to_vec();
    bytes.extend_from_slice(position.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The place; none where the cursor was altered, or is of another list, query or account.
pub fn open(account: AccountId, query: &str, cursor: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok().filter(|bytes| bytes.len() <= CHECK + POSITION_MAX)?;
    let (found, position) = bytes.split_first_chunk::<CHECK>()?;
    let right = bool::from(check(account, query, position).as_slice().ct_eq(found));
    String::from_utf8(position.to_vec()).ok().filter(|_| right)
}

fn check(account: AccountId, query: &str, position: &[u8]) -> [u8; CHECK] {
    let mut hash = Sha256::new();
    for part in ["valpero cursor 1", &account.to_string(), query] {
        // With its length, so that no two lists of parts read alike.
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hash.update(position);
    let digest: [u8; 32] = hash.finalize().into();
    let mut check = [0; CHECK];
    check.copy_from_slice(&digest[..CHECK]);
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
