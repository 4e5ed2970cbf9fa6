//! The style sheet, the script and the icon of pages, each under a name that holds its hash, so that browsers may keep them for good. The sheet's name
//! also holds the page's colour, which it is made with.

use std::sync::OnceLock;

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use valpero_domain::pages::values::Colour;

const CSS: &str = include_str!("../assets/status.css");
const JS: &str = include_str!("../assets/status.js");
const ICON: &str = include_str!("../assets/icon.svg");

/// Folder of the files. No slug can be `~`.
const FOLDER: &str = "/status/~/";

fn hash(of: &'static str, once: &'static OnceLock<String>) -> &'static str {
    once.get_or_init(|| hex::encode(&Sha256::digest(of)[..8]))
}

fn css_hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    hash(CSS, &HASH)
}

fn js_hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    hash(JS, &HASH)
}

fn icon_hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    hash(ICON, &HASH)
}

/// Path of the style sheet, with a page's colour where it has one.
pub fn css_path(accent: Option<&Colour>) -> String {
    let colour = accent.map(|colour| format!(".{}", &colour.as_str()[1..])).unwrap_or_default();
    format!("{FOLDER}style.{}{colour}.css", css_hash())
}

/// Path of the script.
pub fn js_path() -> String {
    format!("{FOLDER}script.{}.js", js_hash())
}

/// Path of the icon that browsers show beside a page's title, where the page has no logo.
pub fn icon_path() -> String {
    format!("{FOLDER}icon.{}.svg", icon_hash())
}

/// The file of a path; none where the path is none of a file.
pub fn serve(path: &str) -> Option<Response> {
    let name = path.strip_prefix(FOLDER)?;
    let parts: Vec<&str> = name.split('.').collect();
    let found = match parts.as_slice() {
        ["script", hash, "js"] if *hash == js_hash() => Some(("text/javascript; charset=utf-8", JS.to_owned())),
        ["icon", hash, "svg"] if *hash == icon_hash() => Some(("image/svg+xml", ICON.to_owned())),
        ["style", hash, "css"] if *hash == css_hash() => Some(("text/css; charset=utf-8", CSS.to_owned())),
        ["style", hash, colour, "css"] if *hash == css_hash() => {
            format!("#{colour}").parse().ok().map(|colour| ("text/css; charset=utf-8", coloured(&colour)))
        }
        _ => None,
    };
    let Some((kind, text)) = found else { return Some(StatusCode::NOT_FOUND.into_response()) };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Some((headers, text).into_response())
}

/// The sheet with a page's colour, and the colour of text on it.
fn coloured(colour: &Colour) -> String {
    let on = if colour.is_light() { "#000000" } else { "#ffffff" };
    format!("{CSS}\n:root {{ --head: {colour}; --on-head: {on}; }}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_in_the_name_and_nothing_else_gets_into_the_sheet() {
        let colour: Colour = "#2563EB".parse().expect("a colour");
        let path = css_path(Some(&colour));
        assert!(path.ends_with(".2563eb.css"), "{path}");
        assert!(coloured(&colour).contains("--head: #2563eb; --on-head: #ffffff;"));
        let status = |path: &str| serve(path).map(|response| response.status());
        for path in [&path, &js_path(), &icon_path()] {
            assert_eq!(status(path), Some(StatusCode::OK), "{path}");
        }
        let bad = path.replace("2563eb", "red;}");
        assert_eq!((status(&bad), status("/status/acme")), (Some(StatusCode::NOT_FOUND), None));
    }
}
