//! What the page of people says.

use crate::{digits::grouped, texts::people::People};

pub(super) const TEXTS: People = People {
    people: "Käyttäjät",
    you: "sinä",
    role: "Rooli",
    role_of: |name| format!("Rooli: {name}"),
    role_name: |role| match role {
        "viewer" => "katselija",
        "member" => "jäsen",
        "admin" => "ylläpitäjä",
        "owner" => "omistaja",
        _ => "–",
    },
    role_says: |role| match role {
        "viewer" => "saa lukea, mutta ei näe avaimia eikä käyttäjiä",
        "member" => "saa lisäksi muuttaa valvontoja ja häiriöitä",
        "admin" => "saa tehdä kaiken, paitsi nimetä omistajia",
        "owner" => "saa tehdä kaiken",
        _ => "",
    },
    last_seen: "Viimeksi paikalla",
    signs_in_with: "Kirjautuminen",
    two_factor_on: "kaksivaiheinen",
    password_alone: "pelkkä salasana",
    of_plan: |used, most, plan| format!("{}/{}, tilaus {plan}", grouped(used), grouped(most)),
    invite: "Kutsu",
    email: "Sähköposti",
    invitations: "Avoimet kutsut",
    invited_by: "Kutsuja",
    link_ends: "Linkki vanhenee",
    withdraw: "Peru kutsu",
    withdraw_of: |email| format!("Peru kutsu osoitteelle {email}"),
    link_once: "Kopioi kutsulinkki nyt. Se näytetään vain tämän kerran.",
    mailed_to: |email| format!("Linkki lähetettiin myös osoitteeseen {email}."),
    not_mailed_to: |email| {
        format!("Linkkiä ei lähetetty, koska tämä asennus ei lähetä sähköpostia. Välitä se itse: {email}.")
    },
    remove: "Poista",
    remove_of: |name| format!("Poistetaanko {name}?"),
    remove_says: |email| {
        format!("{email} kirjataan ulos kaikkialta, eikä hän enää pääse sisään. Hänen tekonsa jäävät tapahtumalokiin.")
    },
    remove_me: "Tämä olet sinä: sinut kirjataan ulos ja menetät pääsyn tälle tilille. Tilin viimeistä omistajaa ei voi poistaa.",
    minted_keys: |name| format!("Nämä API-avaimet loi {name}. Ne toimivat edelleen, ellet mitätöi niitä:"),
    revoke_keys_too: "Mitätöi myös nämä avaimet",
    removed: |name| format!("Poistettu: {name}"),
    keys_revoked: "Nämä API-avaimet mitätöitiin. Niillä ei enää pääse sisään:",
    keys_left: "Nämä API-avaimet toimivat edelleen:",
};
