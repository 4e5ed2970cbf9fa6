//! Ids that follow from others, so that a thing that is made twice is made once.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use valpero_domain::{DeliveryId, EventId, PageId, SubscriberId, Timestamp, event::Destination, pages::Contact};

/// The delivery of an event to a destination: the same each time it is asked for, and another for each destination.
pub fn delivery_id(event: EventId, destination: Destination) -> DeliveryId {
    id(event.at(), &format_args!("{event}\0{destination}"))
}

/// The delivery that `what` names, of this moment.
pub fn id(at: Timestamp, what: &impl fmt::Display) -> DeliveryId {
    let hash = digest(&SHA256, what.to_string().as_bytes());
    let mut random = [0; 10];
    random.copy_from_slice(&hash.as_ref()[..10]);
    DeliveryId::new(at, random)
}

/// The subscriber of a page that is told at this contact: who subscribes twice is one subscriber.
pub fn subscriber_id(page: PageId, contact: &Contact) -> SubscriberId {
    let hash = digest(&SHA256, format!("subscriber\0{page}\0{}", contact.name()).as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_ref()[..16]);
    SubscriberId::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_and_destination_has_its_own_delivery_and_always_the_same() {
        let id = |text: &str| format!("{text}01M82PJFFSY9XKXCV0WRMX4C7M");
        let event: EventId = id("evt_").parse().expect("an event");
        let other: EventId = "evt_01M82PJFFSY9XKXCV0WRMX4C7N".parse().expect("an event");
        let to = Destination::MonitorWebhook(id("mon_").parse().expect("a monitor"));
        let elsewhere = Destination::MonitorWebhook("mon_01M82PJFFSY9XKXCV0WRMX4C7N".parse().expect("a monitor"));
        let delivery = delivery_id(event, to);
        assert_eq!(delivery, delivery_id(event, to));
        assert_ne!(delivery, delivery_id(event, elsewhere));
        assert_ne!(delivery, delivery_id(other, to));
        assert_eq!(delivery.at(), event.at(), "deliveries are listed by the time of their events");
    }

    #[test]
    fn a_contact_is_one_subscriber_of_each_page() {
        let page: PageId = "pag_01M82PJFFSY9XKXCV0WRMX4C7M".parse().expect("a page");
        let other: PageId = "pag_01M82PJFFSY9XKXCV0WRMX4C7N".parse().expect("a page");
        let email = |text: &str| Contact::Email { email: text.to_owned().try_into().expect("an address") };
        assert_eq!(subscriber_id(page, &email("Ops@example.com")), subscriber_id(page, &email("ops@Example.com")));
        assert_ne!(subscriber_id(page, &email("ops@example.com")), subscriber_id(other, &email("ops@example.com")));
        let id = subscriber_id(page, &email("ops@example.com"));
        assert_eq!(id.to_string().parse(), Ok(id));
    }
}
