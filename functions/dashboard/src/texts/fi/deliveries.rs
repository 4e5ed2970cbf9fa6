//! What the pages of deliveries say.

use valpero_domain::{alerting::content::MessageType, delivery::EventType};

use crate::texts::deliveries::Deliveries;

pub(super) const TEXTS: Deliveries = Deliveries {
    deliveries: "Toimitukset",
    webhook_deliveries: "Webhook-toimitukset",
    all_deliveries: "Kaikki toimitukset",
    delivery: "Toimitus",
    event_is,
    message_is,
    any_status: "Kaikki",
    on_its_way: "Matkalla",
    delivered: "Toimitettu",
    given_up: "Luovutettu",
    superseded: "Korvattu",
    digested: "Koosteessa",
    at: "Milloin",
    event: "Tapahtuma",
    to: "Vastaanottaja",
    state: "Tila",
    attempts: "Yritykset",
    remove_filter: |filter| format!("Poista rajaus {filter}"),
    newest: "Uusimmat",
    nothing_yet: "Mitään ei ole vielä lähetetty",
    nothing_yet_next: "Lisää kanava ja lähetä sille testi, tai anna valvonnalle webhook.",
    nothing_webhook_next: "Anna valvonnalle webhookin URL ja lähetä sille testi.",
    set_up_channel: "Lisää kanava",
    see_monitors: "Valvonnat",
    none_fits: "Mikään toimitus ei vastaa rajausta.",
    show_all: "Näytä kaikki",
    channel: "Kanava",
    monitor: "Valvonta",
    incident: "Häiriö",
    webhook: "Webhook",
    deleted_channel: "Poistettu kanava",
    deleted_monitor: "Poistettu valvonta",
    facts: "Tiedot",
    created: "Luotu",
    next_attempt: "Seuraava yritys",
    next_attempt_is: |when| format!("seuraava yritys {when}"),
    waits_for: "Odottaa",
    why: "Syy",
    sent_again: "Lähetetty uudelleen",
    digest: "Kooste",
    see_digest: "Katso kooste, johon viesti sisältyy",
    event_id: "Tapahtuman tunnus",
    id: "Tunnus",
    send_again: "Lähetä uudelleen",
    send_again_says: "”Lähetä uudelleen” lähettää saman viestin vielä kerran vastaanottajan nykyisillä asetuksilla.",
    no_attempt: "Toimitusta ei ole vielä yritetty.",
    arrived: "Perillä",
    failed: "Epäonnistui",
    http_status: "HTTP-tila",
    took: "Kesto",
    error: "Virhe",
    receiver_says: "Vastaanottajan vastaus",
    response_headers: "Vastauksen otsakkeet",
};

fn event_is(event: EventType) -> &'static str {
    match event {
        EventType::IncidentOpened => "Häiriö alkoi",
        EventType::IncidentAcknowledged => "Häiriö kuitattiin",
        EventType::IncidentCommented => "Häiriötä kommentoitiin",
        EventType::IncidentResolved => "Häiriö päättyi",
        EventType::MonitorDegraded => "Kohde heikentyi",
        EventType::MonitorRecovered => "Kohde palautui",
        EventType::MonitorUnwatched => "Kohde jäi valvomatta",
        EventType::SslExpiring => "Varmenne vanhenee pian",
        EventType::WebhookTest => "Testi",
    }
}

fn message_is(message: MessageType) -> &'static str {
    match message {
        MessageType::Event => "Tapahtuma",
        MessageType::Opening => "Häiriö alkoi",
        MessageType::Reminder => "Muistutus: häiriö on yhä avoin",
        MessageType::Recovery => "Häiriö on ohi",
        MessageType::Flapping => "Kohteen tila vaihtelee jatkuvasti",
        MessageType::Stable => "Kohteen tila on vakaa",
        MessageType::Digest => "Kooste useista häiriöistä",
        MessageType::Test => "Testi",
        MessageType::MuteEnded => "Hiljennys päättyi",
    }
}
