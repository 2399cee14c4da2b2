//! stub
use std::sync::Arc;
use actix_web::web;
use crate::{files::FileStore, store::StoreReader};
pub struct FilesApi { pub files: Arc<FileStore>, pub reader: Arc<dyn StoreReader> }
pub fn configure(_: &mut web::ServiceConfig) {}
