//! What forms say of the fields of monitors, in Finnish.

/// Label and hint of a field of a monitor, or of a tool, which has the fields of a check.
pub(super) fn field(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "check_type" => ("Tarkistuksen tyyppi", ""),
        "check_interval" => ("Tarkistusväli", "Sekunteina 60:n kerrannaisina, 60–86\u{a0}400 (vuorokausi); oletus 60."),
        "regions" => ("Alueet", "Alueet, joilta kohde tarkistetaan, enintään 20; oletuksena kaikki."),
        "timeout_ms" => {
            ("Aikaraja", "Yhden yrityksen enimmäiskesto millisekunteina, vähintään 100; oletus 10\u{a0}000.")
        }
        "retries" => (
            "Uusintayritykset",
            "Lisäyritykset 50 s:n kuluessa, ennen kuin alue ilmoittaa kohteen olevan alhaalla: 0–5, oletus 2.",
        ),
        "confirm_regions" => (
            "Alhaalla, kun",
            "Näin moni alue ilmoittaa kohteen olevan alhaalla; tyhjänä riittää enemmistö ilmoittavista.",
        ),
        "tags" => ("Tunnisteet", "Enintään 20; kirjaimia A–Z, numeroita ja merkkejä . _ : / -"),
        "depends_on" => {
            ("Riippuvuudet", "Kun jokin näistä on alhaalla, kanaville ei ilmoiteta, että tämäkin on; enintään 5.")
        }
        // The http check.
        "http" => ("HTTP", ""),
        "method" => ("Metodi", ""),
        "headers" => (
            "Otsakkeet",
            "JSON, esim. {\"accept\": \"text/html\"}, enintään 20; arvot ovat salaisia, ja *** säilyttää arvon.",
        ),
        "http.body" => ("Pyynnön runko", "Enintään 16 KiB; ei GET- eikä HEAD-pyynnöissä."),
        "expected_status" => (
            "Odotettu tilakoodi",
            "Toimiviksi luettavat koodit ja välit pilkuin erotettuina, enintään 20; oletus 200-299.",
        ),
        "follow_redirects" => ("Seuraa uudelleenohjauksia", "Enintään 10; oletuksena päällä."),
        "verify_tls" => {
            ("Tarkista varmenne", "Varmenteen on oltava luotettu ja kelvattava kohteelle; oletuksena päällä.")
        }
        "basic_auth" => ("Basic-todennus", "Käyttäjätunnus ja salasana; ei yhdessä authorization-otsakkeen kanssa."),
        "username" => ("Käyttäjätunnus", "Enintään 255 tavua, ei kaksoispistettä."),
        "basic_auth.password" => ("Salasana", "Enintään 255 tavua; ei näy enää tallennuksen jälkeen."),
        "keyword" => ("Vastauksen teksti", "Vastauksesta luetaan enintään 1 MiB."),
        "contains" => ("Vastauksessa on oltava", "1–500 tavua, verrataan merkki merkiltä."),
        "not_contains" => ("Vastauksessa ei saa olla", "1–500 tavua, verrataan merkki merkiltä."),
        "json" => (
            "JSON-vertailut",
            "Kuten [{\"path\": \"$.status\", \"op\": \"eq\", \"value\": \"ok\"}], enintään 10; kaikkien on pädettävä.",
        ),
        "path" => ("Polku", "JSONPath (RFC 9535), esim. $.status"),
        "op" => ("Vertailu", ""),
        "value" => ("Arvo", "Teksti, luku, true, false tai null; ei mitään, jos verrataan vain olemassaoloa."),
        "hide_values" => {
            ("Piilota arvot", "Epäonnistunut JSON-vertailu ei kerro havaittua arvoa; oletuksena pois päältä.")
        }
        "max_response_time_ms" => {
            ("Hidas, jos yli", "Millisekunteina vastauksen otsakkeiden saapumiseen, 1–30\u{a0}000; tyhjänä ei rajaa.")
        }
        "slow_outcome" => ("Hitaan tarkistuksen tulos", ""),
        // The checks of a host and a port.
        "ssl" => ("Varmenne", ""),
        "tcp" => ("TCP-yhteys", ""),
        "ping" => ("Ping", "Mittaa TCP-kättelyn, ei ICMP:tä."),
        "host" => ("Palvelin", "Palvelimen nimi tai IP-osoite."),
        "port" => ("Portti", "TCP-portti, 1–65\u{a0}535."),
        "ssl.port" => ("Portti", "TCP-portti; tyhjänä 443 tai STARTTLS-protokollan tavallinen portti."),
        "ping.port" => ("Portti", "TCP-portti, 1–65\u{a0}535; oletus 443."),
        "min_days_remaining" => (
            "Päiviä jäljellä vähintään",
            "Alhaalla, jos varmenne tai jokin sen ketjusta vanhenee aiemmin: 0–365, oletus 14.",
        ),
        "verify" => (
            "Tarkista varmenne",
            "Varmenteen on oltava luotettu ja kelvattava kohteelle; muuten tarkistetaan vain vanheneminen.",
        ),
        "starttls" => {
            ("STARTTLS", "Protokolla, jonka oma komento aloittaa TLS:n; tyhjänä TLS ensimmäisestä tavusta alkaen.")
        }
        "send" => ("Lähetä", "Teksti, joka lähetetään yhteyden avauduttua, enintään 1\u{a0}024 tavua."),
        "expect" => {
            ("Odota", "Teksti, joka vastauksen ensimmäisten 64 KiB:n on sisällettävä, enintään 1\u{a0}024 tavua.")
        }
        // The dns check.
        "dns" => ("DNS", ""),
        "dns.name" => ("Nimi", "Nimi, jonka tietueet haetaan; PTR-tietueille myös IP-osoite."),
        "record_type" => ("Tietueen tyyppi", ""),
        "expected" => (
            "Odotetut tietueet",
            "Yksi riville kuten vyöhyketiedostossa, enintään 20; tyhjänä kelpaa mikä tahansa tietue.",
        ),
        "dns.match" => ("Vertailutapa", "Miten vastausta verrataan odotettuihin tietueisiin."),
        "resolver" => (
            "Nimipalvelin",
            "Nimi tai IP-osoite, muu portti kuin 53 kaksoispisteen jälkeen; tyhjänä oma nimipalvelimemme.",
        ),
        _ => return None,
    })
}
