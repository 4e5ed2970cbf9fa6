//! The style sheet, the script and the icon, each under a name that holds its hash, so that browsers may keep them for good.

use std::sync::OnceLock;

use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

/// A file that pages load.
#[derive(Debug)]
pub struct Asset {
    /// Its path.
    pub path: String,
    kind: &'static str,
    text: &'static str,
}

/// All of them.
#[derive(Debug)]
pub struct Assets {
    /// The style sheet.
    pub css: Asset,
    /// The script.
    pub js: Asset,
    /// The icon.
    pub icon: Asset,
}

/// All of them.
pub fn all() -> &'static Assets {
    static ASSETS: OnceLock<Assets> = OnceLock::new();
    let asset = |name: &str, ending: &str, kind: &'static str, text: &'static str| {
        let hash = hex::encode(Sha256::digest(text));
        Asset { path: format!("/assets/{name}.{}.{ending}", &hash[..16]), kind, text }
    };
    ASSETS.get_or_init(|| Assets {
        css: asset("valpero", "css", "text/css; charset=utf-8", include_str!("../assets/valpero.css")),
        js: asset("valpero", "js", "text/javascript; charset=utf-8", include_str!("../assets/valpero.js")),
        icon: asset("icon", "svg", "image/svg+xml", include_str!("../assets/icon.svg")),
    })
}

/// `GET /assets/{name}`.
pub async fn serve(Path(name): Path<String>) -> Response {
    let Assets { css, js, icon } = all();
    let Some(asset) = [css, js, icon].into_iter().find(|asset| asset.path.strip_prefix("/assets/") == Some(&*name))
    else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, asset.kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, asset.text).into_response()
}
