//! Finnish.

mod alerts;
mod causes;
mod common;
mod deliveries;
mod faults;
mod fields;
mod incidents;
mod monitor;
mod monitor_form;
mod monitors;
mod pages;
mod people;
mod problems;
mod settings;
mod sign_in;
mod tools;

use valpero_domain::Language;

use super::Texts;

/// The pages in Finnish.
pub static TEXTS: Texts = Texts {
    language: Language::Fi,
    common: common::TEXTS,
    deliveries: deliveries::TEXTS,
    incidents: incidents::TEXTS,
    people: people::TEXTS,
    settings: settings::TEXTS,
    tools: tools::TEXTS,
    alerts: alerts::TEXTS,
    monitor: monitor::TEXTS,
    monitor_form: monitor_form::TEXTS,
    monitors: monitors::TEXTS,
    pages: pages::TEXTS,
    sign_in: sign_in::TEXTS,
    fields: fields::field,
    options: fields::option,
    problems: problems::problem,
    causes: Some(causes::cause),
    faults: faults::PHRASES,
    words: faults::WORDS,
};
