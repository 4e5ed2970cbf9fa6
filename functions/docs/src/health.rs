//! `GET /health`.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// Health of the API.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`, or `failing`.
    #[schema(example = "ok")]
    status: &'static str,
    /// What fails. Absent if nothing fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detail: Option<String>,
}

impl Health {
    /// That something fails, which this sentence tells.
    pub fn failing(detail: String) -> Self {
        Self { status: "failing", detail: Some(detail) }
    }
}

/// Check the health of the API. On AWS it only shows that requests arrive; whether the database answers shows in the other
/// routes. On one machine it is 503 while data cannot be written, for example because the disk is full.
#[utoipa::path(
    get,
    path = "/health",
    operation_id = "get_health",
    tag = "docs",
    responses(
        (status = 200, description = "The API is reachable", body = Health),
        (status = 503, description = "On one machine: data cannot be written, for example because the disk is full", body = Health),
    )
)]
pub async fn health() -> Json<Health> {
    Json(Health { status: "ok", detail: None })
}
