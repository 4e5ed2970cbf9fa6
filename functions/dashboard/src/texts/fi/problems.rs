//! What is wrong, in a few words, in Finnish.

use valpero_http::Code;

/// The title of a problem.
pub(super) fn problem(code: Code) -> &'static str {
    match code {
        Code::BadJson => "Pyynnön runko ei ole kelvollista JSONia",
        Code::BadRequest => "Pyyntöä ei voi lukea",
        Code::Unauthorized => "Kelvollinen avain puuttuu",
        Code::CrossSite => "Pyyntö tulee toiselta sivustolta",
        Code::MissingScope => "Oikeus puuttuu",
        Code::ScopeBeyondKey => "Toisella avaimella on oikeus, joka tältä puuttuu",
        Code::MonitorLimitReached => "Paketin valvontojen enimmäismäärä on täynnä",
        Code::KeyLimitReached => "Tilillä on liikaa avaimia",
        Code::ChannelLimitReached => "Tilillä on liikaa kanavia",
        Code::PolicyLimitReached => "Tilillä on liikaa hälytysketjuja",
        Code::NotFound => "Ei löytynyt",
        Code::DealCodeRefused => "Tarjouskoodi ei kelpaa",
        Code::NoRoute => "Osoitetta ei ole",
        Code::MethodNotAllowed => "Väärä metodi",
        Code::ChannelDeleted => "Kanava on poistettu",
        Code::ChannelDisabled => "Kanava on poissa käytöstä",
        Code::ChannelInUse => "Hälytysketju käyttää kanavaa",
        Code::DeliveryDigested => "Viesti on osa koostetta",
        Code::IncidentResolved => "Häiriö on jo päättynyt",
        Code::KeyEnded => "Avain on mitätöity tai vanhentunut",
        Code::KeyRotated => "Avain on jo vaihdettu",
        Code::MailNotSent => "Tämä asennus ei lähetä sähköpostia",
        Code::MonitorDeleted => "Valvonta on poistettu",
        Code::MonitorPaused => "Valvonta on keskeytetty",
        Code::NoWebhook => "Valvonnalla ei ole webhookia",
        Code::PlanNotRaised => "Koodilla ei saa nykyistä suurempaa pakettia",
        Code::PolicyInUse => "Reititys käyttää hälytysketjua",
        Code::WebhookDisabled => "Webhook on poissa käytöstä",
        Code::PreconditionFailed => "Tiedot ovat muuttuneet sillä välin",
        Code::BodyTooLarge => "Pyynnön runko on liian suuri",
        Code::UnsupportedMediaType => "Väärä sisältötyyppi",
        Code::ValidationFailed => "Tiedoissa on virheitä",
        Code::IdempotencyKeyReused => "Idempotenssiavain on jo käytetty",
        Code::RedeemQuotaReached => "Liikaa tarjouskoodeja",
        Code::InvitationQuotaReached => "Liian monta kutsua",
        Code::RateLimited => "Liikaa pyyntöjä",
        Code::CheckQuotaReached => "Liikaa pyydettyjä tarkistuksia",
        Code::WebhookQuotaReached => "Liikaa webhookeja",
        Code::ChannelQuotaReached => "Liikaa testiviestejä",
        Code::InternalError => "Jokin meni vikaan meidän puolellamme",
        Code::Collision
        | Code::IdempotencyInProgress
        | Code::NoRegionYet
        | Code::Unavailable
        | Code::Unreachable
        | Code::TimedOut => "Yritä hetken kuluttua uudelleen",
        Code::OwnersOnly => "Vain omistaja voi tehdä tämän",
        Code::PeopleLimitReached => "Paketin käyttäjien enimmäismäärä on täynnä",
        Code::AlreadyMember => "Henkilöllä on jo pääsy tilille",
        Code::PageLimitReached => "Paketin tilasivujen enimmäismäärä on täynnä",
        Code::PageDomainTaken => "Verkkotunnus on jo käytössä",
        Code::PageSlugTaken => "Osoite on jo käytössä",
        Code::PostIsFull => "Tiedotteessa on liikaa päivityksiä",
        Code::LastOwner => "Tilillä on oltava omistaja",
    }
}
