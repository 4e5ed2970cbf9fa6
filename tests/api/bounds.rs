//! The bounds and defaults of the reference, each tried: on both sides where it has two, in every request body.

mod channels;
mod pages;
mod schema;

use serde_json::{Map, Value, json};
use valpero_domain::{
    Plan,
    alerting::{dependency::DEPENDS_ON_MAX, policy::CHANNELS_MAX},
    pages::settings::MONITORS_MAX,
    region::REGIONS,
};

use self::schema::{body_of, name, names_one, resolve};
use crate::harness::{Reply, Site, Tenant, World, WorldOptions};

/// One more than a monitor may have.
const CODES: &str = "hel,fra,dub,lon,par,mil,mad,zrh,use,usc,sfo,pdx,yul,yyc,gru,mex,nrt,icn,osa,sin,syd";

/// A value for one place of a body, and whether the reference allows it.
#[derive(Debug, Clone)]
struct Case {
    pointer: String,
    /// Where a fault may be told as well: that of the list or map in which the value stands.
    within: String,
    value: Value,
    allowed: bool,
    why: String,
}

/// Who sends the bodies, and where.
struct Sender<'a> {
    world: &'a World,
    document: &'a Value,
    site: &'a Site,
    owner: Tenant,
    method: String,
    path: String,
    /// Monitors with a webhook, as many as one may depend on, and one more.
    monitors: Vec<String>,
    /// Channels, as many as one step of a policy may name and one more, where policies are tried.
    channels: Vec<String>,
    /// A policy, where routes are tried.
    policy: String,
    /// A status page and its components, where posts are tried.
    page: (String, Vec<String>),
}

