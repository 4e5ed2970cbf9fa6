//! The least that answers GET of a monitor through Lambda: the calls of the SDK that the monitors function makes for one in three regions, and
//! nothing that it does with what they answer. `infra/bench/get.py` measures the function beside it.

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, ReturnValue},
};
use futures::future::{try_join, try_join_all};
use lambda_http::{Body, Error, Request, Response, service_fn};

/// What is called, from the environment: the store, and the keys of what it is asked for.
struct Called {
    client: Client,
    token_hash: String,
    account: String,
    monitor: String,
    cohorts: Vec<String>,
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

impl Called {
    #[expect(clippy::disallowed_methods, reason = "no part of a function")]
    async fn new() -> Result<Self, Error> {
        let of = |name: &str| std::env::var(name);
        let config = aws_config::load_defaults(aws_config::BehaviorVersion::v2026_01_12()).await;
        let config = aws_sdk_dynamodb::config::Builder::from(&config).endpoint_url(of("VALPERO_ENDPOINT_URL")?);
        let cohorts = of("BARE_COHORTS")?.split(',').map(str::to_owned).collect();
        let (token_hash, account, monitor) = (of("BARE_TOKEN_HASH")?, of("BARE_ACCOUNT")?, of("BARE_MONITOR")?);
        Ok(Self { client: Client::from_conf(config.build()), token_hash, account, monitor, cohorts })
    }

    async fn newest(&self, partition: String, limit: i32) -> Result<i32, Error> {
        let query = self.client.query().table_name("valpero-checks").key_condition_expression("cohort = :partition");
        let query = query.expression_attribute_values(":partition", text(&partition)).scan_index_forward(false);
        Ok(query.limit(limit).send().await?.count())
    }

    async fn answer(&self) -> Result<Response<Body>, Error> {
        let count = self.client.update_item().table_name("valpero-api-keys").key("token_hash", text(&self.token_hash));
        let count = count.update_expression("SET used = used + :one").return_values(ReturnValue::AllNew);
        count.expression_attribute_values(":one", AttributeValue::N("1".to_owned())).send().await?;
        let get = self.client.get_item().table_name("valpero-monitors").key("account_id", text(&self.account));
        get.key("monitor_id", text(&self.monitor)).consistent_read(true).send().await?;
        let newest = self
            .cohorts
            .iter()
            .map(|cohort| try_join(self.newest(cohort.clone(), 4), self.newest(format!("{cohort}#r"), 30)));
        let found: i32 = try_join_all(newest).await?.into_iter().map(|(ticks, requested)| ticks + requested).sum();
        Ok(Response::new(format!("{{\"found\":{found}}}").into()))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let called = Called::new().await?;
    lambda_http::run(service_fn(async |_: Request| called.answer().await)).await
}
