//! What a client says is read from JSON objects alone.
//!
//! The code that serde derives takes a list of a struct's fields as well, by their order: `[]` would then be a filter
//! that every job matches, and `[true]` a change that pauses a queue. A type that clients write therefore has
//! `#[serde(remote = "…")]` with its own name, which makes serde's code a function of the type rather than its
//! `Deserialize`, and gets that from `objects_only!`. It holds at every depth, also where serde keeps a
//! value in between to look for its `type`. (Use `serde_json::from_value`: `Type::deserialize` is serde's own function.)

use serde::Deserializer;
use serde::de::Visitor;
use serde::forward_to_deserialize_any;

/// Reads one object, whatever it is asked for, and refuses everything else. What is in the object is read as it is.
pub struct ObjectOnly<D>(pub D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for ObjectOnly<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(visitor)
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// `Deserialize` for types whose fields are read from an object alone. See the module.
#[macro_export]
macro_rules! reads_objects_only {
    ($($name:ident),+ $(,)?) => {$(
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $name::deserialize($crate::object::ObjectOnly(deserializer))
            }
        }
    )+};
}

/// `Deserialize` and `Serialize` for types that are objects alone. See the module.
macro_rules! objects_only {
    ($($name:ident),+ $(,)?) => {
        $crate::reads_objects_only!($($name),+);
        $(
            impl serde::Serialize for $name {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    $name::serialize(self, serializer)
                }
            }
        )+
    };
}

pub(crate) use objects_only;
