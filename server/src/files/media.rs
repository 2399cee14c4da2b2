//! What a file is, found from its first bytes: names and what a client claims are not trusted.

/// How many bytes [`media_type_of`] wants to see.
pub(super) const HEAD_BYTES: usize = 512;

/// The media type of a file that begins with `head`: one of the pictures we know, PDF, text, or
/// `application/octet-stream`.
pub fn media_type_of(head: &[u8]) -> &'static str {
    match head {
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => "image/png",
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => "image/gif",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        [b'%', b'P', b'D', b'F', b'-', ..] => "application/pdf",
        _ if is_text(head) => "text/plain",
        _ => "application/octet-stream",
    }
}

/// The ending that files of this media type usually have, without the dot.
pub(super) fn extension_of(media_type: &str) -> &'static str {
    match media_type {
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "application/pdf" => "pdf",
        "text/plain" => "txt",
        _ => "bin",
    }
}

/// UTF-8 without control characters other than white space; a last character that is cut is no fault.
fn is_text(head: &[u8]) -> bool {
    let whole = match std::str::from_utf8(head) {
        Ok(_) => head,
        Err(error) if error.error_len().is_none() => &head[..error.valid_up_to()],
        Err(_) => return false,
    };
    !whole.is_empty() && whole.iter().all(|b| *b >= b' ' || b.is_ascii_whitespace())
}
