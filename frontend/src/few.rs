//! A map of few entries, kept as a list: what the page holds by number or by name is soon searched, and the balancing
//! of the standard library's maps is several kilobytes of program for each kind of entry.

use std::borrow::Borrow;
use std::ops::Index;

/// Entries stay in the order in which they came.
#[derive(Clone, Debug, PartialEq)]
pub struct Few<K, V>(Vec<(K, V)>);

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Few(Vec::new())
    }
}

impl<K: PartialEq, V> Few<K, V> {
    fn place<Q: PartialEq + ?Sized>(&self, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
    {
        self.0.iter().position(|(known, _)| known.borrow() == key)
    }

    pub fn get<Q: PartialEq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.place(key).map(|at| &self.0[at].1)
    }

    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.place(key).map(|at| &mut self.0[at].1)
    }

    /// Takes the place of what the key had.
    pub fn insert(&mut self, key: K, value: V) {
        match self.place(&key) {
            Some(at) => self.0[at].1 = value,
            None => self.0.push((key, value)),
        }
    }

    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.place(key).map(|at| self.0.remove(at).1)
    }

    pub fn iter(&self) -> std::slice::Iter<'_, (K, V)> {
        self.0.iter()
    }

    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, (K, V)> {
        self.0.iter_mut()
    }

    pub fn retain(&mut self, keep: impl Fn(&K) -> bool) {
        self.0.retain(|(key, _)| keep(key));
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl<K: PartialEq, V> Extend<(K, V)> for Few<K, V> {
    fn extend<T: IntoIterator<Item = (K, V)>>(&mut self, entries: T) {
        entries.into_iter().for_each(|(key, value)| self.insert(key, value));
    }
}

impl<K, V> IntoIterator for Few<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<V> Index<&str> for Few<String, V> {
    type Output = V;

    /// Panics when there is no such entry.
    fn index(&self, key: &str) -> &V {
        self.get(key).expect("the entry is there")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_has_one_entry_the_latest() {
        let mut few = Few::default();
        few.insert("a".to_owned(), 1);
        few.extend([("b".to_owned(), 2), ("a".to_owned(), 3)]);
        assert_eq!((few.get("a"), few["b"], few.get("c")), (Some(&3), 2, None));
        assert_eq!(few.remove(&"a".to_owned()), Some(3));
        assert_eq!(few.remove(&"a".to_owned()), None);
        assert_eq!(few.into_iter().collect::<Vec<_>>(), [("b".to_owned(), 2)]);
    }
}
