//! What the list of monitors, the pages that change many of them and the big screen say.

use crate::texts::monitors::Monitors;

pub(super) const TEXTS: Monitors = Monitors {
    new_monitor: "Uusi valvonta",
    paste_many: "Liitä useita",
    big_screen: "Iso näyttö",
    renews_itself: "Sivu päivittyy itsestään.",
    all: "Kaikki",
    search: "Nimi tai osoite",
    check_type: "Tarkistuksen tyyppi",
    any_type: "Kaikki tyypit",
    tag: "Tunniste",
    filter: "Suodata",
    none_fits: "Mikään valvonta ei vastaa näitä ehtoja.",
    show_all: "Näytä kaikki valvonnat",
    first_page: "Ensimmäinen sivu",
    in_24_hours: |percent| format!("24 tuntia: {percent}"),
    no_line: "ei vielä täyttä tuntia",
    days_30: "30 päivää",
    last_span: |span| format!("viimeiset {span}"),
    median: "mediaani",
    select: |name| format!("Valitse {name}"),
    regions_down: |down, all| format!("alhaalla {down}/{all} alueella"),
    slow: "hidas",
    unwatched: "ei voida tarkistaa nyt",
    one_down: |name| format!("{name} on alhaalla"),
    many_down: |count| format!("{count} kohdetta on alhaalla"),
    for_span: |span| format!("kesto {span}"),
    and_more: |count| format!("ja {count} muuta"),
    open_incident: "Avaa häiriö",
    plan_full: |most| {
        if most == 1 {
            "Tilauksen ainoa valvonta on käytössä.".to_owned()
        } else {
            format!("Tilauksen kaikki {most} valvontaa ovat käytössä.")
        }
    },
    see_plan: "Katso tilausta",

    first_title: "Mitä valvotaan?",
    first_url: "Osoite",
    first_button: "Aloita valvonta",
    first_says: "Ensimmäinen tulos näkyy minuutin sisällä.",
    first_may_not: "Mitään ei vielä valvota. Pyydä jotakuta, jolla on oikeus muuttaa valvontoja, lisäämään ensimmäinen.",
    step_1: "1. Näe tarkistukset",
    step_1_says: "Joka minuutti, jokaiselta alueelta, ja mihin aika kului.",
    step_2: "2. Saa tieto",
    step_2_says: "Slack, sähköposti, PagerDuty: lisää kanava ja kokeile sitä.",
    step_3: "3. Lisää loput",
    step_3_says: "Liitä luettelo osoitteista, yksi rivillä.",

    selected: "Valituille:",
    pause: "Keskeytä",
    resume: "Jatka",
    check_now: "Tarkista nyt",
    add_tag: "Lisää tunniste",
    none_selected: "Yhtään valvontaa ei ole valittu",
    none_selected_says: "Rastita valvontojen vieressä olevat ruudut ja valitse sitten, mitä niille tehdään.",
    delete_title: |count| {
        if count == 1 {
            "Poistetaanko tämä valvonta?".to_owned()
        } else {
            format!("Poistetaanko nämä {count} valvontaa?")
        }
    },
    delete_says: "Ne ja niiden tarkistukset poistetaan pysyvästi, ja avoin häiriö merkitään ratkaistuksi. Aiemmat häiriöt säilyvät.",
    delete_button: "Poista pysyvästi",
    tag_title: |count| {
        if count == 1 {
            "Lisää tunniste tälle valvonnalle".to_owned()
        } else {
            format!("Lisää tunniste näille {count} valvonnalle")
        }
    },
    tag_says: "Enintään 50 merkkiä: kirjaimet a–z, numerot ja . _ : / -",
    failed_title: |failed, all| format!("Epäonnistui: {failed}/{all}"),
    failed_says: "Muut onnistuivat.",
    failed_all_says: "Mitään ei muutettu.",
    back_to_list: "Takaisin valvontoihin",

    paste_title: "Liitä useita osoitteita",
    paste_label: "Yksi osoite rivillä",
    paste_says: "Osoitteen perään voi kirjoittaa nimen välilyönnin tai sarkaimen jälkeen.",
    paste_button: "Luo valvonnat",
    paste_none: "Siinä ei ole yhtään osoitetta.",
    paste_too_many: |most, lines| format!("Enintään {most} riviä kerralla; näitä on {lines}."),
    paste_created: |created, all| format!("Luotu {created}/{all}"),
    paste_again: "Epäonnistuneet uutta yritystä varten",
    line: "Rivi",
    url: "Osoite",
    result: "Tulos",
    created: "luotu",

    all_well: "Kaikki toimii",
    nothing_watched: "Mitään ei vielä valvota",
    count_down: |count| format!("{count} alhaalla"),
    count_degraded: |count| format!("{count} heikentynyt"),
};
