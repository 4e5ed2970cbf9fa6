//! What forms say of the fields of channels, escalation policies and alert routes, in Finnish.

/// Label and hint of a field of a channel, an escalation policy or an alert route.
pub(super) fn field(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "type" => ("Tyyppi", ""),
        "events" => {
            ("Tapahtumat", "Mistä kanavalle ilmoitetaan; oletuksena häiriön alku ja loppu sekä vanheneva varmenne.")
        }
        "event" => ("Tapahtuma", "Tyhjänä testiviesti."),
        "enabled" => ("Käytössä", "Jos kanava ei ole käytössä, sille ei lähetetä mitään."),
        "to" => ("Vastaanottajat", "Sähköpostiosoitteet, yksi riville, enintään 20."),
        "webhook_url" => ("Webhookin osoite", "Tapahtumat lähetetään tähän osoitteeseen."),
        "workflow_url" => {
            ("Työnkulun osoite", "Työnkulun ”Post to a channel when a webhook request is received” osoite.")
        }
        "bot_token" => ("Botin token", "Ei näy enää tallennuksen jälkeen; Slack-botti tarvitsee oikeuden chat:write."),
        "channel" => ("Slack-kanava", "Kanavan ID tai nimi; pakollinen botin tokenin kanssa."),
        "chat_id" => ("Keskustelun ID", "Keskustelun ID tai julkisen kanavan @nimi."),
        "thread_id" => ("Aiheen ID", "Foorumin aiheen ID; tyhjänä itse keskustelu."),
        "routing_key" => ("Integraatioavain", "Events API v2 -integraation avain: 32 kirjainta ja numeroa."),
        "eu" => ("EU:n palvelualue", "PagerDuty-tili on EU:n palvelualueella; oletuksena ei."),
        "cloud_id" => ("Cloud ID", "Atlassian-sivuston Cloud ID."),
        "api_token" => ("API-token", "Sen Atlassian-tilin token, jonka sähköpostiosoite on annettu."),
        "server" => ("Palvelin", "ntfy-palvelin; oletus https://ntfy.sh"),
        "topic" => ("Aihe", "Jokainen, joka tietää aiheen, voi lukea viestit, ellei palvelin suojaa niitä."),
        "token" => ("Token", "ntfy: käyttäjän token; Pushover: sovelluksen token."),
        "user" => ("Käyttäjäavain", "Käyttäjän tai ryhmän avain: 30 kirjainta ja numeroa."),
        "template" => (
            "Mallipohja",
            "MiniJinja, esim. {\"text\": {{ message.title }}}, enintään 16 KiB; tyhjänä tavallinen runko.",
        ),
        "api_url" => (
            "Rajapinnan osoite",
            "Yhteensopivan (esim. itse ylläpidetyn) rajapinnan perusosoite; tyhjänä palvelun oma.",
        ),
        // Escalation policies.
        "steps" => ("Vaiheet", "1–10, kukin edellistä myöhemmin, kunnes häiriö kuitataan tai päättyy."),
        "after_minutes" => ("Viive", "Minuutteja häiriön alusta, 0–1\u{a0}440; enemmän kuin edellisessä vaiheessa."),
        "channel_ids" => ("Kanavat", "Kanavat, joille ilmoitetaan, 1–20."),
        "repeat_minutes" => (
            "Toistoväli",
            "Minuutteja viimeisestä vaiheesta ensimmäiseen, 5–1\u{a0}440, enintään 20 kertaa; tyhjänä ei toisteta.",
        ),
        // Alert routes.
        "routes" => {
            ("Reititykset", "Ensimmäinen sopiva ratkaisee, enintään 100; jos mikään ei sovi, kanaville ei ilmoiteta.")
        }
        "match" => ("Ehto", ""),
        "tags_any" => ("Jokin tunnisteista", "Yksi riville, enintään 20; tyhjänä tunnisteilla ei ole väliä."),
        "monitor_ids" => ("Jokin valvonnoista", "Enintään 100; tyhjänä mikä tahansa valvonta."),
        "check_types" => ("Jokin tarkistustyypeistä", "Tyhjänä mikä tahansa tyyppi."),
        "policy_id" => ("Hälytysketju", ""),
        _ => return None,
    })
}
