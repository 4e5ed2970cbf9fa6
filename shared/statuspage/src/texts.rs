//! What pages say, in each language.

mod de;
mod en;
mod es;
mod fi;
mod fr;
mod subscribing;

use valpero_domain::pages::{ComponentStatus, Indicator, PageLanguage, PostState};

pub use subscribing::Subscribing;

/// The texts of one language.
#[derive(Debug)]
pub struct Texts {
    /// ISO 639-1.
    pub lang: &'static str,
    /// Between whole and parts of a number.
    pub decimal: char,
    /// The months' names, alone.
    pub months: [&'static str; 12],
    /// Banner: everything works.
    pub all_good: &'static str,
    /// Banner: work is being done.
    pub maintenance: &'static str,
    /// Banner: something is slow.
    pub minor: &'static str,
    /// Banner: something fails.
    pub major: &'static str,
    /// Banner: all of it fails.
    pub critical: &'static str,
    /// Banner: name and status of the only impaired component.
    pub one: fn(&str, ComponentStatus) -> String,
    /// Banner: nothing is watched.
    pub nothing_known: &'static str,
    /// Status of a component.
    pub operational: &'static str,
    /// Status of a component.
    pub degraded_performance: &'static str,
    /// Status of a component.
    pub partial_outage: &'static str,
    /// Status of a component.
    pub major_outage: &'static str,
    /// Status of a component.
    pub under_maintenance: &'static str,
    /// Status of a component, and a day, of which nothing is known.
    pub no_data: &'static str,
    /// State of a post.
    pub investigating: &'static str,
    /// State of a post.
    pub identified: &'static str,
    /// State of a post.
    pub monitoring: &'static str,
    /// State of a post.
    pub resolved: &'static str,
    /// State of a post.
    pub scheduled: &'static str,
    /// State of a post.
    pub in_progress: &'static str,
    /// State of a post.
    pub completed: &'static str,
    /// Update that the clock made: maintenance has begun.
    pub began_by_itself: &'static str,
    /// Update that the clock made: maintenance has ended.
    pub ended_by_itself: &'static str,
    /// Heading of the components.
    pub components: &'static str,
    /// Heading of planned maintenance.
    pub planned: &'static str,
    /// Heading of what is over.
    pub past: &'static str,
    /// Nothing was posted.
    pub nothing_past: &'static str,
    /// Link to the history.
    pub history: &'static str,
    /// Nothing was posted in a month.
    pub nothing_in_month: &'static str,
    /// Link back to the front.
    pub back: &'static str,
    /// Link to the month before.
    pub earlier: &'static str,
    /// Link to the month after.
    pub later: &'static str,
    /// Label of the links to feeds.
    pub feeds: &'static str,
    /// Link to the calendar.
    pub calendar: &'static str,
    /// Right end of the days.
    pub today: &'static str,
    /// Before the names of components that a post is about.
    pub affects: &'static str,
    /// Before a response time.
    pub response_time: &'static str,
    /// Before the time at which the page was made.
    pub updated: &'static str,
    /// Banner while the store fails, before a time.
    pub stale: &'static str,
    /// Before the name of the product.
    pub powered_by: &'static str,
    /// Label of the password's field.
    pub password: &'static str,
    /// Above the password's field.
    pub password_says: &'static str,
    /// The password is wrong.
    pub password_wrong: &'static str,
    /// Too many passwords were tried.
    pub password_later: &'static str,
    /// The password's button.
    pub open: &'static str,
    /// Link past the head, for who uses the keyboard.
    pub skip: &'static str,
    /// Word before a figure on a badge.
    pub uptime: &'static str,
    /// What is said about subscribing.
    pub subscribing: Subscribing,
    /// Left end of the days.
    pub days_ago: fn(u16) -> String,
    /// What the bars say: of how many days, and on how many of them there was downtime.
    pub bars: fn(u16, usize) -> String,
}

/// The texts of a language.
pub fn texts(language: PageLanguage) -> &'static Texts {
    match language {
        PageLanguage::En => &en::TEXTS,
        PageLanguage::Fi => &fi::TEXTS,
        PageLanguage::De => &de::TEXTS,
        PageLanguage::Es => &es::TEXTS,
        PageLanguage::Fr => &fr::TEXTS,
    }
}

impl Texts {
    /// A component's status; none where nobody knows.
    pub fn status(&self, status: Option<ComponentStatus>) -> &'static str {
        match status {
            None => self.no_data,
            Some(ComponentStatus::Operational) => self.operational,
            Some(ComponentStatus::UnderMaintenance) => self.under_maintenance,
            Some(ComponentStatus::DegradedPerformance) => self.degraded_performance,
            Some(ComponentStatus::PartialOutage) => self.partial_outage,
            Some(ComponentStatus::MajorOutage) => self.major_outage,
        }
    }

    /// What the whole page says.
    pub fn headline(&self, indicator: Indicator) -> &'static str {
        match indicator {
            Indicator::None => self.all_good,
            Indicator::Maintenance => self.maintenance,
            Indicator::Minor => self.minor,
            Indicator::Major => self.major,
            Indicator::Critical => self.critical,
        }
    }

    /// A post's state.
    pub fn state(&self, state: PostState) -> &'static str {
        match state {
            PostState::Investigating => self.investigating,
            PostState::Identified => self.identified,
            PostState::Monitoring => self.monitoring,
            PostState::Resolved => self.resolved,
            PostState::Scheduled => self.scheduled,
            PostState::InProgress => self.in_progress,
            PostState::Completed => self.completed,
        }
    }

    /// What an update says that the clock made.
    pub fn by_itself(&self, state: PostState) -> &'static str {
        match state {
            PostState::InProgress => self.began_by_itself,
            PostState::Completed => self.ended_by_itself,
            state => self.state(state),
        }
    }

    /// Hundredths of a percent, as people read them: 99.98 %, and 100 % only where it is that.
    pub fn percent(&self, hundredths: u32) -> String {
        match hundredths {
            10_000 => "100 %".to_owned(),
            _ => format!("{}{}{:02} %", hundredths / 100, self.decimal, hundredths % 100),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_never_rounded_up() {
        let (en, fi) = (texts(PageLanguage::En), texts(PageLanguage::Fi));
        assert_eq!(
            (en.percent(10_000), en.percent(9_999), fi.percent(9_905), en.percent(0)),
            ("100 %".into(), "99.99 %".into(), "99,05 %".into(), "0.00 %".into())
        );
    }

    #[test]
    fn every_language_has_its_own_words() {
        let all: Vec<&Texts> = PageLanguage::ALL.into_iter().map(texts).collect();
        for (place, one) in all.iter().enumerate() {
            assert_eq!(one.lang, PageLanguage::ALL[place].as_str());
            for other in &all[..place] {
                assert_ne!(
                    (one.all_good, one.password_says, one.nothing_past),
                    (other.all_good, other.password_says, other.nothing_past)
                );
            }
        }
    }
}
