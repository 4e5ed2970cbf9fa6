//! `GET /health`.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// That the API can be reached.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Whether requests arrive. It asks nothing else: whether the database answers shows in the answers of the other routes.
#[utoipa::path(
    get,
    path = "/health",
    operation_id = "get_health",
    tag = "docs",
    responses((status = 200, description = "Requests arrive", body = Health))
)]
pub async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}
