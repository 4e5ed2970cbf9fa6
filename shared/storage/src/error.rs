//! What can go wrong in the store; nothing here knows of HTTP.

use std::error::Error;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The object does not exist, or is another account's.
    #[error("not found")]
    NotFound,
    /// Somebody else changed the object first.
    #[error("changed by somebody else at the same time")]
    Conflict,
    /// The same request, by its idempotency key, was answered before.
    #[error("the request was answered before")]
    Repeated,
    /// The name belongs to another object.
    #[error("the name is taken")]
    Taken,
    /// The account has as many of these objects as it may have.
    #[error("the account's limit is reached")]
    LimitReached,
    /// Writes of others to the same items came first, also after retries. Nothing was changed.
    #[error("others write to the same items at the same time")]
    Contended(#[source] Box<dyn Error + Send + Sync>),
    /// DynamoDB asks us to slow down, also after the SDK's own retries.
    #[error("the database is throttling")]
    Throttled(#[source] Box<dyn Error + Send + Sync>),
    /// DynamoDB did not answer, or failed, also after the SDK's own retries: whether it did what it was asked is not known.
    #[error("the database failed, or did not answer; is it reachable, and are region, endpoint and credentials right?")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
    /// An item does not read as what it should be.
    #[error("an item of {table} cannot be read")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// What the reader said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// Anything else that AWS says.
    #[error("the database could not be asked; on AWS, are region, stack name and credentials right?")]
    Aws(#[source] Box<dyn Error + Send + Sync>),
}

impl StoreError {
    pub(crate) fn corrupt(table: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Corrupt { table, source: source.into() }
    }

    pub(crate) fn from_sdk<E, R>(error: SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
        R: Answered + std::fmt::Debug + Send + Sync + 'static,
    {
        match error.code() {
            Some("ConditionalCheckFailedException") => Self::Conflict,
            Some("ProvisionedThroughputExceededException" | "ThrottlingException" | "RequestLimitExceeded") => {
                Self::Throttled(Box::new(error))
            }
            Some("TransactionInProgressException" | "TransactionConflictException") => Self::Contended(Box::new(error)),
            _ if failed_on_the_way(&error) => Self::Unreachable(Box::new(error)),
            _ => Self::Aws(Box::new(error)),
        }
    }
}

/// A read that may find nothing.
pub trait Optional<T> {
    /// The object, or none where there is no such object.
    ///
    /// # Errors
    /// Every error but [`StoreError::NotFound`].
    fn optional(self) -> Result<Option<T>, StoreError>;
}

impl<T> Optional<T> for Result<T, StoreError> {
    fn optional(self) -> Result<Option<T>, StoreError> {
        match self {
            Ok(found) => Ok(Some(found)),
            Err(StoreError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Whether the answer was lost, cut, or says that DynamoDB, or something before it, failed.
fn failed_on_the_way<E>(error: &SdkError<E, impl Answered>) -> bool {
    match error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => true,
        SdkError::ServiceError(failure) => failure.raw().status() >= 500,
        _ => false,
    }
}

/// An answer of DynamoDB's.
pub(crate) trait Answered {
    /// Its HTTP status.
    fn status(&self) -> u16;
}

impl Answered for aws_sdk_dynamodb::config::http::HttpResponse {
    fn status(&self) -> u16 {
        self.status().as_u16()
    }
}

impl From<aws_sdk_dynamodb::error::BuildError> for StoreError {
    fn from(error: aws_sdk_dynamodb::error::BuildError) -> Self {
        Self::Aws(Box::new(error))
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::{
        config::http::HttpResponse, operation::update_item::UpdateItemError, types::error::InternalServerError,
    };

    use super::*;

    #[test]
    fn why_the_store_failed_is_told_behind_the_error() {
        let failed = InternalServerError::builder().message("SQLite error: database or disk is full").build();
        let answer = HttpResponse::new(500.try_into().expect("a status"), "".into());
        let error = StoreError::from_sdk(SdkError::service_error(UpdateItemError::InternalServerError(failed), answer));
        assert!(matches!(error, StoreError::Unreachable(_)), "{error:?}");
        let (mut told, mut cause) = (String::new(), Error::source(&error));
        while let Some(next) = cause {
            told.push_str(&next.to_string());
            cause = next.source();
        }
        assert!(told.contains("disk is full"), "{told}");
    }
}
