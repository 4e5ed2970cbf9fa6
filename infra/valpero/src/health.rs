//! `GET /health` of `up`: beside "requests arrive" it says whether the data can be written.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use axum::{
    Json, Router,
    extract::{Request, State},
    http::StatusCode,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use valpero_docs::Health;

/// As much as one look writes: more than a file system keeps inside the file's own entry.
const SAMPLE: [u8; 16 * 1024] = [0; 16 * 1024];

/// The API, whose health is also that of this directory.
pub(crate) fn watched(api: Router, directory: &Path) -> Router {
    api.layer(from_fn_with_state(directory.to_owned(), look))
}

async fn look(State(directory): State<PathBuf>, request: Request, next: Next) -> Response {
    if request.uri().path() != "/health" {
        return next.run(request).await;
    }
    match write(&directory) {
        Ok(()) => next.run(request).await,
        Err(error) => {
            tracing::error!(%error, directory = %directory.display(), "the data directory cannot be written");
            let detail = format!("The data directory cannot be written: {error}.");
            (StatusCode::SERVICE_UNAVAILABLE, Json(Health::failing(detail))).into_response()
        }
    }
}

fn write(directory: &Path) -> io::Result<()> {
    let sample = directory.join("valpero.db.health");
    let written = fs::write(&sample, SAMPLE);
    let removed = fs::remove_file(&sample);
    written.and(removed)
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, routing::get};
    use tower::ServiceExt;

    use super::*;
    use crate::data::tests::Scratch;

    #[tokio::test]
    async fn a_directory_that_cannot_be_written_is_told_of_and_the_rest_goes_on() {
        let scratch = Scratch::new();
        let api = || Router::new().route("/health", get(|| async { "ok" })).route("/other", get(|| async { "ok" }));
        let gone = scratch.path().join("gone");
        for (directory, path, status) in
            [(scratch.path(), "/health", 200), (&gone, "/health", 503), (&gone, "/other", 200)]
        {
            let request = Request::get(path).body(Body::empty()).expect("a request");
            let answer = watched(api(), directory).oneshot(request).await.expect("infallible");
            assert_eq!(answer.status().as_u16(), status, "{path}");
        }
        assert_eq!(fs::read_dir(scratch.path()).expect("a directory").count(), 0, "nothing is left behind");
    }
}
