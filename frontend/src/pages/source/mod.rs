//! The source that this very server was built from: its files, and one of them to read.

mod page;

pub use page::SourcePage;
