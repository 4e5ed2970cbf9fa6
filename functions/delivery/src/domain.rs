//! Looks at the domains of status pages: whether DNS leads to the page, and whether it answers there.

use std::collections::BTreeSet;

use valpero_domain::{
    AccountId, Actor, AuditAction, AuditId, PageId, Timestamp,
    check::Check,
    dns_check::{DnsCheck, DnsMatch, RecordType},
    dns_name::DnsName,
    event::Due,
    http_check::{ExpectedStatus, HttpCheck},
    pages::{
        DomainName, DomainState,
        domain::{PROOF_DAYS, Seen},
    },
    probe::Outcome,
};
use valpero_outbound::probe;
use valpero_runtime::{WorkError, entropy};
use valpero_storage::{AuditRow, Optional, StatusPageRow, StoreError};

use crate::Delivery;

/// How long one question may take, in milliseconds: of a look's four, so that all end while a function may run.
const TIMEOUT_MS: u32 = 5_000;

/// What the page answers who asks whether it is there; a site that answers everything says something else.
const NO_CONTENT: &str = "204";

/// Nobody could be asked, by a fault of our own.
struct OurFault;

/// A look counts as lost after this, in milliseconds.
const LOST_MS: i64 = 60_000;

impl Delivery {
    /// Looks at a page's domain, and plans the next look. Answers, for the log, what came of it.
    pub(crate) async fn look_at_domain(&self, account: AccountId, page: PageId) -> Result<&'static str, WorkError> {
        let store = &self.app.store;
        let now = self.app.now();
        if !store.claim_look(account, page, now, now.plus_ms(LOST_MS)).await? {
            return Ok("not due");
        }
        let Some(row) = store.page(account, page).await.optional()? else { return Ok("the page is gone") };
        let (Some(domain), Some(before)) = (&row.domain, &row.domain_watch) else { return Ok("no domain any more") };
        // Where we ourselves get no answer, nothing is known of the domain.
        let Ok(seen) = self.see(&row, domain, &before.target, now).await else { return Ok("our own DNS fails") };
        let now = self.app.now();
        let after = before.after(seen, now);
        if after.is_unproved(now) {
            return self.take_away(&row, domain, now).await;
        }
        let next = after.next_look(now);
        if !store.note_domain(&row, &after, next).await? {
            return Ok("changed meanwhile");
        }
        if after.state == DomainState::Broken && before.state != DomainState::Broken {
            let why = after.detail.clone().unwrap_or_default();
            let subject = format!("Domain broken: {domain}");
            let text = format!("Readers no longer find the status page {} at {domain}. {why}", row.spec.title);
            self.mail_owner(account, &subject, &text, now).await?;
        }
        self.remind_at(account, Due::Domain(page.into()), next, now).await;
        Ok(after.state.as_str())
    }

    /// Takes a domain that never led to its page from it, so that another page can have it.
    async fn take_away(
        &self,
        row: &StatusPageRow,
        domain: &DomainName,
        now: Timestamp,
    ) -> Result<&'static str, WorkError> {
        let at = now.max(row.updated_at.plus_ms(1));
        let (account, id, target) = (row.account_id, AuditId::new(at, entropy()), Some(row.id.to_string()));
        let audit = AuditRow::without_request(account, id, Actor::Delivery, AuditAction::PageDomainSet, target, at);
        match self.app.store.set_page_domain(row, None, at, &audit).await {
            Ok(()) => {}
            // The next look finds what is there by then.
            Err(StoreError::Conflict) => return Ok("changed meanwhile"),
            Err(error) => return Err(error.into()),
        }
        let subject = format!("Domain removed: {domain}");
        let text = format!(
            "The domain {domain} did not lead to the status page {} within {PROOF_DAYS} days after it was set, so it was removed. Set it again once its DNS record is right.",
            row.spec.title
        );
        self.mail_owner(account, &subject, &text, now).await?;
        Ok("given up")
    }

    async fn see(
        &self,
        row: &StatusPageRow,
        domain: &DomainName,
        target: &DomainName,
        now: Timestamp,
    ) -> Result<Seen, OurFault> {
        if let Err(why) = self.leads_to(domain, target, now).await? {
            return Ok(Seen::NoRecord(why));
        }
        Ok(match self.answers(row, domain, now).await? {
            Ok(()) => Seen::Answer,
            Err(why) => Seen::NoAnswer(why),
        })
    }

    /// Whether the domain's records lead to the target: by a CNAME record, or to an address of its.
    async fn leads_to(
        &self,
        domain: &DomainName,
        target: &DomainName,
        now: Timestamp,
    ) -> Result<Result<(), String>, OurFault> {
        let names = self.records(domain, RecordType::Cname, now).await?;
        let is_target = |name: &String| name.trim_end_matches('.').eq_ignore_ascii_case(target.as_str());
        if names.iter().any(is_target) {
            return Ok(Ok(()));
        }
        let ours: BTreeSet<String> = self.addresses(target, now).await?;
        let theirs = self.addresses(domain, now).await?;
        Ok(match (names.first(), theirs.first()) {
            _ if theirs.iter().any(|address| ours.contains(address)) => Ok(()),
            (Some(other), _) => Err(format!("The CNAME record of {domain} leads to {other}, not to {target}.")),
            (None, Some(other)) => Err(format!("{domain} leads to {other}, which is no address of {target}.")),
            (None, None) => Err(format!("{domain} has no DNS record. Set a CNAME record that leads to {target}.")),
        })
    }

    async fn addresses(&self, name: &DomainName, now: Timestamp) -> Result<BTreeSet<String>, OurFault> {
        let mut found = self.records(name, RecordType::A, now).await?;
        if found.is_empty() {
            found = self.records(name, RecordType::Aaaa, now).await?;
        }
        Ok(found.into_iter().collect())
    }

    /// The records of a name; none where there are none.
    async fn records(
        &self,
        name: &DomainName,
        record_type: RecordType,
        now: Timestamp,
    ) -> Result<Vec<String>, OurFault> {
        let Ok(name) = DnsName::try_from(name.as_str().to_owned()) else { return Ok(Vec::new()) };
        let check = DnsCheck { name, record_type, expected: Vec::new(), matching: DnsMatch::default(), resolver: None };
        let (result, facts) = probe(&self.outbound, &Check::Dns(check), TIMEOUT_MS, now).await;
        let records = facts.answers.map(|answers| answers.records).unwrap_or_default();
        if result.outcome == Outcome::ProbeError { Err(OurFault) } else { Ok(records) }
    }

    /// Whether the page itself answers at the domain, asked by its ID.
    async fn answers(
        &self,
        row: &StatusPageRow,
        domain: &DomainName,
        now: Timestamp,
    ) -> Result<Result<(), String>, OurFault> {
        let host = domain.as_str();
        let base = self.app.settings.public_url.as_ref();
        let base = base.map_or_else(|| format!("https://{host}"), |url| url.at_host(host));
        // What everybody may see of every page, whoever may see the rest.
        let url = format!("{base}/.well-known/valpero-page/{}", row.id);
        let (Ok(url), Ok(expected_status)) = (url.try_into(), ExpectedStatus::try_from(NO_CONTENT.to_owned())) else {
            return Err(OurFault);
        };
        let check = HttpCheck { follow_redirects: false, expected_status, ..HttpCheck::default() };
        let (result, _) = probe(&self.outbound, &Check::Http(url, check), TIMEOUT_MS, now).await;
        Ok(match result.cause {
            _ if result.outcome == Outcome::ProbeError => return Err(OurFault),
            None => Ok(()),
            Some(cause) => Err(format!("{base} does not show the page: {}", cause.detail)),
        })
    }
}
