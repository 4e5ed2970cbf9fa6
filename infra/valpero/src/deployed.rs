//! A stack on AWS, as its own outputs describe it.

use std::error::Error;

use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use valpero_runtime::{
    SdkConfig,
    config::{Trust, sdk_config},
    telemetry::chain,
};
use valpero_storage::{Store, Tables};

use crate::cloudformation;

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
    let outputs =
        cloudformation::outputs(&sdk, stack).await.map_err(|error| explain(&error, stack, region.as_ref()))?;
    let output = |name: &str| {
        let missing =
            || format!("the stack {stack} has no output {name}; is it Valpero's home region, deployed whole?");
        outputs.get(name).cloned().ok_or_else(missing)
    };
    Ok(Deployed {
        store: Store::new(aws_sdk_dynamodb::Client::new(&sdk), Tables::of_stack(&output("TablePrefix")?)),
        api_url: output("ApiUrl")?,
        webhooks_url: output("WebhooksUrl")?,
        dead_letters_url: output("DeadLettersUrl")?,
        sdk,
    })
}

/// What to do about an error of CloudFormation.
fn explain(error: &(impl ProvideErrorMetadata + Error + 'static), stack: &str, region: &str) -> String {
    let why = chain(error);
    match error.code() {
        // CloudFormation has no error code of its own for this.
        Some("ValidationError") if error.message().is_some_and(|message| message.contains("does not exist")) => {
            format!("there is no stack {stack} in {region}; is AWS_REGION that of the home region?")
        }
        Some("AccessDenied" | "AccessDeniedException") => {
            format!(
                "these credentials may not read the stack {stack} in {region}; docs/OPERATING.md lists the rights: {why}"
            )
        }
        Some("ExpiredToken" | "InvalidClientTokenId" | "SignatureDoesNotMatch" | "UnrecognizedClientException") => {
            format!(
                "AWS does not take these credentials in {region}; log in anew, or choose others by AWS_PROFILE: {why}"
            )
        }
        _ => format!("CloudFormation in {region} could not be asked; are region and credentials right? {why}"),
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::error::metadata::ErrorMetadata;

    use super::*;

    #[test]
    fn each_error_says_what_to_do() {
        for (code, message, advice) in [
            ("ValidationError", "Stack with id valpero does not exist", "is AWS_REGION that of the home region?"),
            ("ValidationError", "1 validation error detected", "are region and credentials right?"),
            (
                "AccessDenied",
                "User: a is not authorized to perform: cloudformation:DescribeStacks",
                "docs/OPERATING.md",
            ),
            ("InvalidClientTokenId", "The security token included in the request is invalid", "log in anew"),
            ("ExpiredToken", "The security token included in the request is expired", "log in anew"),
            ("SignatureDoesNotMatch", "The request signature we calculated does not match", "log in anew"),
        ] {
            let error = ErrorMetadata::builder().code(code).message(message).build();
            let said = explain(&error, "valpero", "eu-north-1");
            assert!(said.contains(advice) && said.contains("eu-north-1"), "{code}: {said}");
            assert!(said.contains(message) || said.starts_with("there is no stack valpero"), "{code}: {said}");
        }
    }
}
