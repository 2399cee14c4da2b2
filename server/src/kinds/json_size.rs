//! How much JSON takes, counted without keeping it.

use std::io;

use serde::Serialize;

/// Bytes that may still be taken.
pub(crate) struct Budget(pub usize);

impl Budget {
    /// Whether the value, as JSON, fits into what is left; if so, that is less by it. After a refusal nothing is left.
    pub fn takes(&mut self, value: &impl Serialize) -> bool {
        serde_json::to_writer(self, value).is_ok()
    }
}

impl io::Write for Budget {
    fn write(&mut self, written: &[u8]) -> io::Result<usize> {
        let left = self.0.checked_sub(written.len());
        self.0 = left.unwrap_or(0);
        left.map(|_| written.len()).ok_or_else(|| io::ErrorKind::FileTooLarge.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
