//! Every key string of every table, in one place.

use valpero_domain::{
    AccountId, ChannelId, IncidentId, InvitationId, KeyId, PageId, PolicyId, PostId, RegionCode, SubscriberId,
    Timestamp, UserId, event::Due, packed::Slot, pages::Slug, rollup::Span, schedule::Cohort,
};

/// Accounts: the account itself.
pub const ACCOUNT: &str = "account";

/// Accounts: what every entry of a key begins with.
pub const KEY: &str = "key#";

/// Schedules: the partition of the regions' heartbeats.
pub const HEARTBEATS: &str = "regions";

/// Deliveries: partitions of the sparse index of what is pending. One takes 1,000 writes a second, and where the index is full, the
/// table refuses the very transactions that change a status.
pub const PENDING_SHARDS: u8 = 8;

/// Deliveries: one partition of that index.
pub fn pending_shard(shard: u8) -> String {
    format!("pending#{shard}")
}

/// Deliveries: the partition that an event or a delivery has while it is pending, by the last of its id's random characters.
pub fn pending(due: Due) -> String {
    let last = due.to_string().into_bytes().pop().unwrap_or_default();
    pending_shard(last % PENDING_SHARDS)
}

/// Deliveries: what every delivery begins with; events, which lie beside them, begin otherwise.
pub const DELIVERY: &str = "dlv_";

/// Incidents: what every incident begins with.
pub const INCIDENT: &str = "incident#";

/// Accounts: what every entry of a channel begins with.
pub const CHANNEL: &str = "channel#";

/// Accounts: the entry of one channel.
pub fn channel_entry(channel: ChannelId) -> String {
    format!("{CHANNEL}{channel}")
}

/// Accounts: what every entry of an escalation policy begins with.
pub const POLICY: &str = "policy#";

/// Accounts: the entry of one escalation policy.
pub fn policy_entry(policy: PolicyId) -> String {
    format!("{POLICY}{policy}")
}

/// Accounts: the entry of all alert routes.
pub const ROUTES: &str = "routes";

/// Accounts: the entry of one key.
pub fn key_entry(key: KeyId) -> String {
    format!("{KEY}{key}")
}

/// Accounts: the entry of every deal code.
pub const DEAL_CODE: &str = "deal-code";

/// Accounts: the partition of one deal code.
pub fn deal_code(hash: &str) -> String {
    format!("{DEAL_CODE}#{hash}")
}

/// Accounts: what every entry of a person begins with.
pub const MEMBER: &str = "person#";

/// Accounts: the entry of one person.
pub fn member(user: UserId) -> String {
    format!("{MEMBER}{user}")
}

/// Accounts: what every entry of a person's sessions begins with.
pub fn sessions_of(user: UserId) -> String {
    format!("session#{user}#")
}

/// Accounts: the entry of one session.
pub fn session_entry(user: UserId, session: KeyId) -> String {
    format!("session#{user}#{session}")
}

/// Accounts: what every entry of an invitation begins with.
pub const INVITATION: &str = "invitation#";

/// Accounts: the entry of one invitation.
pub fn invitation(id: InvitationId) -> String {
    format!("{INVITATION}{id}")
}

/// Pages: what every entry of a status page begins with.
pub const PAGE: &str = "page#";

/// Pages: the entry of one status page.
pub fn page(page: PageId) -> String {
    format!("{PAGE}{page}")
}

/// Pages: the entry that counts how many times a page was made.
pub fn page_made(page: PageId) -> String {
    format!("made#{page}")
}

/// Pages: what every entry of a page's posts begins with.
pub fn posts(page: PageId) -> String {
    format!("post#{page}#")
}

/// Pages: the entry of one post.
pub fn post(page: PageId, post: PostId) -> String {
    format!("{}{post}", posts(page))
}

/// Pages: what every entry of a page's subscribers begins with.
pub fn subscribers(page: PageId) -> String {
    format!("subscriber#{page}#")
}

/// Pages: the entry of one subscriber.
pub fn subscriber(page: PageId, subscriber: SubscriberId) -> String {
    format!("{}{subscriber}", subscribers(page))
}

/// Pages: the partition of what a page shows, by its name.
pub fn slug(slug: &Slug) -> String {
    format!("slug#{slug}")
}

