//! Files: uploads come in, and what jobs were given and made goes out.

mod download;
#[cfg(test)]
mod tests;
mod upload;

use std::sync::Arc;

use crate::files::FileStore;
use crate::store::StoreReader;

pub use download::{artifact, input};
pub use upload::upload;

/// What the handlers need, as `web::Data`.
#[derive(Clone)]
pub struct FilesApi {
    pub files: Arc<FileStore>,
    pub reader: Arc<dyn StoreReader>,
}
