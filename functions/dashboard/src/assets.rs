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
    text: String,
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
    let asset = |name: &str, ending: &str, kind: &'static str, text: String| {
        let hash = hex::encode(Sha256::digest(&text));
        Asset { path: format!("/assets/{name}.{}.{ending}", &hash[..16]), kind, text }
    };
    ASSETS.get_or_init(|| Assets {
        css: asset("valpero", "css", "text/css; charset=utf-8", stripped(include_str!("../assets/valpero.css"), "/*")),
        js: asset(
            "valpero",
            "js",
            "text/javascript; charset=utf-8",
            stripped(include_str!("../assets/valpero.js"), "//"),
        ),
        icon: asset("icon", "svg", "image/svg+xml", include_str!("../assets/icon.svg").into()),
    })
}

/// A file without the indentation of its lines, and without lines that are comments: a tenth less to send. No text in it spans lines.
fn stripped(text: &str, comment: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(comment));
    lines.collect::<Vec<&str>>().join("\n")
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
    (headers, asset.text.as_str()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_has_every_line_that_is_no_comment() {
        let sent = stripped("// Why.\nif (a) {\n  // So.\n\n  b(); // c\n}\n", "//");
        assert_eq!(sent, "if (a) {\nb(); // c\n}");
        for text in [include_str!("../assets/valpero.css"), include_str!("../assets/valpero.js")] {
            let opened = text.lines().filter(|line| line.trim().starts_with("/*") && !line.trim().ends_with("*/"));
            assert_eq!(opened.count(), 0, "a comment of several lines would be sent in part");
        }
    }
}
