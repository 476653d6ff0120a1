//! The demo shop: the static files of `infra/storefront` and a `config.js` that names the gateway.

use std::path::{Component, Path, PathBuf};

use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use serde_json::json;

/// Files of the shop are small; a larger one is not served.
const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;

#[derive(Debug, Clone)]
pub(crate) struct Shop {
    /// The folder of the files.
    pub(crate) folder: PathBuf,
    /// The gateway's URL, for `config.js`.
    pub(crate) api: String,
    /// The card form's script, for `config.js`; without one there is no card form.
    pub(crate) card_script: Option<String>,
}

impl Shop {
    pub(crate) fn router(self) -> Router {
        Router::new().fallback(serve).with_state(self)
    }

    fn config(&self) -> String {
        let card = self
            .card_script
            .as_ref()
            .map(|script| json!({ "script": script, "scripts": [], "frames": [], "connects": [] }));
        format!("window.CHECKOUT_CONFIG = {};\n", json!({ "api": self.api, "card": card }))
    }
}

async fn serve(State(shop): State<Shop>, method: Method, uri: Uri) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    if uri.path() == "/config.js" {
        return file("config.js", shop.config().into_bytes());
    }
    let Some(path) = file_path(&shop.folder, uri.path()) else { return StatusCode::NOT_FOUND.into_response() };
    match tokio::task::spawn_blocking(move || read(&shop.folder, &path)).await {
        Ok(Some((name, bytes))) => file(&name, bytes),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The file of a URL path; `None` for a path with `..`, an absolute or a hidden one.
fn file_path(folder: &Path, url_path: &str) -> Option<PathBuf> {
    let decoded = percent_decode_str(url_path).decode_utf8().ok()?;
    let relative = decoded.strip_prefix('/')?;
    let relative = if relative.is_empty() { "index.html" } else { relative };
    let is_plain = |component: Component<'_>| matches!(component, Component::Normal(name) if !name.to_string_lossy().starts_with('.'));
    let path = Path::new(relative);
    (!relative.contains('\\') && path.components().all(is_plain)).then(|| folder.join(path))
}

fn read(folder: &Path, path: &Path) -> Option<(String, Vec<u8>)> {
    let (folder, path) = (folder.canonicalize().ok()?, path.canonicalize().ok()?);
    // A symbolic link must not lead out of the folder.
    let metadata = path.metadata().ok()?;
    if !path.starts_with(&folder) || !metadata.is_file() || metadata.len() > MAX_FILE_BYTES {
        return None;
    }
    Some((path.file_name()?.to_string_lossy().into_owned(), std::fs::read(&path).ok()?))
}

fn file(name: &str, bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, media_type(name)),
        // An edited file must appear on the next reload.
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, bytes).into_response()
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leaves_the_folder() {
        let folder = Path::new("/shop");
        assert_eq!(file_path(folder, "/"), Some(PathBuf::from("/shop/index.html")));
        assert_eq!(file_path(folder, "/img/a.svg"), Some(PathBuf::from("/shop/img/a.svg")));
        for path in ["/../secret", "/%2e%2e/secret", "//etc/passwd", "/a/..%2f..%2fb", "/.git/config", "/a%5c..%5cb"] {
            assert_eq!(file_path(folder, path), None, "{path}");
        }
    }
}
