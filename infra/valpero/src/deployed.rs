//! A stack on AWS, as its own outputs describe it.

use std::{collections::HashMap, error::Error};

use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use valpero_runtime::{
    SdkConfig,
    config::{Trust, sdk_config},
    telemetry::chain,
};
use valpero_storage::{Store, Tables};

/// A deployed stack.
pub(crate) struct Deployed {
    /// AWS in the stack's region.
    pub sdk: SdkConfig,
    /// Its tables.
    pub store: Store,
    /// Where its API is.
    pub api_url: String,
    /// Its webhook queue.
    pub webhooks_url: String,
    /// Where messages end that failed five times.
    pub dead_letters_url: String,
}

/// Reads the outputs of the stack of this name in the region of the environment.
///
/// # Errors
/// A sentence that says what to look at.
pub(crate) async fn find(stack: &str) -> Result<Deployed, Box<dyn Error + Send + Sync>> {
    let sdk = sdk_config(None, Trust::System).await;
    let Some(region) = sdk.region() else {
        return Err("which AWS region is the stack in? Say it, as with AWS_REGION=eu-north-1".into());
    };
    let client = aws_sdk_cloudformation::Client::new(&sdk);
    let described = client.describe_stacks().stack_name(stack).send().await.map_err(|error| {
        // CloudFormation has no error code of its own for this.
        if error.message().is_some_and(|message| message.contains("does not exist")) {
            Box::<dyn Error + Send + Sync>::from(format!(
                "there is no stack {stack} in {region}; is AWS_REGION that of the home region?"
            ))
        } else {
            let why = chain(&error);
            format!("CloudFormation in {region} could not be asked; are region and credentials right? {why}").into()
        }
    })?;
    let outputs: HashMap<&str, &str> = described
        .stacks()
        .iter()
        .flat_map(aws_sdk_cloudformation::types::Stack::outputs)
        .filter_map(|output| output.output_key().zip(output.output_value()))
        .collect();
    let output = |name: &str| {
        let missing =
            || format!("the stack {stack} has no output {name}; is it Valpero's home region, deployed whole?");
        outputs.get(name).map(|value| (*value).to_owned()).ok_or_else(missing)
    };
    Ok(Deployed {
        store: Store::new(aws_sdk_dynamodb::Client::new(&sdk), Tables::of_stack(&output("TablePrefix")?)),
        api_url: output("ApiUrl")?,
        webhooks_url: output("WebhooksUrl")?,
        dead_letters_url: output("DeadLettersUrl")?,
        sdk,
    })
}
