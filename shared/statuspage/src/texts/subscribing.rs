//! What pages and mail say about subscribing.

/// The texts of one language.
#[derive(Debug)]
pub struct Subscribing {
    /// Link to the form, its heading and its button.
    pub subscribe: &'static str,
    /// Above the form that takes an address.
    pub by_mail: &'static str,
    /// Label of the address.
    pub email: &'static str,
    /// Heading of the form that takes a URL.
    pub webhook: &'static str,
    /// Above the form that takes a URL.
    pub by_webhook: &'static str,
    /// Label of the URL.
    pub url: &'static str,
    /// Beside the components: none chosen means all.
    pub all_components: &'static str,
    /// Heading after an address was given.
    pub almost: &'static str,
    /// An address was given.
    pub check_mail: &'static str,
    /// A URL was given.
    pub check_webhook: &'static str,
    /// It is no e-mail address.
    pub not_an_address: &'static str,
    /// It is no URL that can be sent to.
    pub not_a_url: &'static str,
    /// Too many subscriptions were asked for.
    pub later: &'static str,
    /// The page takes no subscriptions.
    pub closed: &'static str,
    /// Heading of the page that confirms.
    pub confirm_title: &'static str,
    /// What the page that confirms asks.
    pub confirm_says: &'static str,
    /// The button that confirms.
    pub confirm: &'static str,
    /// Heading of the page that changes a subscription.
    pub yours: &'static str,
    /// It was confirmed.
    pub confirmed: &'static str,
    /// The button that keeps a change.
    pub save: &'static str,
    /// A change is kept.
    pub saved: &'static str,
    /// Nothing is sent, for what was sent did not arrive.
    pub quarantined: &'static str,
    /// The button that ends a subscription.
    pub unsubscribe: &'static str,
    /// It has ended.
    pub unsubscribed: &'static str,
    /// The link leads to no subscription.
    pub link_gone: &'static str,
    /// Label of a webhook's signing secret.
    pub secret: &'static str,
    /// What the signing secret is for.
    pub secret_says: &'static str,
    /// Mail, to be confirmed: subject. Takes the page's title.
    pub confirm_subject: fn(&str) -> String,
    /// Mail, to be confirmed: text before the link. Takes the page's title.
    pub confirm_mail: fn(&str) -> String,
    /// Mail, to be confirmed: text behind the link.
    pub confirm_ignore: &'static str,
    /// Mail to who asked a second time: subject. Takes the page's title.
    pub known_subject: fn(&str) -> String,
    /// Mail to who asked a second time: text before the link.
    pub known_mail: &'static str,
    /// Mail, below: why it is sent. Takes the page's title.
    pub because: fn(&str) -> String,
    /// Mail, below: label of the link to the subscription.
    pub manage: &'static str,
}
