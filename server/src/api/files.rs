//! Files: uploads come in, and what jobs were given and made goes out.

mod download;
#[cfg(test)]
mod tests;
mod upload;

use std::sync::Arc;

use actix_web::guard::{Any, Get, Head};
use actix_web::web;

use crate::files::FileStore;
use crate::store::StoreReader;

/// What the handlers need, as `web::Data`.
#[derive(Clone)]
pub struct FilesApi {
    pub files: Arc<FileStore>,
    pub reader: Arc<dyn StoreReader>,
}

/// The routes, within `/api/v1`.
pub fn configure(config: &mut web::ServiceConfig) {
    let get = || web::route().guard(Any(Get()).or(Head()));
    config
        .route("/uploads", web::post().to(upload::upload))
        .route("/jobs/{id}/artifacts/{name}", get().to(download::artifact))
        .route("/jobs/{id}/inputs/{name}", get().to(download::input));
}
