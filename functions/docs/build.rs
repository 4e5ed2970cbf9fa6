//! Embeds Redoc's bundle where `redoc/fetch` has brought it, and allows the reference page its style sheet.

use std::{env, error::Error, fs, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256, Sha384};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=redoc");
    println!("cargo:rerun-if-changed=templates/style.css");
    let style = STANDARD.encode(Sha256::digest(fs::read("templates/style.css")?));
    let read =
        |name: &str| Ok::<_, Box<dyn Error>>(fs::read_to_string(Path::new("redoc").join(name))?.trim().to_owned());
    let (version, integrity) = (read("version.txt")?, read("integrity.txt")?);
    let bundle = Path::new("redoc/redoc.standalone.js");
    #[expect(clippy::disallowed_methods, reason = "cargo tells a build script by the environment alone")]
    let out = env::var("OUT_DIR")?;
    let embedded = if bundle.exists() {
        let bytes = fs::read(bundle)?;
        let found = format!("sha384-{}", STANDARD.encode(Sha384::digest(&bytes)));
        if found != integrity {
            return Err(format!("{} is {found}, and not {integrity}; delete it", bundle.display()).into());
        }
        fs::write(Path::new(&out).join("redoc.js"), bytes)?;
        "Some(include_bytes!(concat!(env!(\"OUT_DIR\"), \"/redoc.js\")))"
    } else {
        "None"
    };
    let source = format!(
        "/// What the reference page may load: its icon, which is empty, and the style sheet within it.\n\
         pub(crate) const PAGE_POLICY: &str = \"default-src 'none'; style-src 'sha256-{style}'; img-src data:; base-uri 'none'; \
         frame-ancestors 'none'; form-action 'none'\";\n\
         /// Redoc's version.\npub(crate) const VERSION: &str = {version:?};\n\
         /// What its bundle must be: a Subresource Integrity hash.\npub(crate) const INTEGRITY: &str = {integrity:?};\n\
         /// Its bundle, where this build has it.\npub(crate) const BUNDLE: Option<&[u8]> = {embedded};\n"
    );
    fs::write(Path::new(&out).join("redoc.rs"), source)?;
    Ok(())
}
