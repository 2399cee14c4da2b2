//! stub
use crate::{files::FileStore, store::StoreReader};
use actix_web::web;
use std::sync::Arc;
pub struct FilesApi {
    pub files: Arc<FileStore>,
    pub reader: Arc<dyn StoreReader>,
}
pub fn configure(_: &mut web::ServiceConfig) {}
