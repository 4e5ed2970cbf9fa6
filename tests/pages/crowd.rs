//! Many subscribers of a page, and the links in what they are sent.

use std::ops::Range;

use valpero_domain::{
    PageId,
    pages::{Contact, SubscriberStatus},
};
use valpero_storage::Subscriber;

use crate::harness::{Tenant, World};

/// Subscribers of a page with these numbers, made in the store, who have confirmed.
pub async fn crowd(world: &World, owner: &Tenant, page: &str, numbers: Range<usize>) {
    let page: PageId = page.parse().expect("an ID");
    for number in numbers {
        let email = format!("reader{number}@example.com").try_into().expect("an address");
        let new = Subscriber::new(owner.account, page, Contact::Email { email }, world.now());
        let row = Subscriber { status: SubscriberStatus::Active, ..new };
        world.stack.app.store.subscribe(&row, None, world.now()).await.expect("kept");
    }
    // Confirmations are sent first, so that they are not counted.
    world.lose_messages();
    while world.sweep().await.sent > 0 {
        world.deliver().await;
        world.advance(60);
    }
}

/// The path of the first link in a mail that has this part.
pub fn link(mail: &str, part: &str) -> String {
    // Quoted-printable: soft line breaks, and = as =3D.
    let text = mail.replace("=\r\n", "").replace("=3D", "=");
    let from = text.find("https://valpero.example.com/status/acme").expect("a link");
    let rest = &text[from..];
    let mut urls = rest.split(|c: char| c.is_whitespace() || "<>\"".contains(c));
    let url = urls.find(|url| url.contains(part)).expect("such a link");
    url.strip_prefix("https://valpero.example.com").expect("of the deployment").to_owned()
}
