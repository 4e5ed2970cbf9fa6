//! What the audit log says was done.

use std::str::FromStr;

use crate::{
    Invalid, Status,
    text_spec::{Text, values},
};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditAction {
    /// An operator made the account.
    AccountCreated,
    /// An operator set the account's plan.
    AccountPlanSet,
    /// The channels of the account were told to be silent.
    AccountMuted,
    /// The account's mute was ended.
    AccountUnmuted,
    /// The account's settings changed.
    AccountUpdated,
    /// A deal code moved the account to another plan.
    AccountRedeemed,
    /// An API key was made.
    KeyCreated,
    /// An API key was given another name.
    KeyRenamed,
    /// An API key was revoked.
    KeyRevoked,
    /// An API key was replaced by a new one.
    KeyRotated,
    /// An API key was used for the first time on a day.
    KeyUsed,
    /// A monitor was made.
    MonitorCreated,
    /// A monitor's settings changed.
    MonitorUpdated,
    /// A monitor was deleted.
    MonitorDeleted,
    /// A monitor was paused.
    MonitorPaused,
    /// A monitor was resumed.
    MonitorResumed,
    /// A monitor came up, or is for the first time.
    MonitorUp,
    /// A monitor became degraded.
    MonitorDegraded,
    /// A monitor went down.
    MonitorDown,
    /// The channels of a monitor were told to be silent.
    MonitorMuted,
    /// A monitor's mute was ended.
    MonitorUnmuted,
    /// A check was requested.
    MonitorCheckRequested,
    /// A certificate reached one of the days at which its expiry is told.
    MonitorSslExpiring,
    /// No region could probe a monitor any more.
    MonitorUnwatched,
    /// A region can probe a monitor again.
    MonitorWatched,
    /// A person took an incident.
    IncidentAcknowledged,
    /// A person wrote on an incident.
    IncidentCommented,
    /// A person resolved an incident.
    IncidentResolved,
    /// A webhook's secret was replaced.
    WebhookSecretRotated,
    /// A test event was sent to a webhook.
    WebhookTested,
    /// A delivery was sent again.
    WebhookRedelivered,
    /// A webhook was switched off, because its receiver is gone.
    WebhookDisabled,
    /// A channel was made.
    ChannelCreated,
    /// A channel's settings changed.
    ChannelUpdated,
    /// A channel was deleted.
    ChannelDeleted,
    /// A test message was sent to a channel.
    ChannelTested,
    /// The secret of a channel was replaced.
    ChannelSecretRotated,
    /// A channel was switched off, because its receiver refuses all messages.
    ChannelDisabled,
    /// A delivery to a channel was sent again.
    ChannelRedelivered,
    /// An escalation policy was made.
    PolicyCreated,
    /// An escalation policy changed.
    PolicyUpdated,
    /// An escalation policy was deleted.
    PolicyDeleted,
    /// The alert routes were set.
    RoutesUpdated,
    /// A person was invited.
    PersonInvited,
    /// An invitation was withdrawn.
    InvitationWithdrawn,
    /// A person joined the account.
    PersonJoined,
    /// A person was given another role.
    PersonRoleChanged,
    /// A person was removed from the account, or left it.
    PersonRemoved,
    /// A person set a password.
    PersonPasswordSet,
    /// A person set up a second factor.
    PersonTotpSet,
    /// A person's second factor was taken away.
    PersonTotpRemoved,
    /// An operator made a link by which a person sets a new password.
    PersonLinkCreated,
    /// A person signed in.
    SessionOpened,
    /// A session was ended before its time.
    SessionEnded,
    /// A status page was made.
    PageCreated,
    /// A status page's settings changed.
    PageUpdated,
    /// A status page was deleted.
    PageDeleted,
    /// The status of a component was set by hand.
    PageComponentSet,
    /// A status page was given another domain.
    PageDomainSet,
    /// A post of a status page was made.
    PostCreated,
    /// A post was changed.
    PostUpdated,
    /// An update was added to a post.
    PostUpdateAdded,
    /// A post was deleted.
    PostDeleted,
    /// A subscriber of a status page was removed.
    SubscriberRemoved,
}

