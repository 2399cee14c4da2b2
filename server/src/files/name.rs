//! Which texts may name a file.

use super::error::FileError;

/// Longest file name, in bytes: what every file system in use can hold.
const MAX_NAME_BYTES: usize = 255;

/// Whether `name` is a plain file name: no folders, nothing invisible, nothing a shell or browser could
/// take for something else.
pub fn is_plain_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_NAME_BYTES
        && name != "."
        && name != ".."
        && name.trim() == name
        && !name.chars().any(|c| c.is_control() || matches!(c, '/' | '\\') || turns_text_around(c))
}

/// Characters that make `photo\u{202e}gpj.exe` look like a picture.
fn turns_text_around(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// # Errors
/// [`FileError::BadName`] unless [`is_plain_name`].
pub fn check_name(name: &str) -> Result<(), FileError> {
    if is_plain_name(name) { Ok(()) } else { Err(FileError::BadName(name.to_owned())) }
}

/// Bytes as we write them in names: two lower-case hexadecimal digits each.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether `text` is a SHA-256 sum as we write it: 64 lower-case hexadecimal digits.
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}
