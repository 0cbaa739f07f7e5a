//! The pages, as they are built, inside the binary.
//!
//! `make web` builds them from the TypeScript beside this file. A binary that was compiled before
//! has none of them: [`asset`] finds nothing then, and whoever serves says so.

/// A file of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    /// What is in it.
    pub bytes: &'static [u8],
    /// What it is, as the header `content-type` says it.
    pub content_type: &'static str,
    /// What changes with its bytes, quoted as the header `etag` wants it.
    pub etag: &'static str,
}

/// What to say where [`asset`] finds no file that should be there.
pub const NOT_BUILT: &str = "the console's pages are not built: run `make web`";

/// Each file's name, its tag and its bytes, sorted by name.
static FILES: &[(&str, &str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The file of this name, such as `baton-chat.js`; `None` if the pages have no such file, or are
/// not built.
pub fn asset(name: &str) -> Option<Asset> {
    let (name, etag, bytes) = FILES.iter().find(|(known, ..)| *known == name)?;
    Some(Asset { bytes, content_type: content_type(name), etag })
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("css") => "text/css; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_no_file_has_is_not_found() {
        for name in ["", ".", "..", "../Cargo.toml", "baton-chat", "BATON-CHAT.JS"] {
            assert_eq!(asset(name), None, "{name}");
        }
    }

    #[test]
    fn every_file_has_a_type_and_a_tag_in_quotes() {
        for (name, ..) in FILES {
            let asset = asset(name).unwrap();
            assert_ne!(asset.content_type, "application/octet-stream", "{name}");
            assert!(asset.etag.starts_with('"') && asset.etag.ends_with('"'), "{name}");
            assert_eq!(asset.etag.len(), 34, "{name}");
        }
    }
}
