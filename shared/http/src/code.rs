//! Every problem that the API answers: its code, status, title and meaning. The reference shows them, and no other can be answered.

use std::borrow::Cow;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Ref, RefOr, Schema,
        schema::{ObjectBuilder, Type},
    },
};

macro_rules! codes {
    ($($name:ident: $status:literal $code:literal, $title:literal, $means:literal;)*) => {
        /// What is wrong, for a program. A code does not change between versions.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = $means] $name,)*
        }

        impl Code {
            /// Every code, in the order of their statuses.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its spelling.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// Its HTTP status.
            pub const fn status(self) -> u16 {
                match self {
                    $(Self::$name => $status,)*
                }
            }

            /// What is wrong, in a few words.
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$name => $title,)*
                }
            }

            /// What it means, in a sentence.
            pub const fn means(self) -> &'static str {
                match self {
                    $(Self::$name => $means,)*
                }
            }
        }
    };
}

codes! {
    BadJson: 400 "bad_json", "The body is not valid JSON", "The body is not valid JSON.";
    BadRequest: 400 "bad_request", "The request cannot be read", "The request is malformed.";
    Unauthorized: 401 "unauthorized", "No valid API key", "The key is missing, malformed, unknown, revoked or expired.";
    CrossSite: 403 "cross_site", "The request comes from another site", "A request with a session's cookie was sent by a page of another site, or without `Origin`.";
    MissingScope: 403 "missing_scope", "The key lacks a scope", "The key lacks the scope that `detail` names.";
    ScopeBeyondKey: 403 "scope_beyond_key", "The key lacks a scope of the other key", "A key can only grant scopes that it holds, and only revoke keys whose scopes it holds.";
    MonitorLimitReached: 403 "monitor_limit_reached", "The plan's limit of monitors is reached", "The account has as many monitors as its plan allows.";
    KeyLimitReached: 403 "key_limit_reached", "The account has too many keys", "The account has the maximum number of live keys, 100.";
    ChannelLimitReached: 403 "channel_limit_reached", "The account has too many channels", "The account has the maximum number of channels, 100.";
    OwnersOnly: 403 "owners_only", "Only an owner can do this", "Only an owner can make owners, change their role and remove them.";
    PeopleLimitReached: 403 "people_limit_reached", "The plan's limit of people is reached", "The account has as many people, with those who are invited, as its plan allows.";
    PageLimitReached: 403 "page_limit_reached", "The plan's limit of status pages is reached", "The account has as many status pages as its plan allows.";
    PolicyLimitReached: 403 "policy_limit_reached", "The account has too many escalation policies", "The account has the maximum number of escalation policies, 100.";
    NotFound: 404 "not_found", "Not found", "The account has no such object.";
    DealCodeRefused: 404 "deal_code_refused", "The deal code is not valid", "The deal code is wrong, used or expired.";
    NoRoute: 404 "no_route", "No such route", "There is no such route.";
    MethodNotAllowed: 405 "method_not_allowed", "Wrong method", "The route does not support this method; `Allow` lists the methods that it supports.";
    AlreadyMember: 409 "already_member", "The person belongs to the account", "The person of this e-mail address belongs to the account already.";
    ChannelDeleted: 409 "channel_deleted", "The channel was deleted", "The channel was deleted, so nothing can be sent to it.";
    ChannelDisabled: 409 "channel_disabled", "The channel is disabled", "The channel is not enabled, or its receiver refused everything.";
    ChannelInUse: 409 "channel_in_use", "The channel is in use", "Escalation policies name the channel; `detail` names them.";
    Collision: 409 "collision", "Try again soon", "Concurrent requests are changing the same object. Nothing was changed; try again.";
    DeliveryDigested: 409 "delivery_digested", "The message is part of a digest", "The message was told as part of a digest; send the delivery of its `digest_id` again.";
    IdempotencyInProgress: 409 "idempotency_in_progress", "Try again soon", "A request with this `Idempotency-Key` is in progress; try again to get its response.";
    IncidentResolved: 409 "incident_resolved", "The incident is resolved", "The incident is resolved and can no longer be acknowledged.";
    KeyEnded: 409 "key_ended", "The key is revoked or expired", "The key is revoked or expired, so it cannot be rotated.";
    KeyRotated: 409 "key_rotated", "The key was already rotated", "The key was already rotated; `detail` names its successor.";
    LastOwner: 409 "last_owner", "An account needs an owner", "The person is the account's only owner. Make another owner first.";
    MailNotSent: 409 "mail_not_sent", "This deployment sends no mail", "The deployment has no way to send mail, so a channel of type `email` would tell nobody.";
    MonitorDeleted: 409 "monitor_deleted", "The monitor was deleted", "The monitor was deleted, and its webhook with it.";
    MonitorPaused: 409 "monitor_paused", "The monitor is paused", "The monitor is paused; resume it first.";
    NoWebhook: 409 "no_webhook", "The monitor has no webhook", "The monitor has no `webhook_url`.";
    PageDomainTaken: 409 "page_domain_taken", "The domain is taken", "Another status page of the deployment has the domain.";
    PageSlugTaken: 409 "page_slug_taken", "The slug is taken", "Another status page of the deployment has the slug.";
    PlanNotRaised: 409 "plan_not_raised", "The code is for no higher plan", "The deal code is for a plan that is no higher than the account's. It can still be used by another account.";
    PolicyInUse: 409 "policy_in_use", "The escalation policy is in use", "Alert routes name the escalation policy; `detail` names them.";
    PostIsFull: 409 "post_is_full", "The post has too many updates", "The post has the maximum number of updates, 100, or of text, 150,000 bytes.";
    WebhookDisabled: 409 "webhook_disabled", "The webhook is switched off", "The webhook's receiver answered 410 Gone; give the monitor another `webhook_url`.";
    PreconditionFailed: 412 "precondition_failed", "The object has changed", "`If-Match` names another version of the object than the current one. Nothing was changed.";
    BodyTooLarge: 413 "body_too_large", "The body is too large", "The body is larger than 64 KiB.";
    UnsupportedMediaType: 415 "unsupported_media_type", "Wrong content type", "The `Content-Type` of the body is not `application/json` in UTF-8.";
    ValidationFailed: 422 "validation_failed", "The request is not valid", "The body or the query is invalid; `errors` lists every error.";
    IdempotencyKeyReused: 422 "idempotency_key_reused", "The idempotency key is taken", "The `Idempotency-Key` was used with another request not long ago.";
    RedeemQuotaReached: 429 "redeem_quota_reached", "Too many deal codes", "The account has used up its tries of deal codes for this hour, 10.";
    InvitationQuotaReached: 429 "invitation_quota_reached", "Too many invitations", "The account has used up its invitations for this hour, 20.";
    RateLimited: 429 "rate_limited", "Too many requests", "The key has used up its requests for this minute.";
    CheckQuotaReached: 429 "check_quota_reached", "Too many requested checks", "The monitor has used up its requested checks for this minute, 10.";
    WebhookQuotaReached: 429 "webhook_quota_reached", "Too many webhooks", "The monitor has used up its test and repeated webhooks for this minute, 60.";
    ChannelQuotaReached: 429 "channel_quota_reached", "Too many test messages", "The account has used up its test and repeated messages to channels for this minute, 20.";
    InternalError: 500 "internal_error", "Something failed on our side", "Internal error. It is logged under the request ID.";
    NoRegionYet: 503 "no_region_yet", "Try again soon", "No region has reported yet. In a new deployment the first one does within a minute.";
    Unavailable: 503 "unavailable", "Try again soon", "The service is overloaded. Nothing was changed.";
    Unreachable: 503 "unreachable", "Try again soon", "The database failed or did not answer. A change may or may not have been made.";
    TimedOut: 504 "timed_out", "Try again soon", "The request took longer than 25 s. A change may or may not have been made.";
}

impl Code {
    /// A reference to the schema.
    pub(crate) fn reference() -> Ref {
        Ref::from_schema_name(Self::name())
    }
}

impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("Machine-readable code. It does not change between versions."))
            .enum_values(Some(Self::ALL.iter().map(|code| code.as_str())))
            .examples([serde_json::json!(Self::NotFound.as_str())])
            .build()
            .into()
    }
}

impl ToSchema for Code {
    fn name() -> Cow<'static, str> {
        "ProblemCode".into()
    }
}
