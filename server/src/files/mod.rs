//! Uploads and artifacts: files on disk, named by the SHA-256 of their content.
//!
//! What a file is called and what it is for stands with the job that refers to it; on disk there is only
//! content, each once. A file that no job refers to is swept away when nobody has asked for it in a while.

mod error;
mod incoming;
mod media;
mod name;
mod receive;
mod store;
mod sweep;
#[cfg(test)]
mod tests;
mod usage;

pub use error::FileError;
pub use incoming::IncomingFile;
pub use media::media_type_of;
pub(crate) use name::hex;
pub use name::{check_name, is_plain_name, is_sha256};
pub use receive::CHUNK_PATIENCE;
pub use store::FileStore;
pub use sweep::Swept;
