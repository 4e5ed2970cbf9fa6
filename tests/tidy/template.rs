//! The templates and the code say the same: tables, variables, policies, routes, queues.

use std::collections::BTreeSet;

use serde_yaml_ng::Value;
use valpero_domain::region::REGIONS;
use valpero_runtime::{
    Needs,
    queue::{HIDDEN_S, RECEIVES_MAX},
};
use valpero_storage::schema::{SHAPES, Shape, TTL};

use crate::harness::{granted, template};

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// What each function says that it needs.
fn needs() -> Vec<(&'static str, Needs)> {
    let groups = valpero_api::GROUPS.iter().map(|group| (group.name, group.needs));
    let workers =
        [("checker", valpero_checker::NEEDS), ("delivery", valpero_delivery::NEEDS), ("rollup", valpero_rollup::NEEDS)];
    let workers =
        workers.into_iter().chain([("dashboard", valpero_dashboard::NEEDS), ("status", valpero_status::NEEDS)]);
    groups.chain(workers).collect()
}

#[test]
fn the_tables_are_those_of_the_code() {
    let home = template::home();
    let tables = home.resources("AWS::DynamoDB::Table");
    assert_eq!(tables.len(), SHAPES.len());
    for (id, table) in tables {
        let name = home.name(&table["TableName"]);
        let shape = SHAPES.iter().find(|shape| shape.name == name).unwrap_or_else(|| panic!("{id} is none of ours"));
        let key = |keys: &Value, kind: &str| {
            let found = keys.as_sequence().into_iter().flatten().find(|key| text(&key["KeyType"]) == kind);
            found.map(|key| text(&key["AttributeName"]).to_owned())
        };
        let index = &table["GlobalSecondaryIndexes"][0];
        let seen = (
            key(&table["KeySchema"], "HASH"),
            key(&table["KeySchema"], "RANGE"),
            text(&table["TimeToLiveSpecification"]["AttributeName"]).to_owned(),
            index["IndexName"].as_str().map(str::to_owned),
            key(&index["KeySchema"], "HASH"),
            key(&index["KeySchema"], "RANGE"),
        );
        let Shape { keys: (partition, sort), ttl, index, .. } = *shape;
        let own = |text: &str| text.to_owned();
        let expected = (
            Some(own(partition)),
            sort.map(own),
            own(if ttl { TTL } else { "" }),
            index.map(|(name, ..)| own(name)),
            index.map(|(_, partition, _)| own(partition)),
            index.map(|(.., sort)| own(sort)),
        );
        assert_eq!(seen, expected, "{name}");
        assert_eq!(text(&table["BillingMode"]), "PAY_PER_REQUEST", "{name}");
        let protected: Value = serde_yaml_ng::from_str("!If [Protected, true, false]").expect("YAML");
        assert_eq!(table["DeletionProtectionEnabled"], protected, "{name} can be deleted by mistake");
        let recovers = table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"].as_bool();
        let ages = ["checks", "idempotency"].contains(&name.as_str());
        assert_eq!(recovers.unwrap_or(false), !ages, "{name}: what ages by itself is not backed up");
    }
}

#[test]
fn each_function_has_the_variables_that_it_reads_and_no_other() {
    let functions: Vec<_> = [template::home(), template::region()]
        .into_iter()
        .flat_map(|template| {
            template.functions().into_iter().map(|(name, function)| (name, template.variables(function)))
        })
        .collect();
    assert_eq!(functions.len(), needs().len(), "each function has its place in a template");
    for (name, needs) in needs() {
        let (_, given) = functions.iter().find(|(function, _)| function == name).expect("a function");
        let read: BTreeSet<String> = needs.variables().into_iter().map(str::to_owned).collect();
        assert_eq!(*given, read, "{name}");
    }
}

#[test]
fn each_function_may_send_and_publish_if_it_does_and_nothing_is_granted_wholesale() {
    for (name, needs) in needs() {
        let granted = &granted()[name];
        let may = |action: &str, resource: &str| granted.contains(&(action.to_owned(), resource.to_owned()));
        assert_eq!(may("sqs:SendMessage", "webhooks"), needs.queue, "{name}");
        assert_eq!(granted.iter().any(|(action, _)| action == "events:PutEvents"), needs.events, "{name}");
        let resources = ["identity/${MailFrom}", "identity/${Domain}", "configuration-set/${MailConfigurationSet}"];
        for (action, resource) in
            ["ses:SendEmail", "ses:SendRawEmail"].iter().flat_map(|a| resources.map(|of| (*a, of)))
        {
            assert_eq!(may(action, resource), needs.mail, "{name}: {action} {resource}");
        }
        for (action, resource) in granted {
            assert!(!action.contains('*'), "{name}: {action}");
            let changes = ["dynamodb:UpdateItem", "dynamodb:DeleteItem"].contains(&action.as_str());
            assert!(!(changes && resource == "audit-log"), "{name}: the audit log is append only");
        }
    }
}

#[test]
fn no_policy_names_more_than_it_must() {
    for template in [template::home(), template::region()] {
        for (id, role) in template.resources("AWS::IAM::Role") {
            let whole = serde_yaml_ng::to_string(role).expect("YAML");
            for line in whole.lines().filter(|line| line.contains('*')) {
                // A log group's streams have no names of our choosing, and of the regions with a bus only their stacks know.
                let streams = line.contains(":log-group:/aws/lambda/") && line.matches('*').count() == 1;
                let buses = line.contains(":events:*:") && line.ends_with("event-bus/${AWS::StackName}");
                assert!(streams || buses, "{id}: {line}");
            }
        }
    }
}