impl Sender<'_> {
    /// A value that the schema allows: the `turn`th of its kind, of this length where it is a text.
    fn sample(&self, schema: &Value, turn: usize, length: Option<usize>) -> Value {
        let schema = resolve(self.document, schema);
        if let Some(values) = schema["enum"].as_array() {
            return values[turn % values.len()].clone();
        }
        match schema["type"].as_str() {
            // Steps of a policy ascend.
            Some("integer") => json!(schema["minimum"].as_u64().map(|minimum| minimum + turn as u64)),
            Some("boolean") => json!(true),
            Some("array") => json!([self.sample(&schema["items"], turn, None)]),
            Some("object") => {
                let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
                let member = |name: &str| (name.to_owned(), self.sample(&schema["properties"][name], turn, None));
                Value::Object(required.map(member).collect())
            }
            Some("string") => json!(self.text(&schema, turn, length)),
            other => panic!("{other:?}: {schema}"),
        }
    }

    fn text(&self, schema: &Value, turn: usize, length: Option<usize>) -> String {
        let padded = |start: &str, length: usize| format!("{start}{}", "a".repeat(length - start.len()));
        let pattern = schema["pattern"].as_str().unwrap_or_default();
        let is_template = schema["description"].as_str().is_some_and(|says| says.contains("MiniJinja"));
        if let Some(text) = pages::text(schema, turn, length) {
            return text;
        }
        match (schema["format"].as_str(), length) {
            _ if pattern.starts_with("^cmp_") => self.page.1[turn].clone(),
            _ if pattern.starts_with("^mon_") => self.monitors.get(turn).unwrap_or(&self.monitors[0]).clone(),
            _ if pattern.starts_with("^chn_") => self.channels[turn].clone(),
            _ if pattern.starts_with("^pol_") => self.policy.clone(),
            (_, Some(0)) => String::new(),
            // It must make JSON.
            (_, None | Some(1)) if is_template => "1".into(),
            (_, Some(length)) if is_template => format!("\"{}\"", "a".repeat(length - 2)),
            // A cloud ID, and the ID of a chat.
            (_, Some(length)) if pattern.starts_with("^[0-9A-Fa-f]{8}(") => {
                let example = schema["examples"][0].as_str().expect("an example");
                format!("{example}0")[..length].to_owned()
            }
            (_, Some(1)) if pattern.starts_with("^(-?[1-9]") => "1".into(),
            (_, Some(length)) if pattern.starts_with("^(-?[1-9]") => padded("@", length),
            (Some("email"), None) => format!("a{turn}@example.com"),
            (Some("email"), Some(length)) => {
                let local = 64.min(length / 2);
                format!("{}@{}", "a".repeat(local), name(length - local - 1))
            }
            (Some("uri"), Some(length @ ..=8)) => padded("http://", length),
            (Some("uri"), Some(length)) => padded("http://a/", length),
            (Some("uri"), None) => "http://127.0.0.1:9/".into(),
            (Some("host" | "name-server"), Some(length @ 254..)) if schema["format"] == "name-server" => {
                // A port may have zeros before it.
                format!("{}:{:0>width$}", name(253), 53, width = length - 254)
            }
            (Some("host" | "dns-name" | "name-server"), Some(length)) => name(length),
            (Some("host" | "dns-name" | "name-server"), None) => "localhost".into(),
            (Some("time-zone"), Some(2)) => "NZ".into(),
            (Some("time-zone"), Some(32)) => "America/Argentina/ComodRivadavia".into(),
            (Some("time-zone"), Some(length)) => padded("", length),
            (Some("time-zone"), None) => "Europe/Helsinki".into(),
            (Some("region"), _) => REGIONS[turn].0.into(),
            (Some("json-path"), None | Some(1)) => "$".into(),
            (Some("json-path"), Some(length)) => padded("$.", length),
            (Some("expected-status"), _) => "200".into(),
            // Soon: a mute may not last for long.
            (Some("date-time"), _) => self.world.now().plus_seconds(86_400).to_string(),
            // Texts of the DNS: any will do.
            (None | Some("dns-record"), Some(length)) => padded("", length),
            (None | Some("dns-record"), None) => format!("a{turn}"),
            (Some(other), _) => panic!("no text of format {other} is known"),
        }
    }

    /// All that the reference says of what may stand at `pointer`.
    fn cases(&self, schema: &Value, pointer: &str, within: &str) -> Vec<Case> {
        let schema = &resolve(self.document, schema);
        let mut cases = Vec::new();
        let mut add = |value: Value, allowed: bool, why: String| {
            cases.push(Case { pointer: pointer.to_owned(), within: within.to_owned(), value, allowed, why });
        };
        let bound = |name: &str| schema[name].as_i64();
        let count = |name: &str| schema[name].as_u64().map(|bound| usize::try_from(bound).expect("not that many"));
        let step = bound("multipleOf").unwrap_or(1);
        for (name, beyond) in [("minimum", -step), ("maximum", step)] {
            if let Some(bound) = bound(name) {
                add(json!(bound), true, format!("{name} {bound}"));
                add(json!(bound + beyond), false, format!("{name} {bound}"));
            }
        }
        if step > 1 {
            add(json!(bound("minimum").expect("a minimum") + 1), false, format!("multipleOf {step}"));
        }
        for (name, longer) in [("minLength", false), ("maxLength", true)] {
            if let Some(bound) = count(name).filter(|bound| longer || *bound > 0) {
                add(self.sample(schema, 0, Some(bound)), true, format!("{name} {bound}"));
                let beyond = if longer { bound + 1 } else { bound - 1 };
                add(self.sample(schema, 0, Some(beyond)), false, format!("{name} {bound}"));
            }
        }
        for (name, more) in [("minItems", false), ("maxItems", true)] {
            let list = |length: usize| (0..length).map(|turn| self.sample(&schema["items"], turn, None)).collect();
            if let Some(bound) = count(name).filter(|bound| more || *bound > 0) {
                add(list(bound), true, format!("{name} {bound}"));
                add(list(if more { bound + 1 } else { bound - 1 }), false, format!("{name} {bound}"));
            }
        }
        if let Some(bound) = count("maxProperties") {
            let map = |length: usize| {
                Value::Object((0..length).map(|turn| (format!("x-{turn}"), json!("a"))).collect::<Map<_, _>>())
            };
            add(map(bound), true, format!("maxProperties {bound}"));
            add(map(bound + 1), false, format!("maxProperties {bound}"));
        }
        for (name, beyond) in [("minLength", -1), ("maxLength", 1)] {
            if let Some(bound) = schema["propertyNames"][name].as_i64() {
                for (length, allowed) in [(bound, true), (bound + beyond, false)] {
                    let named = "a".repeat(usize::try_from(length).expect("not negative"));
                    add(json!({ named: "a" }), allowed, format!("{name} {bound} of a name"));
                }
            }
        }
        for value in schema["enum"].as_array().into_iter().flatten() {
            add(value.clone(), true, "enum".into());
        }
        if schema["enum"].is_array() {
            add(json!("zzz"), false, "enum".into());
        }
        // An id of the reference is nobody's.
        for value in schema["examples"].as_array().into_iter().flatten().filter(|_| !names_one(schema)) {
            add(value.clone(), true, "example".into());
        }
        if let Some(value) = schema.get("default") {
            add(value.clone(), true, "default".into());
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let at = format!("{pointer}/{name}");
            cases.extend(self.cases(property, &at, &at));
        }
        if schema["items"].is_object() {
            cases.extend(self.cases(&schema["items"], &format!("{pointer}/0"), pointer));
        }
        if schema["additionalProperties"].is_object() {
            cases.extend(self.cases(&schema["additionalProperties"], &format!("{pointer}/x-a"), pointer));
        }
        cases
    }

    fn is_patch(&self) -> bool {
        self.method == "PATCH"
    }

    /// The least that a monitor of this type needs, in one region; of a type that does not exist, that of http.
    fn monitor_of(&self, kind: &str) -> Value {
        let schema = resolve(self.document, body_of(&self.document["paths"]["/api/v1/monitors"]["post"]));
        let settings = &schema["properties"][kind];
        if kind == "http" || settings.is_null() {
            json!({"url": self.site.url(), "regions": ["hel"]})
        } else {
            json!({"check_type": kind, kind: self.sample(settings, 0, None), "regions": ["hel"]})
        }
    }

    /// A body that says as little as possible, but has this value in this place, and what the value needs beside it.
    fn body(&self, schema: &Value, case: &Case) -> Value {
        let mut body = if self.is_patch() { json!({}) } else { self.sample(schema, 0, None) };
        let (first, rest) = case.pointer[1..].split_once('/').unwrap_or((&case.pointer[1..], ""));
        if self.path.starts_with("/api/v1/monitors") && !self.path.ends_with("/mute") {
            match first {
                "check_type" => body = self.monitor_of(case.value.as_str().unwrap_or_default()),
                _ if self.is_patch() => {}
                "ssl" | "tcp" | "dns" | "ping" => body = self.monitor_of(first),
                _ => body = self.monitor_of("http"),
            }
        }
        if channels::takes_settings(&self.path) {
            body = match self.is_patch() {
                true => channels::patch(first, &case.value),
                false => channels::whole(&self.path, first, &case.value),
            };
        }
        self.put(&mut body, schema, &case.pointer[1..], case.value.clone());
        if self.path.starts_with(pages::PAGES) {
            pages::complete(self.world, &self.path, first, &mut body);
        }
        if !self.path.starts_with("/api/v1/monitors") && !self.path.starts_with("/api/v1/tools/") {
            return body;
        }
        // Rules between fields, which no schema can say.
        let (parent, last) = case.pointer.rsplit_once('/').expect("a pointer");
        let holder = body.pointer_mut(parent).expect("it was put there");
        match (last, rest) {
            ("body", _) => holder["method"] = json!("POST"),
            ("path", _) => holder["value"] = json!("a"),
            ("op", _) if !["exists", "absent"].contains(&case.value.as_str().unwrap_or_default()) => {
                holder["value"] = json!("a");
            }
            ("value", _) => holder["op"] = json!("eq"),
            ("headers", _) if self.is_patch() => holder["basic_auth"] = Value::Null,
            // Secrets stay where they were given for.
            ("url", _) if self.is_patch() => holder["http"] = json!({"basic_auth": null}),
            ("confirm_regions", _) => {
                holder["regions"] = CODES.split(',').take(20).collect();
            }
            ("0", "expected/0") => body["dns"]["record_type"] = json!("TXT"),
            ("expected" | "match", _) => holder["record_type"] = json!("TXT"),
            ("json", _) => {
                let items = holder["json"].as_array_mut().expect("a list");
                items.iter_mut().for_each(|item| item["op"] = json!("exists"));
            }
            _ => {}
        }
        if first == "expected" {
            body["record_type"] = json!("TXT");
        }
        body
    }

    /// Puts a value in its place; what lies around it comes with what the schema requires of it.
    fn put(&self, body: &mut Value, schema: &Value, pointer: &str, value: Value) {
        let schema = resolve(self.document, schema);
        let (name, rest) = pointer.split_once('/').map_or((pointer, None), |(name, rest)| (name, Some(rest)));
        let part = if schema["type"] == "array" { &schema["items"] } else { &schema["properties"][name] };
        let (within, part) = match body {
            Value::Array(items) => (&mut items[name.parse::<usize>().expect("a place")], part),
            object => (&mut object[name], part),
        };
        match rest {
            None => *within = value,
            Some(rest) => {
                if within.is_null() {
                    *within = self.sample(part, 0, None);
                }
                self.put(within, part, rest, value);
            }
        }
    }

    /// The path, with an object of its own that nothing has happened to yet.
    async fn fresh(&self, case: &Case) -> String {
        let made = |path: &'static str, body: Value| async move {
            self.world.post(path, &self.owner, body).await.expect(201).text("/id")
        };
        if self.path.starts_with(pages::PAGES) {
            let field = case.pointer.split('/').nth(1).expect("a field");
            return pages::fresh(self.world, &self.owner, &self.path, &self.page, field, &case.value).await;
        }
        let id = match self.path.as_str() {
            "/api/v1/monitors/{id}" => {
                let body = match case.pointer.split('/').nth(1) {
                    Some(kind @ ("ssl" | "ping" | "tcp")) => {
                        json!({"check_type": kind, kind: {"host": "127.0.0.1", "port": 9}})
                    }
                    Some("dns") => json!({"check_type": "dns", "dns": {"name": "localhost"}}),
                    _ => {
                        let auth = json!({"username": "me", "password": "s3cret"});
                        json!({"url": self.site.url(), "http": {"basic_auth": auth}})
                    }
                };
                made("/api/v1/monitors", body).await
            }
            "/api/v1/channels/{id}" => {
                let field = case.pointer.split('/').nth(1).expect("a field");
                made("/api/v1/channels", channels::created(field, &case.value)).await
            }
            "/api/v1/channels/{id}/rotate-secret" => {
                made("/api/v1/channels", json!({"name": "old", "type": "webhook", "url": "http://127.0.0.1:9/"})).await
            }
            "/api/v1/escalation-policies/{id}" => {
                let steps = json!([{"after_minutes": 0, "channel_ids": [self.channels[0]]}]);
                made("/api/v1/escalation-policies", json!({"name": "old", "steps": steps})).await
            }
            "/api/v1/people/{id}" => {
                self.world.person(&self.owner, valpero_domain::Role::Viewer, None).await.user.to_string()
            }
            "/api/v1/keys/{id}" | "/api/v1/keys/{id}/rotate" => made("/api/v1/keys", json!({"name": "old"})).await,
            "/api/v1/monitors/{id}/mute" => self.monitors[0].clone(),
            path if path.contains("/incidents/{id}/") => {
                self.world.incidents(&self.owner).await[0]["id"].as_str().expect("an id").to_owned()
            }
            path => {
                assert!(!path.contains("{id}"), "{path}");
                String::new()
            }
        };
        self.path.replace("{id}", &id)
    }

    async fn send(&self, case: &Case, body: Value) -> Reply {
        // Whatever is counted by the minute begins anew, and of what is counted by the hour there is enough.
        self.world.advance(200);
        let path = self.fresh(case).await;
        let reply = self.world.call(&self.method, &path, &self.owner.token, body).await;
        self.clear_up(&path, &reply).await;
        reply
    }

    /// Deletes what an account may have few of.
    async fn clear_up(&self, path: &str, reply: &Reply) {
        let is_page = path.starts_with(pages::PAGES) && path.matches('/').count() <= 4;
        if !path.starts_with("/api/v1/channels") && !path.starts_with("/api/v1/escalation-policies") && !is_page {
            return;
        }
        let made = match (self.is_patch(), reply.status.as_u16()) {
            (true, _) => path.to_owned(),
            (false, 201) => format!("{path}/{}", reply.text("/id")),
            (false, _) => return,
        };
        self.world.call("DELETE", &made, &self.owner.token, Value::Null).await.expect(204);
    }

    /// Whether a patch with null in this place brings back the default that the reference names for a new object.
    async fn resets(&self, schema: &Value, cases: &[Case], default: &Case) {
        let others = cases.iter().filter(|case| case.pointer == default.pointer && case.allowed);
        let other = match &default.value {
            Value::Bool(flag) => Case { value: json!(!flag), ..default.clone() },
            value => others.into_iter().find(|case| case.value != *value).expect("another value").clone(),
        };
        let path = self.fresh(default).await;
        let changed = self.world.call("PATCH", &path, &self.owner.token, self.body(schema, &other)).await.expect(200);
        assert_eq!(changed.json.pointer(&default.pointer), Some(&other.value), "{path}");
        let mut null = json!({});
        self.put(&mut null, schema, &default.pointer[1..], Value::Null);
        if default.pointer == "/check_type" {
            null["url"] = json!(self.site.url());
        }
        let back = self.world.call("PATCH", &path, &self.owner.token, null).await.expect(200);
        assert_eq!(back.json.pointer(&default.pointer), Some(&default.value), "{path}");
    }

    /// Sends a case; answers what of the reference is not so.
    async fn hold(&self, schema: &Value, case: &Case) -> Option<String> {
        let body = self.body(schema, case);
        let reply = self.send(case, body.clone()).await;
        let (_, pointers) = reply.problem();
        let inside = format!("{}/", case.pointer);
        let is_there = |at: &&str| *at == case.pointer || *at == case.within || at.starts_with(&inside);
        let told = !pointers.is_empty() && pointers.iter().all(is_there);
        let no_mail = reply.problem().0 == "mail_not_sent";
        // A code of the right form is still none that anybody made.
        let no_code = reply.status == 404 && reply.json["code"] == "deal_code_refused";
        // A key makes no owners.
        let taken = reply.status.is_success() || no_mail || no_code || reply.problem().0 == "owners_only";
        let as_said = if case.allowed { taken } else { reply.status == 422 && told };
        let body: String = body.to_string().chars().take(300).collect();
        let Case { pointer, allowed, why, .. } = case;
        let Self { method, path, .. } = self;
        (!as_said).then(|| format!("{method} {path} {pointer} ({why}), allowed: {allowed}: {body}: {}", reply.json))
    }

    /// Whether the answer to a body that leaves this place out shows the default that the reference names.
    async fn shows(&self, schema: &Value, case: &Case) -> bool {
        let mut body = self.body(schema, case);
        let (parent, name) = case.pointer.rsplit_once('/').expect("a pointer");
        let holder = body.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
        holder.remove(name).expect("it was there");
        let reply = self.send(case, body.clone()).await;
        assert!(reply.status.is_success(), "{} {} without {}: {}", self.method, self.path, case.pointer, reply.json);
        let Some(shown) = reply.json.pointer(&case.pointer) else { return false };
        assert_eq!(*shown, case.value, "{} {} {}", self.method, self.path, case.pointer);
        true
    }
}

