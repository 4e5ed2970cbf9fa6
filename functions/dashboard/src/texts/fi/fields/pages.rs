//! Fields of status pages and their posts, in Finnish.

/// Label and hint of a field.
pub fn field(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "slug" => ("Osoite", "Pieniä kirjaimia, numeroita ja yhdysmerkkejä: sivun URL-osoitteen loppu."),
        "title" => ("Otsikko", ""),
        "description" => ("Kuvaus", ""),
        "theme" => ("Ulkoasu", ""),
        "accent" => ("Väri", "Sivun yläosan, esim. #2563eb."),
        "logo_url" => ("Logon URL-osoite", "Kuva; https."),
        "visibility" => ("Kuka näkee", ""),
        "ip_allow" => ("Vain näistä verkoista", "Osoite tai verkko riviä kohden; tyhjänä kaikkialta."),
        "noindex" => ("Piilota hakukoneilta", ""),
        "history_days" => ("Historian päivät", "30, 60 tai 90."),
        "components" => ("Osat", ""),
        "group" => ("Ryhmä", "Saman ryhmän osat ovat yhdessä."),
        "monitor_ids" => ("Valvonnat", ""),
        "show_uptime" => ("Näytä päivät ja käytettävyys", ""),
        "show_response_time" => ("Näytä vasteajat", ""),
        "auto_publish" => ("Julkaise häiriöt", ""),
        "incidents" => ("Julkaise häiriöt itsestään", "Häiriön loppu päättää tiedotteen."),
        "auto_publish.after_minutes" => ("Minuutit, jotka häiriön on kestettävä", ""),
        "subscribers" => ("Salli tilaaminen", ""),
        "show_powered_by" => ("Kerro, että sivu on tehty Valperolla", ""),
        "id" => ("Tunniste", ""),
        "kind" => ("Laji", ""),
        "impact" => ("Vaikutus", ""),
        "status" => ("Tila", ""),
        "state" => ("Vaihe", ""),
        "scheduled_for" => ("Alkaa", ""),
        "scheduled_until" => ("Päättyy", ""),
        "incident_id" => ("Häiriö", ""),
        "domain" => ("Verkkotunnus", "Esim. status.example.com."),
        "target" => {
            ("CNAME-tietueen kohde", "AWS:ssä infra/add-domain tulostaa sen. Muualla tyhjä: palvelun oma isäntänimi.")
        }
        "notify" => ("Kerro tilaajille", ""),
        _ => return None,
    })
}

/// What a form calls a value of a closed list.
pub fn option(field: &str, value: &str) -> Option<&'static str> {
    Some(match (field, value) {
        ("language", "de") => "Deutsch",
        ("language", "es") => "Español",
        ("language", "fr") => "Français",
        ("visibility", "public") => "kaikki",
        ("visibility", "password") => "kuka tietää salasanan",
        ("visibility", "unlisted") => "kuka tietää osoitteen",
        ("impact", "none") => "ei mitään",
        ("impact", "minor") => "pieni",
        ("impact", "major") => "suuri",
        ("impact", "critical") => "kriittinen",
        ("status", "operational") => "toimii",
        ("status", "under_maintenance") => "huollossa",
        ("status", "degraded_performance") => "hidas",
        ("status", "partial_outage") => "osittain alhaalla",
        ("status", "major_outage") => "alhaalla",
        ("state", "investigating") => "Selvitetään",
        ("state", "identified") => "Syy löytynyt",
        ("state", "monitoring") => "Seurataan",
        ("state", "resolved") => "Korjattu",
        ("state", "scheduled") => "Suunniteltu",
        ("state", "in_progress") => "Käynnissä",
        ("state", "completed") => "Valmis",
        ("scopes", "pages:read") => "lue tilasivut, niiden tiedotteet ja tilaajat",
        ("scopes", "pages:write") => "luo, muokkaa ja poista tilasivuja ja tiedota niillä",
        _ => return None,
    })
}
