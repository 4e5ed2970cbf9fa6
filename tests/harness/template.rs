//! The SAM template and the region's template, as tests read them: resources, their names without the stack's, their policies.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::OnceLock,
};

use serde_yaml_ng::Value;

/// What a function may do: an action, and the name of what it may do it to, without the stack's name before it.
pub type Grant = (String, String);

/// One template.
pub struct Template {
    root: Value,
}

/// The home region's template.
pub fn home() -> &'static Template {
    static HOME: OnceLock<Template> = OnceLock::new();
    HOME.get_or_init(|| Template::read("template.yaml"))
}

/// A region's template.
pub fn region() -> &'static Template {
    static REGION: OnceLock<Template> = OnceLock::new();
    REGION.get_or_init(|| Template::read("infra/region.yaml"))
}

/// A short form such as `!Ref` or `!Sub`, and what it applies to; a plain text is its own `!Sub`.
fn short_form(value: &Value) -> (String, String) {
    match value {
        // `!Sub` with values of its own: the text comes first.
        Value::Tagged(tagged) if tagged.value.is_sequence() => (
            tagged.tag.to_string().trim_start_matches('!').to_owned(),
            tagged.value[0].as_str().unwrap_or("").to_owned(),
        ),
        Value::Tagged(tagged) => {
            (tagged.tag.to_string().trim_start_matches('!').to_owned(), tagged.value.as_str().unwrap_or("").to_owned())
        }
        plain => ("Sub".into(), plain.as_str().unwrap_or_default().to_owned()),
    }
}

fn list(value: &Value) -> Vec<&Value> {
    value.as_sequence().map_or_else(|| vec![value], |items| items.iter().collect())
}

impl Template {
    fn read(path: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
        let text = fs::read_to_string(root.join(path)).expect("a template");
        Self { root: serde_yaml_ng::from_str(&text).expect("YAML") }
    }

    /// The resources of a type, each with its logical id and properties.
    pub fn resources(&self, kind: &str) -> Vec<(&str, &Value)> {
        let resources = self.root["Resources"].as_mapping().expect("resources");
        let of_kind = resources.iter().filter(|(_, resource)| resource["Type"].as_str() == Some(kind));
        of_kind.map(|(id, resource)| (id.as_str().expect("an id"), &resource["Properties"])).collect()
    }

    /// A resource's properties.
    pub fn properties(&self, id: &str) -> &Value {
        &self.root["Resources"][id]["Properties"]
    }

    /// A part of the template beside its resources.
    pub fn section(&self, name: &str) -> &Value {
        &self.root[name]
    }

    /// The name of a resource, or the end of an ARN, without the stack's name and what stands before it.
    pub fn name(&self, value: &Value) -> String {
        let (form, text) = short_form(value);
        match form.as_str() {
            "GetAtt" | "Ref" => self.name_of(text.split('.').next().unwrap_or_default()),
            _ => match text.strip_prefix("${").and_then(|text| text.split_once(".Arn}")) {
                Some((id, rest)) => self.name_of(id) + rest,
                None => plain_name(&text),
            },
        }
    }

    fn name_of(&self, id: &str) -> String {
        let properties = self.properties(id);
        let named = ["TableName", "QueueName", "LogGroupName", "Name"].iter().find(|name| {
            let value = &properties[**name];
            !value.is_null()
        });
        named.map_or_else(|| id.to_owned(), |name| self.name(&properties[*name]))
    }

    /// The functions, each by its name.
    pub fn functions(&self) -> BTreeMap<String, &Value> {
        let kinds = ["AWS::Serverless::Function", "AWS::Lambda::Function"];
        let all = kinds.into_iter().flat_map(|kind| self.resources(kind));
        // A function is known by its log, which for a checker ends with its region's code.
        let name = |properties: &Value| {
            let log = self.name(&properties["LoggingConfig"]["LogGroup"]).replace("-${RegionCode}", "");
            log.trim_start_matches("/aws/lambda/").to_owned()
        };
        all.map(|(_, properties)| (name(properties), properties)).collect()
    }