#[tokio::test]
async fn every_bound_and_default_of_the_reference_is_as_it_says() {
    let document = valpero_api::openapi::document();
    let site = Site::start().await;
    let (mut tried, mut shown, mut reset, mut wrong) = (0, 0, 0, Vec::new());
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let schema = body_of(operation);
            if schema.is_null() {
                continue;
            }
            let world = World::with(WorldOptions { regions: CODES, ..WorldOptions::default() }).await;
            let owner = world.tenant(Plan::Business).await;
            let more = json!({"webhook_url": "http://127.0.0.1:9/", "regions": ["hel"]});
            let mut monitors = Vec::new();
            let many = if path.starts_with(pages::PAGES) { MONITORS_MAX } else { DEPENDS_ON_MAX };
            for _ in 0..=many {
                monitors.push(world.monitor(&owner, &site.url(), more.clone()).await);
            }
            if path.contains("/incidents/") {
                // One region alone looks twice.
                site.answers(500);
                world.tick().await;
                world.tick().await;
                site.answers(200);
            }
            let (method, path) = (method.to_uppercase(), path.clone());
            let (mut channels, mut policy) = (Vec::new(), String::new());
            if path.starts_with("/api/v1/escalation-policies") || path == "/api/v1/alert-routes" {
                for _ in 0..=CHANNELS_MAX {
                    let channel = json!({"name": "Ops", "type": "ntfy", "topic": "ops"});
                    channels.push(world.post("/api/v1/channels", &owner, channel).await.expect(201).text("/id"));
                }
                let steps = json!([{"after_minutes": 0, "channel_ids": [channels[0]]}]);
                let ops = json!({"name": "Ops", "steps": steps});
                policy = world.post("/api/v1/escalation-policies", &owner, ops).await.expect(201).text("/id");
            }
            let mut page = (String::new(), Vec::new());
            if path.starts_with(&format!("{}/", pages::PAGES)) {
                page = pages::page(&world, &owner).await;
            }
            let (world, document, site) = (&world, &document, &site);
            let sender = Sender { world, document, site, owner, method, path, monitors, channels, policy, page };
            let cases = sender.cases(schema, "", "");
            for case in &cases {
                wrong.extend(sender.hold(schema, case).await);
                tried += 1;
                if case.why == "default" && sender.shows(schema, case).await {
                    shown += 1;
                }
            }
            if let Some(list @ ("/api/v1/monitors" | "/api/v1/channels")) = sender.path.strip_suffix("/{id}") {
                let whole = sender.cases(body_of(&document["paths"][list]["post"]), "", "");
                for default in whole.iter().filter(|case| case.why == "default") {
                    sender.resets(schema, &cases, default).await;
                    reset += 1;
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried >= 1000 && shown >= 18 && reset >= 18, "{tried} bounds, {shown} defaults shown, {reset} reset");
}