/// Pages: the partition that holds a domain for one page.
pub fn domain(domain: &str) -> String {
    format!("domain#{}", domain.to_lowercase())
}

/// Pages: the entry of what a page shows.
pub const VIEW: &str = "view";

/// Users: the entry of the person.
pub const PERSON: &str = "person";

/// Users: what the entries of a person's accounts begin with.
pub const MEMBERSHIP: &str = "member#";

/// Users: the entry of one account of a person.
pub fn membership(account: AccountId) -> String {
    format!("{MEMBERSHIP}{account}")
}

/// Users: the entry of an address that a person signed in from.
pub fn known_address(ip: &str) -> String {
    format!("address#{ip}")
}

/// Users: the entry of a one-time link.
pub const LINK: &str = "link";

/// Users: the partition of a one-time link.
pub fn link(hash: &str) -> String {
    format!("link#{hash}")
}

/// Users: the partition that counts tries.
pub fn tries(what: &str) -> String {
    format!("tries#{}", what.to_lowercase())
}

/// Accounts, Users: the partition that holds an e-mail address for one account, or for one person.
pub fn email(email: &str) -> String {
    format!("email#{}", email.to_lowercase())
}

/// Schedules: the partition that lists a region's cohorts.
pub fn directory(region: RegionCode) -> String {
    format!("cohorts#{region}")
}

/// Schedules: a cohort's entry in its region's list.
pub fn directory_entry(cohort: &Cohort) -> String {
    format!("{:05}#{:07}", cohort.interval, cohort.number)
}

/// Schedules: what the entries of all cohorts of one interval begin with.
pub fn directory_interval(interval: u32) -> String {
    format!("{interval:05}#")
}

/// Schedules, Checks: a cohort's own partition.
pub fn cohort(cohort: &Cohort) -> String {
    format!("{}#{}", cohort.region, directory_entry(cohort))
}

/// Checks: the partition of the checks that were asked for of a cohort's monitors; apart, so that they hide no tick.
pub fn requested_partition(of: &Cohort) -> String {
    format!("{}#r", cohort(of))
}

/// Checks: the partition of one monitor's failures in words.
pub fn failures(of: &Cohort, slot: Slot) -> String {
    format!("{}#{:06x}", cohort(of), slot.number())
}

/// Checks: the partition of a cohort's hours, or of its days, summed up.
pub fn rollups(of: &Cohort, span: Span) -> String {
    let mark = match span {
        Span::Hour => 'h',
        Span::Day => 'd',
    };
    format!("{}#{mark}", cohort(of))
}

/// Checks: the partition that says how far checks are summed up.
pub const ROLLED: &str = "rolled";

/// Checks: the entry for hours, and the one for days.
pub fn rolled(span: Span) -> &'static str {
    match span {
        Span::Hour => "hours",
        Span::Day => "days",
    }
}

/// Checks: a tick's place in time, to the second; ten digits until the year 2286, so text sorts as numbers do.
pub fn tick(at: Timestamp) -> String {
    format!("{:010}", at.seconds())
}

/// Checks: the place of a tick's slow monitors, which another invocation checks: behind the tick's own, and before any later time.
pub fn slow_tick(at: Timestamp) -> String {
    format!("{:010}.000.slow", at.seconds())
}

/// Checks: a requested check's place in time, to the millisecond, with its monitor's slot, so that it replaces no tick.
pub fn requested(at: Timestamp, slot: Slot) -> String {
    format!("{:010}.{:03}.{:06x}", at.seconds(), at.ms() % 1000, slot.number())
}

/// Incidents: an incident's place.
pub fn incident(id: IncidentId) -> String {
    format!("{INCIDENT}{id}")
}

/// Incidents: what the lines of an incident's story begin with.
pub fn timeline(id: IncidentId) -> String {
    format!("timeline#{id}#")
}

/// Deliveries: whose turn it is of an incident's events, at the monitor's webhook or at a channel.
pub fn turn(id: IncidentId, channel: Option<ChannelId>) -> String {
    channel.map_or_else(|| format!("turn#{id}"), |channel| format!("turn#{id}#{channel}"))
}

/// Deliveries: the partition that says when the deployment's next mail to a subscriber may go.
pub const MAIL: &str = "mail";

/// Deliveries: how fast a channel's receiver was sent to.
pub fn pace(of: &str) -> String {
    format!("pace#{of}")
}
