//! Messages that come in several WebSocket frames, put together within the bound of one.

use actix_http::ws::Item;
use actix_web::web::{Bytes, BytesMut};

/// What a fragment came to.
#[derive(Debug, PartialEq)]
pub(super) enum Fragment {
    Incomplete,
    Text(String),
    Binary,
    NotUtf8,
    TooLarge,
}

/// Holds at most `max_bytes`; a message that grows beyond them is refused and the socket closed.
pub(super) struct Fragments {
    max_bytes: usize,
    text: BytesMut,
    is_binary: bool,
}

impl Fragments {
    pub fn new(max_bytes: usize) -> Self {
        Fragments { max_bytes, text: BytesMut::new(), is_binary: false }
    }

    pub fn add(&mut self, item: Item) -> Fragment {
        match item {
            Item::FirstText(bytes) => {
                self.is_binary = false;
                self.begin(&bytes)
            }
            Item::FirstBinary(bytes) => {
                self.is_binary = true;
                self.begin(&bytes)
            }
            Item::Continue(bytes) => self.extend(&bytes),
            Item::Last(bytes) => match self.extend(&bytes) {
                Fragment::Incomplete => self.finish(),
                refused => refused,
            },
        }
    }

    fn begin(&mut self, bytes: &Bytes) -> Fragment {
        self.text.clear();
        self.extend(bytes)
    }

    fn extend(&mut self, bytes: &Bytes) -> Fragment {
        if self.text.len() + bytes.len() > self.max_bytes {
            self.text = BytesMut::new();
            return Fragment::TooLarge;
        }
        self.text.extend_from_slice(bytes);
        Fragment::Incomplete
    }

    fn finish(&mut self) -> Fragment {
        let bytes = std::mem::take(&mut self.text);
        if self.is_binary {
            return Fragment::Binary;
        }
        String::from_utf8(bytes.into()).map_or(Fragment::NotUtf8, Fragment::Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_become_one_text_within_the_bound() {
        let mut fragments = Fragments::new(6);
        assert_eq!(fragments.add(Item::FirstText("ab".into())), Fragment::Incomplete);
        assert_eq!(fragments.add(Item::Continue("cd".into())), Fragment::Incomplete);
        assert_eq!(fragments.add(Item::Last("ef".into())), Fragment::Text("abcdef".to_owned()));
        assert_eq!(fragments.add(Item::FirstText("abcd".into())), Fragment::Incomplete);
        assert_eq!(fragments.add(Item::Continue("efg".into())), Fragment::TooLarge);
    }

    #[test]
    fn a_letter_may_be_cut_in_two_but_must_be_whole_in_the_end() {
        let mut fragments = Fragments::new(6);
        fragments.add(Item::FirstText(Bytes::from_static(&[0xc3])));
        assert_eq!(fragments.add(Item::Last(Bytes::from_static(&[0xa4]))), Fragment::Text("ä".to_owned()));
        fragments.add(Item::FirstText(Bytes::from_static(&[0xc3])));
        assert_eq!(fragments.add(Item::Last(Bytes::new())), Fragment::NotUtf8);
    }
}