#[test]
fn the_gateway_hands_each_route_to_the_function_that_has_it() {
    let home = template::home();
    for group in valpero_api::GROUPS {
        for path in (group.routes)().document().paths.paths.keys() {
            assert_eq!(home.answering(&path.replace(['{', '}'], "")), group.name, "{path}");
        }
    }
    // The reference does not describe them.
    for path in ["/docs", "/docs/x"] {
        assert_eq!(home.answering(path), "docs", "{path}");
    }
    assert_eq!(home.answering("/status/acme"), "status");
    for path in ["/", "/nowhere", "/monitors/x", "/status"] {
        assert_eq!(home.answering(path), "dashboard", "{path}");
    }
    assert_eq!(home.answering("/api/v1/nowhere"), "account", "what is no route of the API is answered as a problem");
}

#[test]
fn the_gateway_is_changed_at_few_places_at_once() {
    let home = template::home();
    let kinds = ["AWS::ApiGatewayV2::Integration", "AWS::ApiGatewayV2::Route"];
    let parts = kinds.into_iter().flat_map(|kind| home.resources(kind));
    // The part that each waits for: the one that it names, or else the integration that it leads to.
    let awaited: Vec<&str> = parts
        .map(|(id, part)| match text(&home.section("Resources")[id]["DependsOn"]) {
            "" => text(&part["Target"]).trim_start_matches("integrations/${").trim_end_matches('}'),
            named => named,
        })
        .collect();
    let chains = awaited.iter().filter(|part| part.is_empty()).count();
    assert!(chains <= 4, "{chains} parts of the API wait for no other; API Gateway refuses changes that come together");
    let mut seen = BTreeSet::new();
    for part in awaited.into_iter().filter(|part| !part.is_empty()) {
        assert!(seen.insert(part), "two parts of the API follow {part} at once");
    }
}

#[test]
fn mail_exists_only_where_there_is_a_sender() {
    let resources = template::home().section("Resources").as_mapping().expect("resources");
    let mail = resources.iter().filter(|(id, _)| text(id).starts_with("Mail"));
    let conditions: Vec<&str> = mail.map(|(_, resource)| text(&resource["Condition"])).collect();
    assert_eq!(conditions, ["Mails"; 5]);
    let tags = &template::home().properties("MailRule")["EventPattern"]["detail"]["mail"]["tags"];
    assert!(!tags["ses:configuration-set"].is_null(), "other mail of the AWS account is not ours");
}

#[test]
fn the_queue_behaves_as_the_one_in_this_process() {
    let home = template::home();
    let queue = home.properties("WebhookQueue");
    assert_eq!(queue["VisibilityTimeout"].as_i64(), Some(HIDDEN_S));
    assert_eq!(queue["RedrivePolicy"]["maxReceiveCount"].as_u64(), Some(u64::from(RECEIVES_MAX)));
    let delivery = home.properties("DeliveryFunction");
    assert!(delivery["Timeout"].as_i64().is_some_and(|timeout| 6 * timeout <= HIDDEN_S));
    assert_eq!(text(&delivery["RecursiveLoop"]), "Allow", "a retry goes to the queue that it came from");
    for template in [template::home(), template::region()] {
        for (id, queue) in template.resources("AWS::SQS::Queue") {
            assert_eq!(queue["SqsManagedSseEnabled"].as_bool(), Some(true), "{id} is encrypted");
        }
    }
}

#[test]
fn each_function_keeps_its_log_for_a_while_and_not_for_ever() {
    for template in [template::home(), template::region()] {
        for (id, group) in template.resources("AWS::Logs::LogGroup") {
            assert!(!group["RetentionInDays"].is_null(), "{id}");
        }
    }
}

#[test]
fn the_home_template_knows_the_code_of_every_region() {
    let codes = template::home().section("Mappings")["Regions"].as_mapping().expect("a mapping");
    let mapped: BTreeSet<(&str, &str)> = codes.iter().map(|(aws, code)| (text(&code["Code"]), text(aws))).collect();
    let known: BTreeSet<(&str, &str)> = REGIONS.iter().map(|(code, aws, _)| (*code, *aws)).collect();
    assert_eq!(mapped, known);
}

#[test]
fn the_operators_page_lists_every_parameter_of_the_home_stack() {
    let page = super::read("docs/OPERATING.md");
    for (name, parameter) in template::home().section("Parameters").as_mapping().expect("parameters") {
        let default = match &parameter["Default"] {
            Value::Number(number) => number.to_string(),
            words if text(words).is_empty() => "none".to_owned(),
            words => text(words).to_owned(),
        };
        let row = format!("| `{}` | {default} |", text(name));
        assert!(page.contains(&row), "docs/OPERATING.md has no row that begins with {row}");
    }
}

#[test]
fn the_regions_documentation_lists_every_region() {
    let page = super::read("docs/REGIONS.md");
    for (code, aws, place) in REGIONS {
        assert!(page.contains(&format!("| `{code}` | {aws} | {place} |")), "docs/REGIONS.md does not show {code}");
    }
}
