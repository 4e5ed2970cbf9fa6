//! What the form of a monitor says.

use crate::texts::monitor_form::MonitorForm;

pub(super) const TEXTS: MonitorForm = MonitorForm {
    new_monitor: "Uusi valvonta",
    edit_monitor: |text| format!("Muokkaa: {text}"),
    type_of_check: "Tarkistuksen tyyppi",
    try_it: "Kokeile",
    result_of_try: "Kokeilun tulos",
    without_secrets: "Kokeiltu ilman tallennettuja salaisuuksia, joita kukaan ei näe: kirjoita ne uudelleen, jos haluat kokeilla niiden kanssa.",
    certificate: |subject, issuer, days| format!("Varmenne: {subject}, myöntäjä {issuer}, päiviä jäljellä {days}."),
    other_interval: "Tai muu väli sekunteina",
    other_interval_says: "60:n monikerta. Korvaa yllä olevan valinnan.",
    headers_one_a_line: "Yksi riviä kohti, kukin nimi kerran: ”Nimi: arvo”. Merkintä *** säilyttää tallennetun arvon.",
    tags_apart: "Yksi riviä kohti tai pilkuin erotettuna.",
    changed_meanwhile: "Joku muu on muuttanut valvontaa sen jälkeen, kun avasit sen, joten mitään ei tallennettu. Syöttämäsi tiedot ovat alla. Tallenna uudelleen, jos haluat korvata tallennetut tiedot.",
    stored_now: "Nyt tallennettuna",
};
