//! In which order a type declares its fields. JSON objects, schemas among them, have their members by name; people want
//! `to` before `bcc`.

use serde::Deserialize;
use serde::de::value::Error;
use serde::de::{Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value;

/// The member of a schema that says so; board and library know it by this name.
const PROPERTY_ORDER: &str = "propertyOrder";

/// Writes into the schema of `T` in which order it declares its properties, unless the schema says so itself, or `T` is no
/// struct.
pub(super) fn say_field_order<'de, T: Deserialize<'de>>(schema: &mut Value) {
    let Some(schema) = schema.as_object_mut() else { return };
    // Serde knows a field by its aliases too.
    let is_property = |name: &str| schema.get("properties").is_some_and(|all| all.get(name).is_some());
    let order: Vec<&str> = field_order::<T>().iter().copied().filter(|name| is_property(name)).collect();
    if !order.is_empty() {
        schema.entry(PROPERTY_ORDER).or_insert_with(|| order.into());
    }
}

/// The names of the fields of `T`, as it declares them; empty for what is no struct.
fn field_order<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut order: &'static [&'static str] = &[];
    // It is asked which fields it would read, and given none: that is the only outcome.
    let _refused = T::deserialize(Ask(&mut order));
    order
}

struct Ask<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Ask<'_> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        Err(Error::custom("only asked for its fields"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("it is no struct"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kinds::email::EmailArgs;

    #[test]
    fn fields_are_told_as_they_are_declared() {
        assert_eq!(field_order::<EmailArgs>()[..4], ["to", "cc", "bcc", "subject"]);
        assert!(field_order::<Vec<u8>>().is_empty());
    }

    #[test]
    fn a_schema_keeps_the_order_that_it_has_and_names_only_its_properties() {
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only the names are asked for")]
        struct Args {
            second: u8,
            #[serde(alias = "other")]
            first: u8,
        }
        let said = |mut schema: Value| {
            say_field_order::<Args>(&mut schema);
            schema["propertyOrder"].clone()
        };
        assert_eq!(said(json!({ "properties": { "first": {}, "second": {} } })), json!(["second", "first"]));
        assert_eq!(
            said(json!({ "properties": { "first": {} }, "propertyOrder": ["first"] })),
            json!(["first"])
        );
        assert_eq!(said(json!({ "type": "object" })), Value::Null);
    }
}