    /// What a function's role grants, beside writing its own log.
    pub fn grants(&self, function: &Value) -> BTreeSet<Grant> {
        let (form, role) = short_form(&function["Role"]);
        assert_eq!(form, "GetAtt", "each function has a role of its own");
        let role = role.trim_end_matches(".Arn");
        let mut grants = BTreeSet::new();
        let own = self.properties(role)["Policies"].as_sequence().expect("policies").iter();
        let attached = self.resources("AWS::IAM::Policy").into_iter().map(|(_, policy)| policy);
        let attached = attached.filter(|policy| list(&policy["Roles"]).iter().any(|of| short_form(of).1 == role));
        for policy in own.chain(attached) {
            for statement in policy["PolicyDocument"]["Statement"].as_sequence().expect("statements") {
                for resource in list(&statement["Resource"]) {
                    for action in list(&statement["Action"]) {
                        grants.insert((action.as_str().expect("an action").to_owned(), self.name(resource)));
                    }
                }
            }
        }
        grants
    }

    /// The names of a function's environment variables, those that all functions have among them.
    pub fn variables(&self, function: &Value) -> BTreeSet<String> {
        let of = |value: &Value| -> BTreeSet<String> {
            let variables = value["Environment"]["Variables"].as_mapping();
            variables.into_iter().flatten().filter_map(|(name, _)| name.as_str().map(str::to_owned)).collect()
        };
        &of(function) | &of(&self.root["Globals"]["Function"])
    }

    /// The routes of the API's gateway: its path, which may end in `{proxy+}`, and the function that answers.
    pub fn gateway(&self) -> Vec<(String, String)> {
        let routes = self.resources("AWS::ApiGatewayV2::Route");
        let route = |properties: &Value| {
            let key = properties["RouteKey"].as_str().expect("a route key").trim_start_matches("ANY ").to_owned();
            let (_, target) = short_form(&properties["Target"]);
            let integration = target.trim_start_matches("integrations/${").trim_end_matches('}').to_owned();
            let (_, function) = short_form(&self.properties(&integration)["IntegrationUri"]);
            let function = self.properties(function.trim_end_matches(".Arn"));
            (key, self.name(&function["LoggingConfig"]["LogGroup"]).replace("/aws/lambda/", ""))
        };
        let of_the_api = routes.into_iter().filter(|(_, properties)| short_form(&properties["ApiId"]).1 == "Api");
        of_the_api.map(|(_, properties)| route(properties)).collect()
    }

    /// The function that the gateway hands a path to, by API Gateway's rules: a match in full before greedy before `$default`.
    pub fn answering(&self, path: &str) -> String {
        let routes = self.gateway();
        let exact = routes.iter().find(|(key, _)| matches(key, path));
        let greedy = || {
            // The longest one: API Gateway takes the most specific route.
            let fits = |(key, _): &&(String, String)| {
                key.strip_suffix("{proxy+}").is_some_and(|prefix| path.starts_with(prefix))
            };
            routes.iter().filter(fits).max_by_key(|(key, _)| key.len())
        };
        let default = || routes.iter().find(|(key, _)| key == "$default");
        exact.or_else(greedy).or_else(default).map(|(_, function)| function.clone()).expect("a default route")
    }
}

/// Whether a path is the one of a route without `{proxy+}`, segment by segment; `{id}` stands for any.
fn matches(key: &str, path: &str) -> bool {
    let is_any = |part: &str| part.starts_with('{') && !part.ends_with("+}");
    let (key, path): (Vec<&str>, Vec<&str>) = (key.split('/').collect(), path.split('/').collect());
    key.len() == path.len() && key.iter().zip(path).all(|(part, given)| is_any(part) || *part == given)
}

fn plain_name(text: &str) -> String {
    let text = text.rsplit_once("table/").map_or(text, |(_, end)| end);
    let text = if text.starts_with("arn:") { text.rsplit_once(':').map_or(text, |(_, end)| end) } else { text };
    text.replace("${AWS::StackName}-", "").replace("${Stack}-", "")
}
