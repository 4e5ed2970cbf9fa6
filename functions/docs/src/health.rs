//! `GET /health`.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// That the API can be reached.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`, or `failing`.
    #[schema(example = "ok")]
    status: &'static str,
    /// What fails, where something does.
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

/// Whether requests arrive. It asks nothing else of a deployment on AWS: whether the database answers shows in the answers of the
/// other routes. On one machine it also says whether the data can be written.
#[utoipa::path(
    get,
    path = "/health",
    operation_id = "get_health",
    tag = "docs",
    responses(
        (status = 200, description = "Requests arrive", body = Health),
        (status = 503, description = "On one machine: the data cannot be written, as when the disk is full", body = Health),
    )
)]
pub async fn health() -> Json<Health> {
    Json(Health { status: "ok", detail: None })
}
