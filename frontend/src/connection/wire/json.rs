//! How a value of Rust is made from one of JSON.

use serde_json::Value;
use taskyard_shared::batch::BatchId;
use taskyard_shared::job::{JobId, Progress};
use taskyard_shared::operation::OperationId;
use taskyard_shared::view::ViewId;

/// What can be read from JSON.
pub trait Read: Sized {
    /// None if the value is another thing. What an object lacks is read as `null`.
    fn read(value: &Value) -> Option<Self>;
}

/// Reads a whole text.
pub fn read<T: Read>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok().as_ref().and_then(T::read)
}

/// Reads what an object has under a name.
pub fn member<T: Read>(object: &Value, name: &str) -> Option<T> {
    T::read(object.get(name).unwrap_or(&Value::Null))
}

/// Structs by their fields. `field = value` is for one that may be left out; `field["name"]` has another name in JSON.
macro_rules! read_structs {
    ($($name:ident { $($field:ident $([$key:literal])? $(= $default:expr)?),* $(,)? })*) => {$(
        impl Read for $name {
            fn read(value: &Value) -> Option<Self> {
                Some($name { $($field: read_member!(value, $field $([$key])? $(= $default)?)),* })
            }
        }
    )*};
}

/// Enums whose `type` says which of their variants a value is.
macro_rules! read_tagged {
    ($($name:ident {
        $($tag:literal => $variant:ident { $($field:ident $(= $default:expr)?),* $(,)? })*
    })*) => {$(
        impl Read for $name {
            fn read(value: &Value) -> Option<Self> {
                match value.get("type")?.as_str()? {
                    $($tag => Some($name::$variant {
                        $($field: read_member!(value, $field $(= $default)?)),*
                    }),)*
                    _ => None,
                }
            }
        }
    )*};
}

macro_rules! read_member {
    ($object:ident, $field:ident) => {
        $crate::connection::wire::json::member($object, stringify!($field))?
    };
    ($object:ident, $field:ident [$key:literal]) => {
        $crate::connection::wire::json::member($object, $key)?
    };
    ($object:ident, $field:ident = $default:expr) => {
        $crate::connection::wire::json::member::<Option<_>>($object, stringify!($field))?.unwrap_or($default)
    };
}

pub(crate) use {read_member, read_structs, read_tagged};

impl Read for Value {
    fn read(value: &Value) -> Option<Self> {
        Some(value.clone())
    }
}

impl Read for String {
    fn read(value: &Value) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl Read for bool {
    fn read(value: &Value) -> Option<Self> {
        value.as_bool()
    }
}

impl Read for i64 {
    fn read(value: &Value) -> Option<Self> {
        value.as_i64()
    }
}

impl Read for u64 {
    fn read(value: &Value) -> Option<Self> {
        value.as_u64()
    }
}

macro_rules! read_smaller_numbers {
    ($($name:ident)*) => {$(
        impl Read for $name {
            fn read(value: &Value) -> Option<Self> {
                value.as_i64()?.try_into().ok()
            }
        }
    )*};
}

read_smaller_numbers! { u8 u16 u32 i16 }

macro_rules! read_ids {
    ($($name:ident)*) => {$(
        impl Read for $name {
            fn read(value: &Value) -> Option<Self> {
                value.as_u64().map($name)
            }
        }
    )*};
}

read_ids! { JobId BatchId OperationId ViewId }

impl Read for Progress {
    fn read(value: &Value) -> Option<Self> {
        u16::read(value).map(Progress::from_thousandths)
    }
}

impl<T: Read> Read for Box<T> {
    fn read(value: &Value) -> Option<Self> {
        T::read(value).map(Box::new)
    }
}

impl<T: Read> Read for Option<T> {
    fn read(value: &Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::read(value).map(Some) }
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(value: &Value) -> Option<Self> {
        value.as_array()?.iter().map(T::read).collect()
    }
}

impl<A: Read, B: Read> Read for (A, B) {
    fn read(value: &Value) -> Option<Self> {
        Some((A::read(value.get(0)?)?, B::read(value.get(1)?)?))
    }
}
