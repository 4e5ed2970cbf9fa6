//! Texts of the API as the OpenAPI document describes them: ids, times, URLs and the like. Views and parameters name these types in
//! place of the domain's, which know nothing of OpenAPI.

use std::borrow::Cow;

use serde_json::json;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Object, RefOr, Schema,
        schema::{ObjectBuilder, SchemaFormat, SchemaType, Type},
    },
};
use valpero_domain::text_spec::{self as spec, Text};

/// A text as a schema of its own.
pub(crate) fn describe(text: &Text) -> ObjectBuilder {
    let some = |text: &'static str| (!text.is_empty()).then_some(text);
    let mut schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .description(some(text.says))
        .pattern(some(text.pattern))
        .format(some(text.format).map(|format| SchemaFormat::Custom(format.to_owned())))
        .min_length((text.min > 0).then_some(text.min))
        .max_length(text.max);
    if !text.example.is_empty() {
        schema = schema.examples([json!(text.example)]);
    }
    if !text.values.is_empty() {
        schema = schema.enum_values(Some(text.values.iter().copied()));
    }
    schema
}

macro_rules! texts {
    ($($name:ident $text:expr;)*) => {$(
        #[doc = concat!("Describes `", stringify!($name), "`.")]
        #[derive(Debug)]
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                describe(&$text).build().into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                $text.name.into()
            }
        }
    )*};
}

texts! {
    AccountId valpero_domain::AccountId::TEXT;
    AuditId valpero_domain::AuditId::TEXT;
    AuditAction valpero_domain::AuditAction::TEXT;
    ChannelId valpero_domain::ChannelId::TEXT;
    ChannelType valpero_domain::channel::ChannelType::TEXT;
    AlertEvent valpero_domain::channel::ALERT_EVENT;
    HealthStatus valpero_domain::channel::HealthStatus::TEXT;
    TestOutcome valpero_domain::channel::TestOutcome::TEXT;
    MailAddress valpero_domain::mail_address::TEXT;
    CheckId valpero_domain::CheckId::TEXT;
    CommentId valpero_domain::id::CommentId::TEXT;
    DeliveryId valpero_domain::DeliveryId::TEXT;
    EventId valpero_domain::EventId::TEXT;
    IncidentId valpero_domain::IncidentId::TEXT;
    InvitationId valpero_domain::InvitationId::TEXT;
    KeyId valpero_domain::KeyId::TEXT;
    PageId valpero_domain::PageId::TEXT;
    PageSlug valpero_domain::pages::Slug::TEXT;
    PageLanguage valpero_domain::pages::PageLanguage::TEXT;
    PageVisibility valpero_domain::pages::Visibility::TEXT;
    Colour valpero_domain::pages::values::Colour::TEXT;
    Network valpero_domain::pages::values::Network::TEXT;
    ComponentId valpero_domain::ComponentId::TEXT;
    ComponentStatus valpero_domain::pages::ComponentStatus::TEXT;
    PostId valpero_domain::PostId::TEXT;
    PostUpdateId valpero_domain::PostUpdateId::TEXT;
    PostKind valpero_domain::pages::PostKind::TEXT;
    PostState valpero_domain::pages::PostState::TEXT;
    DomainName valpero_domain::pages::DomainName::TEXT;
    PageDomainState valpero_domain::pages::DomainState::TEXT;
    SubscriberId valpero_domain::SubscriberId::TEXT;
    SubscriberKind valpero_domain::pages::SubscriberKind::TEXT;
    SubscriberStatus valpero_domain::pages::SubscriberStatus::TEXT;
    PostImpact valpero_domain::pages::Impact::TEXT;
    MonitorId valpero_domain::MonitorId::TEXT;
    PolicyId valpero_domain::PolicyId::TEXT;
    SessionId valpero_domain::SessionId::TEXT;
    UserId valpero_domain::UserId::TEXT;
    Role valpero_domain::Role::TEXT;
    Time spec::TIME;
    Region spec::REGION;
    Url spec::URL;
    Name spec::NAME;
    Tag spec::TAG;
    FilterValue spec::FILTER_VALUE;
    ActorFilter spec::ACTOR;
    ExpectedStatus spec::EXPECTED_STATUS;
    Status valpero_domain::status::Status::TEXT;
    DegradedReason valpero_domain::status::DegradedReason::TEXT;
    CheckType valpero_domain::check::CheckType::TEXT;
    Host spec::HOST;
    StartTls valpero_domain::host_checks::StartTls::TEXT;
    DnsName spec::DNS_NAME;
    JsonOp valpero_domain::body_check::Op::TEXT;
    SlowOutcome valpero_domain::http_check::SlowOutcome::TEXT;
    RecordType valpero_domain::dns_check::RecordType::TEXT;
    DnsMatch valpero_domain::dns_check::DnsMatch::TEXT;
    Method valpero_domain::http_check::Method::TEXT;
    Outcome valpero_domain::probe::Outcome::TEXT;
    ErrorCode valpero_domain::probe::ErrorCode::TEXT;
    IncidentStatus valpero_domain::incident::IncidentStatus::TEXT;
    ActorType valpero_domain::actor::ActorType::TEXT;
    TimelineType valpero_domain::incident::TimelineType::TEXT;
    DeliveryStatus valpero_domain::delivery::DeliveryStatus::TEXT;
    MessageType valpero_domain::alerting::content::MessageType::TEXT;
    EventType valpero_domain::delivery::EventType::TEXT;
    Scope valpero_domain::scope::Scope::TEXT;
    Plan valpero_domain::plan::Plan::TEXT;
    Language valpero_domain::Language::TEXT;
    TimeZone valpero_domain::time_zone::TEXT;
    DealCode valpero_domain::deal_code::TEXT;
    Cursor Text {
        name: "Cursor",
        says: "Position in a list: `next_cursor` of the page before. Valid for the same account, list and filters only.",
        example: "3q2-7wAAAAAAAAAAbW9uXzAxTTgyUEpGRlNZOVhLWENWMFdSTVg0QzdN",
        format: "cursor",
        min: 1,
        max: Some(300),
        ..Text::PLAIN
    };
    WebhookSecret Text {
        name: "WebhookSecret",
        says: "Secret that signs webhooks: 32 bytes in base64.",
        example: "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        pattern: "^whsec_[A-Za-z0-9+/]{43}=$",
        ..Text::PLAIN
    };
    Token Text {
        name: "Token",
        says: "Token that a client sends as `Authorization: Bearer …`.",
        example: "val_key_EXAMPLEexampleEXAMPLEexampleEXAM000000",
        pattern: "^val_key_[0-9A-Za-z]{38}$",
        ..Text::PLAIN
    };
    Window valpero_domain::rollup::Window::TEXT;
}

/// A text, a number, a truth value or null.
pub fn scalar() -> Object {
    let types = [Type::String, Type::Number, Type::Boolean, Type::Null];
    ObjectBuilder::new().schema_type(SchemaType::from_iter(types)).examples([json!("ok")]).build()
}
