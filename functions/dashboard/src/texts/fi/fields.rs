//! What forms say of fields and their values, in Finnish.

mod alerting;
mod monitor;
mod pages;

/// Label and hint of the field at this path, such as `http.method`; the hint may be empty.
pub(super) fn field(path: &str) -> Option<(&'static str, &'static str)> {
    // Most names mean one thing wherever they stand, be it in an item of a list, such as `steps.0.channel_ids`.
    named(path).or_else(|| field(path.split_once('.')?.1))
}

fn named(name: &str) -> Option<(&'static str, &'static str)> {
    monitor::field(name).or_else(|| alerting::field(name)).or_else(|| of_account(name)).or_else(|| pages::field(name))
}

/// The fields of the account, its keys and people, and those that several forms have.
fn of_account(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "name" => ("Nimi", ""),
        "url" => {
            ("URL-osoite", "Alkaa http:// tai https://, eikä siinä ole käyttäjätunnusta, salasanaa tai #-merkkiä.")
        }
        "language" => ("Kieli", "Viestit ovat englanniksi."),
        "time_zone" => ("Aikavyöhyke", "Hälytysten ja sivujen kellonajoille, esim. Europe/Helsinki; oletus UTC."),
        "scopes" => ("Oikeudet", "Mitä avaimella saa tehdä; ei enempää kuin sinä itse saat."),
        "expires_at" => ("Vanhenee", "Tulevaisuudessa; tyhjänä ei koskaan."),
        "grace_seconds" => ("Vanha on voimassa vielä", "Sekunteina, enintään 604\u{a0}800 (viikko)."),
        "monitor_id" => ("Valvonta", ""),
        "code" => ("Koodi", "Kirjainkoolla, välilyönneillä ja viivoilla ei ole väliä."),
        "note" => ("Muistiinpano", "Häiriön aikajanalle, enintään 2\u{a0}000 merkkiä."),
        "body" => ("Teksti", ""),
        "until" => ("Päättyy", "Enintään 366 päivän päästä; silloin kanaville ilmoitetaan yhä avoimista häiriöistä."),
        "email" => ("Sähköpostiosoite", ""),
        "role" => (
            "Rooli",
            "Katselija lukee, jäsen muuttaa myös valvontoja ja häiriöitä, ylläpitäjä kaikkea, omistaja myös omistajia.",
        ),
        "password" => ("Salasana", ""),
        _ => return None,
    })
}

/// What a form calls a value of a closed list; none where the value says it itself.
pub(super) fn option(field: &str, value: &str) -> Option<&'static str> {
    Some(match (field, value) {
        ("check_type" | "check_types", "http") => "HTTP",
        ("check_type" | "check_types", "ssl") => "Varmenne (SSL)",
        ("check_type" | "check_types", "tcp") => "TCP",
        ("check_type" | "check_types", "dns") => "DNS",
        ("check_type" | "check_types", "ping") => "Ping (TCP)",
        ("slow_outcome", "slow") => "toimii, mutta hidas",
        ("slow_outcome", "down") => "alhaalla",
        ("op", "eq") => "on yhtä kuin",
        ("op", "ne") => "on eri kuin",
        ("op", "lt") => "on pienempi kuin",
        ("op", "lte") => "on enintään",
        ("op", "gt") => "on suurempi kuin",
        ("op", "gte") => "on vähintään",
        ("op", "contains") => "sisältää",
        ("op", "exists") => "on olemassa",
        ("op", "absent") => "ei ole olemassa",
        ("starttls", "smtp") => "SMTP",
        ("starttls", "imap") => "IMAP",
        ("starttls", "pop3") => "POP3",
        ("starttls", "ftp") => "FTP",
        ("starttls", "postgres") => "PostgreSQL",
        ("starttls", "ldap") => "LDAP",
        ("starttls", "xmpp") => "XMPP",
        ("match", "exact") => "nämä tietueet eikä muita",
        ("match", "contains") => "vähintään nämä tietueet",
        ("match", "substring") => "kukin teksti on osa TXT-tietuetta",
        ("type", "email") => "Sähköposti",
        ("type", "slack") => "Slack",
        ("type", "discord") => "Discord",
        ("type", "teams") => "Microsoft Teams",
        ("type", "telegram") => "Telegram",
        ("type", "pagerduty") => "PagerDuty",
        ("type", "jsm") => "Jira Service Management",
        ("type", "ntfy") => "ntfy",
        ("type", "pushover") => "Pushover",
        ("type", "google_chat") => "Google Chat",
        ("type", "mattermost") => "Mattermost",
        ("type", "webhook") => "Webhook",
        ("events" | "event", "incident.opened") => "alkaa",
        ("events" | "event", "incident.acknowledged") => "kuitataan",
        ("events" | "event", "incident.commented") => "saa kommentin",
        ("events" | "event", "incident.resolved") => "päättyy",
        ("events" | "event", "monitor.degraded") => "kohde heikentyy",
        ("events" | "event", "monitor.recovered") => "kohde palautuu",
        ("events" | "event", "monitor.unwatched") => "kohde jää valvomatta",
        ("events" | "event", "ssl.expiring") => "varmenne vanhenee",
        ("language", "en") => "English",
        ("language", "fi") => "Suomi",
        ("role", "viewer") => "katselija",
        ("role", "member") => "jäsen",
        ("role", "admin") => "ylläpitäjä",
        ("role", "owner") => "omistaja",
        ("scopes", "account:read") => "lue tilin tiedot ja tapahtumaloki",
        ("scopes", "account:write") => "muuta tilin asetuksia ja lunasta tarjouskoodeja",
        ("scopes", "keys:read") => "lue avainten luettelo",
        ("scopes", "keys:write") => "luo, vaihda ja mitätöi avaimia",
        ("scopes", "people:read") => "lue käyttäjät ja kutsut",
        ("scopes", "people:write") => "kutsu ja poista käyttäjiä ja muuta heidän roolejaan",
        ("scopes", "monitors:read") => "lue valvonnat, niiden tarkistukset ja lähetykset",
        ("scopes", "monitors:write") => "luo, muokkaa, poista, keskeytä ja jatka valvontoja",
        ("scopes", "incidents:read") => "lue häiriöt",
        ("scopes", "incidents:write") => "kuittaa, kommentoi ja päätä häiriöitä",
        ("scopes", "alerts:read") => "lue kanavat, hälytysketjut, reititykset ja niiden lähetykset",
        ("scopes", "alerts:write") => "luo, muokkaa, testaa ja poista kanavia, hälytysketjuja ja reitityksiä",
        _ => return pages::option(field, value),
    })
}
