//! Whether a JPEG file is all there. The decoder fills what is missing with grey and says nothing.

const FIRST: u8 = 0xff;
const END_OF_IMAGE: u8 = 0xd9;

/// Whether the picture's own end marker is in the file. Walks over segments by their length, so the end of a
/// thumbnail inside one is not taken for it; what follows the end does not matter.
pub(super) fn is_complete(file: &[u8]) -> bool {
    let mut rest = file;
    while let Some(at) = rest.iter().position(|byte| *byte == FIRST) {
        rest = &rest[at..];
        let Some(marker) = rest.iter().find(|byte| **byte != FIRST) else {
            return false;
        };
        let fill = rest.iter().take_while(|byte| **byte == FIRST).count();
        rest = &rest[fill + 1..];
        match *marker {
            END_OF_IMAGE => return true,
            // A 0xff of the picture's data, a restart within it, the start of the image: no length follows.
            0x00 | 0x01 | 0xd0..=0xd8 => {}
            _ => {
                let [high, low, ..] = rest else { return false };
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                let Some(after) = rest.get(length..) else { return false };
                rest = after;
            }
        }
    }
    false
}
