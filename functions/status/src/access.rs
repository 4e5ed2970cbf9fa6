//! Who may see a page: by the client's address, and by the page's password.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};
use valpero_domain::pages::{PageView, Visibility};
use valpero_http::RequestMeta;
use valpero_storage::PublicPage;

/// How long a browser need not be told the password again: 30 days.
const GOOD_FOR_S: u32 = 30 * 86_400;

/// Whether a client may see a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Yes.
    Open,
    /// No: its address is in none of the page's networks.
    WrongNetwork,
    /// Not before it gives the page's password.
    AsksPassword,
}

/// Whether only some may see the page, so that nothing on the way may keep it.
pub fn is_limited(view: &PageView) -> bool {
    view.spec.is_limited()
}

/// Whether this client may see the page.
pub fn access(page: &PublicPage, view: &PageView, meta: &RequestMeta, headers: &HeaderMap) -> Access {
    let allowed = &view.spec.ip_allow;
    if !allowed.is_empty() {
        let address: Option<IpAddr> = meta.ip.as_deref().and_then(|ip| ip.parse().ok());
        if !address.is_some_and(|address| allowed.iter().any(|network| network.contains(address))) {
            return Access::WrongNetwork;
        }
    }
    if view.spec.visibility == Visibility::Password && !knows(page, headers) {
        return Access::AsksPassword;
    }
    Access::Open
}

fn name(page: &PublicPage) -> String {
    format!("page_{}", page.page_id)
}

/// What the cookie holds: it follows from the stored hash alone, which nobody else knows, and is another with another password. None where
/// the page has no password.
fn proof(page: &PublicPage) -> Option<String> {
    let print = page.password.as_ref()?.print();
    Some(hex::encode(Sha256::digest(format!("{} {print}", page.page_id))))
}

fn knows(page: &PublicPage, headers: &HeaderMap) -> bool {
    let Some(proof) = proof(page) else { return false };
    let name = name(page);
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    // By their hashes: how long a comparison takes tells nothing of what is compared.
    pairs.any(|(given, value)| given == name && Sha256::digest(value) == Sha256::digest(&proof))
}

/// The cookie that shows that its browser was told the password. Sent by TLS alone where the page is reached by it.
pub fn cookie(page: &PublicPage, is_plain: bool) -> Option<HeaderValue> {
    let secure = if is_plain { "" } else { "; Secure" };
    let cookie =
        format!("{}={}; Max-Age={GOOD_FOR_S}; Path=/; HttpOnly; SameSite=Lax{secure}", name(page), proof(page)?);
    HeaderValue::from_str(&cookie).ok()
}
