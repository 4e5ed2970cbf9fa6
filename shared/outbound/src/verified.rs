//! Certificate chains that were verified before: a checker sees the same ones every minute, and their signatures are most of a
//! handshake's cost.

use std::{
    collections::HashMap,
    ops::RangeInclusive,
    sync::{Mutex, PoisonError},
};

use aws_lc_rs::digest::{Context, Digest, SHA256};
use rustls_pki_types::CertificateDer;
use valpero_domain::Timestamp;

use crate::peer_name::PeerName;

/// Chains remembered, at most: more than a checker has targets. Beyond this all are forgotten, and verified again.
const CHAINS_MAX: usize = 8_192;

/// Identifies a chain that was shown for a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ChainId([u8; 32]);

impl ChainId {
    /// A hash over these certificates, byte for byte, and this host.
    pub(crate) fn of(chain: &[CertificateDer<'_>], name: &PeerName) -> Self {
        let mut hash = Context::new(&SHA256);
        // Each with its length, so that different chains never hash alike.
        let mut add = |part: &[u8]| {
            hash.update(&part.len().to_be_bytes());
            hash.update(part);
        };
        add(name.to_str().as_bytes());
        chain.iter().for_each(|certificate| add(certificate));
        let digest: Digest = hash.finish();
        let mut id = [0; 32];
        id.copy_from_slice(digest.as_ref());
        Self(id)
    }
}

/// Chains that one set of authorities verified, each with the time in which it is valid.
#[derive(Debug, Default)]
pub(crate) struct VerifiedChains(Mutex<HashMap<ChainId, RangeInclusive<Timestamp>>>);

impl VerifiedChains {
    /// When this chain expires, where it was verified and is valid now.
    pub(crate) fn until(&self, id: &ChainId, now: Timestamp) -> Option<Timestamp> {
        let chains = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        chains.get(id).filter(|valid| valid.contains(&now)).map(|valid| *valid.end())
    }

    /// Remembers a verified chain for as long as all its certificates are valid.
    pub(crate) fn add(&self, id: ChainId, valid: RangeInclusive<Timestamp>) {
        let mut chains = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if chains.len() >= CHAINS_MAX {
            chains.clear();
        }
        chains.insert(id, valid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(chain: &[&'static [u8]], name: &'static str) -> ChainId {
        let chain: Vec<CertificateDer<'_>> = chain.iter().map(|der| CertificateDer::from(*der)).collect();
        ChainId::of(&chain, &PeerName::of(&url::Host::Domain(name)))
    }

    #[test]
    fn a_chain_is_trusted_while_it_is_valid() {
        let chains = VerifiedChains::default();
        let [early, start, end, late] = [9, 10, 20, 21].map(Timestamp::from_seconds);
        let ours = id(&[b"leaf", b"intermediate"], "site.example");
        assert_eq!(chains.until(&ours, start), None);
        chains.add(ours, start..=end);
        assert_eq!([early, start, end, late].map(|now| chains.until(&ours, now).is_some()), [false, true, true, false]);
    }

    #[test]
    fn any_other_certificate_or_host_is_another_chain() {
        let ours = id(&[b"leaf", b"intermediate"], "site.example");
        assert_eq!(ours, id(&[b"leaf", b"intermediate"], "site.example"));
        for other in [
            id(&[b"leaf", b"intermediate"], "other.example"),
            id(&[b"leaf"], "site.example"),
            id(&[b"leafi", b"ntermediate"], "site.example"),
            id(&[b"intermediate", b"leaf"], "site.example"),
        ] {
            assert_ne!(ours, other);
        }
    }

    #[test]
    fn memory_is_bounded() {
        let chains = VerifiedChains::default();
        for number in 0..=CHAINS_MAX {
            let mut id = [0; 32];
            id[..8].copy_from_slice(&number.to_be_bytes());
            chains.add(ChainId(id), Timestamp::from_seconds(0)..=Timestamp::from_seconds(1));
        }
        assert_eq!(chains.0.lock().expect("unpoisoned").len(), 1);
    }
}
