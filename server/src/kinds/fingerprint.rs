//! Tells whether two jobs have the same arguments.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::files::hex;

/// SHA-256 of arguments as they are stored, in lower-case hexadecimal: 64 characters. Arguments that say the same in
/// another order have the same.
pub(crate) fn fingerprint(args: &str) -> String {
    let mut hash = Sha256::new();
    match serde_json::from_str(args) {
        Ok(args) => write_sorted(&args, &mut hash),
        Err(_) => hash.update(args),
    }
    hex(&hash.finalize())
}

/// JSON whose members stand in the order of their names, whatever order they had.
fn write_sorted(value: &Value, to: &mut Sha256) {
    match value {
        Value::Object(object) => {
            let mut members: Vec<_> = object.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            to.update("{");
            for (name, inner) in members {
                to.update(Value::from(name.as_str()).to_string());
                to.update(":");
                write_sorted(inner, to);
                to.update(",");
            }
            to.update("}");
        }
        Value::Array(list) => {
            to.update("[");
            for inner in list {
                write_sorted(inner, to);
                to.update(",");
            }
            to.update("]");
        }
        plain => to.update(plain.to_string()),
    }
}