impl AuditAction {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "AuditAction",
        says: "What was done.",
        example: "monitor.created",
        values: values!(AuditAction),
        ..Text::PLAIN
    };

    /// Every action.
    pub const ALL: [Self; 64] = [
        Self::AccountCreated,
        Self::AccountPlanSet,
        Self::AccountMuted,
        Self::AccountUnmuted,
        Self::AccountUpdated,
        Self::AccountRedeemed,
        Self::KeyCreated,
        Self::KeyRenamed,
        Self::KeyRevoked,
        Self::KeyRotated,
        Self::KeyUsed,
        Self::MonitorCreated,
        Self::MonitorUpdated,
        Self::MonitorDeleted,
        Self::MonitorPaused,
        Self::MonitorResumed,
        Self::MonitorUp,
        Self::MonitorDegraded,
        Self::MonitorDown,
        Self::MonitorMuted,
        Self::MonitorUnmuted,
        Self::MonitorCheckRequested,
        Self::MonitorSslExpiring,
        Self::MonitorUnwatched,
        Self::MonitorWatched,
        Self::IncidentAcknowledged,
        Self::IncidentCommented,
        Self::IncidentResolved,
        Self::WebhookSecretRotated,
        Self::WebhookTested,
        Self::WebhookRedelivered,
        Self::WebhookDisabled,
        Self::ChannelCreated,
        Self::ChannelUpdated,
        Self::ChannelDeleted,
        Self::ChannelTested,
        Self::ChannelSecretRotated,
        Self::ChannelDisabled,
        Self::ChannelRedelivered,
        Self::PolicyCreated,
        Self::PolicyUpdated,
        Self::PolicyDeleted,
        Self::RoutesUpdated,
        Self::PersonInvited,
        Self::InvitationWithdrawn,
        Self::PersonJoined,
        Self::PersonRoleChanged,
        Self::PersonRemoved,
        Self::PersonPasswordSet,
        Self::PersonTotpSet,
        Self::PersonTotpRemoved,
        Self::PersonLinkCreated,
        Self::SessionOpened,
        Self::SessionEnded,
        Self::PageCreated,
        Self::PageUpdated,
        Self::PageDeleted,
        Self::PageComponentSet,
        Self::PageDomainSet,
        Self::PostCreated,
        Self::PostUpdated,
        Self::PostUpdateAdded,
        Self::PostDeleted,
        Self::SubscriberRemoved,
    ];

    /// A change of a monitor's status to this one.
    pub const fn to_status(status: Status) -> Self {
        match status {
            Status::Pending => Self::MonitorResumed,
            Status::Up => Self::MonitorUp,
            Status::Degraded => Self::MonitorDegraded,
            Status::Down => Self::MonitorDown,
            Status::Paused => Self::MonitorPaused,
        }
    }

    /// The action as the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountCreated => "account.created",
            Self::AccountPlanSet => "account.plan_set",
            Self::AccountMuted => "account.muted",
            Self::AccountUnmuted => "account.unmuted",
            Self::AccountUpdated => "account.updated",
            Self::AccountRedeemed => "account.redeemed",
            Self::KeyCreated => "key.created",
            Self::KeyRenamed => "key.renamed",
            Self::KeyRevoked => "key.revoked",
            Self::KeyRotated => "key.rotated",
            Self::KeyUsed => "key.used",
            Self::MonitorCreated => "monitor.created",
            Self::MonitorUpdated => "monitor.updated",
            Self::MonitorDeleted => "monitor.deleted",
            Self::MonitorPaused => "monitor.paused",
            Self::MonitorResumed => "monitor.resumed",
            Self::MonitorUp => "monitor.up",
            Self::MonitorDegraded => "monitor.degraded",
            Self::MonitorDown => "monitor.down",
            Self::MonitorMuted => "monitor.muted",
            Self::MonitorUnmuted => "monitor.unmuted",
            Self::MonitorCheckRequested => "monitor.check_requested",
            Self::MonitorSslExpiring => "monitor.ssl_expiring",
            Self::MonitorUnwatched => "monitor.unwatched",
            Self::MonitorWatched => "monitor.watched",
            Self::IncidentAcknowledged => "incident.acknowledged",
            Self::IncidentCommented => "incident.commented",
            Self::IncidentResolved => "incident.resolved",
            Self::WebhookSecretRotated => "webhook.secret_rotated",
            Self::WebhookTested => "webhook.tested",
            Self::WebhookRedelivered => "webhook.redelivered",
            Self::WebhookDisabled => "webhook.disabled",
            Self::ChannelCreated => "channel.created",
            Self::ChannelUpdated => "channel.updated",
            Self::ChannelDeleted => "channel.deleted",
            Self::ChannelTested => "channel.tested",
            Self::ChannelSecretRotated => "channel.secret_rotated",
            Self::ChannelDisabled => "channel.disabled",
            Self::ChannelRedelivered => "channel.redelivered",
            Self::PolicyCreated => "policy.created",
            Self::PolicyUpdated => "policy.updated",
            Self::PolicyDeleted => "policy.deleted",
            Self::RoutesUpdated => "routes.updated",
            Self::PersonInvited => "person.invited",
            Self::InvitationWithdrawn => "invitation.withdrawn",
            Self::PersonJoined => "person.joined",
            Self::PersonRoleChanged => "person.role_changed",
            Self::PersonRemoved => "person.removed",
            Self::PersonPasswordSet => "person.password_set",
            Self::PersonTotpSet => "person.totp_set",
            Self::PersonTotpRemoved => "person.totp_removed",
            Self::PersonLinkCreated => "person.link_created",
            Self::SessionOpened => "session.opened",
            Self::SessionEnded => "session.ended",
            Self::PageCreated => "page.created",
            Self::PageUpdated => "page.updated",
            Self::PageDeleted => "page.deleted",
            Self::PageComponentSet => "page.component_set",
            Self::PageDomainSet => "page.domain_set",
            Self::PostCreated => "post.created",
            Self::PostUpdated => "post.updated",
            Self::PostUpdateAdded => "post.update_added",
            Self::PostDeleted => "post.deleted",
            Self::SubscriberRemoved => "subscriber.removed",
        }
    }
}

impl FromStr for AuditAction {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let named = Self::ALL.into_iter().find(|action| action.as_str() == text);
        named.ok_or_else(|| Self::TEXT.none_of_these("an action of the audit log"))
    }
}
