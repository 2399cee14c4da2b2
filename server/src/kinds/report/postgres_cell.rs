//! Values as PostgreSQL sends them: in binary, by their type.
//!
//! The formats are those of the `…_send` functions in PostgreSQL's `src/backend/utils/adt`.

use std::error::Error as StdError;
use std::fmt::Write;

use tokio_postgres::types::{FromSql, Kind, Type};

use super::cell::{Cell, MAX_ROW_BYTES};

/// A value that does not have its type's form, or an array that [`array`] does not take.
#[derive(Debug, thiserror::Error)]
#[error("a value of the type {0} cannot be read")]
pub(super) struct Unreadable(String);

/// Any value but null.
pub(super) struct AnyValue(pub Cell);

impl<'a> FromSql<'a> for AnyValue {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        read(kind, raw).map(AnyValue).ok_or_else(|| Unreadable(kind.to_string()).into())
    }

    fn accepts(kind: &Type) -> bool {
        is_readable(kind)
    }
}

/// Whether values of the type can be shown.
pub(super) fn is_readable(kind: &Type) -> bool {
    match kind.kind() {
        Kind::Enum(_) => true,
        Kind::Domain(inner) | Kind::Array(inner) => is_readable(inner),
        _ => READABLE.contains(kind),
    }
}

const READABLE: [Type; 24] = [
    Type::BOOL,
    Type::INT2,
    Type::INT4,
    Type::INT8,
    Type::OID,
    Type::FLOAT4,
    Type::FLOAT8,
    Type::NUMERIC,
    Type::TEXT,
    Type::VARCHAR,
    Type::BPCHAR,
    Type::NAME,
    Type::UNKNOWN,
    Type::CHAR,
    Type::JSON,
    Type::JSONB,
    Type::XML,
    Type::UUID,
    Type::DATE,
    Type::TIME,
    Type::TIMESTAMP,
    Type::TIMESTAMPTZ,
    Type::INTERVAL,
    Type::BYTEA,
];

fn read(kind: &Type, raw: &[u8]) -> Option<Cell> {
    match kind.kind() {
        Kind::Domain(inner) => return read(inner, raw),
        Kind::Array(inner) => return array(inner, raw).map(Cell::Text),
        Kind::Enum(_) => return text(raw),
        _ => {}
    }
    let long = || raw.try_into().ok().map(i64::from_be_bytes);
    Some(match *kind {
        Type::BOOL => Cell::Bool(raw != [0]),
        Type::INT2 => Cell::Integer(i16::from_be_bytes(raw.try_into().ok()?).into()),
        Type::INT4 => Cell::Integer(i32::from_be_bytes(raw.try_into().ok()?).into()),
        Type::INT8 => Cell::Integer(long()?),
        Type::OID => Cell::Integer(u32::from_be_bytes(raw.try_into().ok()?).into()),
        // By its shortest digits: 0.1 is to stay 0.1.
        Type::FLOAT4 => Cell::Float(f32::from_be_bytes(raw.try_into().ok()?).to_string().parse().ok()?),
        Type::FLOAT8 => Cell::Float(f64::from_be_bytes(raw.try_into().ok()?)),
        Type::NUMERIC => numeric(raw)?,
        // The first byte is the version of the format.
        Type::JSONB => text(raw.get(1..)?)?,
        Type::UUID => Cell::Text(uuid(raw.try_into().ok()?)),
        Type::DATE => Cell::Text(date(i32::from_be_bytes(raw.try_into().ok()?))),
        Type::TIME => Cell::Text(time(long()?)),
        Type::TIMESTAMP => Cell::Text(timestamp(long()?, "")),
        Type::TIMESTAMPTZ => Cell::Text(timestamp(long()?, "+00")),
        Type::INTERVAL => Cell::Text(interval(raw)?),
        Type::BYTEA => Cell::from_bytes(raw),
        _ => text(raw)?,
    })
}

fn text(raw: &[u8]) -> Option<Cell> {
    String::from_utf8(raw.to_vec()).ok().map(Cell::Text)
}

/// Takes numbers from the beginning of a value.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn short(&mut self) -> Option<i16> {
        self.bytes(2)?.try_into().ok().map(i16::from_be_bytes)
    }

    fn int(&mut self) -> Option<i32> {
        self.bytes(4)?.try_into().ok().map(i32::from_be_bytes)
    }

    fn long(&mut self) -> Option<i64> {
        self.bytes(8)?.try_into().ok().map(i64::from_be_bytes)
    }
}

/// Groups of four decimal digits, how many of them stand before the point, a sign, and how many digits are shown behind
/// the point.
fn numeric(raw: &[u8]) -> Option<Cell> {
    let mut reader = Reader(raw);
    let count = reader.short()?;
    let weight = i32::from(reader.short()?);
    let sign = reader.short()?.cast_unsigned();
    let scale = usize::try_from(reader.short()?).ok()?;
    match sign {
        0x0000 | 0x4000 => {}
        0xc000 => return Some(Cell::Text("NaN".to_owned())),
        0xd000 => return Some(Cell::Text("Infinity".to_owned())),
        0xf000 => return Some(Cell::Text("-Infinity".to_owned())),
        _ => return None,
    }
    let groups: Vec<i16> = (0..count).map(|_| reader.short()).collect::<Option<_>>()?;
    let group =
        |place: i32| usize::try_from(place).ok().and_then(|place| groups.get(place)).copied().unwrap_or(0);
    let mut digits = if sign == 0x4000 { "-".to_owned() } else { String::new() };
    if weight < 0 {
        digits.push('0');
    }
    for place in 0..=weight {
        let _ =
            if place == 0 { write!(digits, "{}", group(0)) } else { write!(digits, "{:04}", group(place)) };
    }
    if scale > 0 {
        digits.push('.');
        let mut behind = String::new();
        let mut place = weight + 1;
        while behind.len() < scale {
            let _ = write!(behind, "{:04}", group(place));
            place += 1;
        }
        digits.push_str(behind.get(..scale)?);
    }
    Some(Cell::Decimal(digits))
}

fn uuid(raw: [u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (place, byte) in raw.into_iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let _ = write!(text, "{byte:02x}");
    }
    text
}

const DAY_US: i64 = 86_400_000_000;
/// Days from 1970-01-01 to 2000-01-01, from which PostgreSQL counts.
const EPOCH_DAYS: i64 = 10_957;

fn date(days: i32) -> String {
    match days {
        i32::MAX => "infinity".to_owned(),
        i32::MIN => "-infinity".to_owned(),
        days => {
            let (date, era) = civil(i64::from(days));
            format!("{date}{era}")
        }
    }
}

/// The date so many days after 2000-01-01, and the era where it is the one before Christ. The formula is
/// `civil_from_days` of <https://howardhinnant.github.io/date_algorithms.html>.
fn civil(days: i64) -> (String, &'static str) {
    let shifted = days + EPOCH_DAYS + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (year, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
    (format!("{year:04}-{month:02}-{day:02}"), era)
}

fn time(micros: i64) -> String {
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let mut text = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if fraction != 0 {
        let digits = format!("{fraction:06}");
        text.push('.');
        text.push_str(digits.trim_end_matches('0'));
    }
    text
}

fn timestamp(micros: i64, zone: &str) -> String {
    match micros {
        i64::MAX => "infinity".to_owned(),
        i64::MIN => "-infinity".to_owned(),
        micros => {
            let (date, era) = civil(micros.div_euclid(DAY_US));
            format!("{date} {}{zone}{era}", time(micros.rem_euclid(DAY_US)))
        }
    }
}

/// `1 mons 3 days -04:05:06`: months, days and a time, which are not the same of each other.
fn interval(raw: &[u8]) -> Option<String> {
    let mut reader = Reader(raw);
    let (micros, days, months) = (reader.long()?, reader.int()?, reader.int()?);
    let mut parts = Vec::new();
    if months != 0 {
        parts.push(format!("{months} mons"));
    }
    if days != 0 {
        parts.push(format!("{days} days"));
    }
    if micros != 0 || parts.is_empty() {
        let sign = if micros < 0 { "-" } else { "" };
        parts.push(format!("{sign}{}", time(micros.checked_abs()?)));
    }
    Some(parts.join(" "))
}

/// `{a,NULL,"b c"}`. None also for an array of several dimensions and for one that does not begin at 1, which are written
/// otherwise. Short values can have a long text, so there is an end where no row would hold it.
fn array(inner: &Type, raw: &[u8]) -> Option<String> {
    let mut reader = Reader(raw);
    let dimensions = reader.int()?;
    let _has_nulls = reader.int()?;
    let _inner_type = reader.int()?;
    match dimensions {
        0 => {}
        1 => {
            let _length = reader.int()?;
            let first_index = reader.int()?;
            (first_index == 1).then_some(())?;
        }
        _ => return None,
    }
    let mut text = "{".to_owned();
    while !reader.0.is_empty() && text.len() <= MAX_ROW_BYTES {
        if text.len() > 1 {
            text.push(',');
        }
        match usize::try_from(reader.int()?) {
            Err(_) => text.push_str("NULL"),
            Ok(length) => {
                let element = read(inner, reader.bytes(length)?)?;
                push_element(&element.text(), &mut text);
            }
        }
    }
    text.push('}');
    Some(text)
}

fn push_element(element: &str, text: &mut String) {
    let is_special = |c: char| matches!(c, ',' | '{' | '}' | '"' | '\\') || c.is_whitespace();
    if !element.is_empty() && !element.contains(is_special) && !element.eq_ignore_ascii_case("null") {
        text.push_str(element);
        return;
    }
    text.push('"');
    for c in element.chars() {
        if matches!(c, '"' | '\\') {
            text.push('\\');
        }
        text.push(c);
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_do_not_have_their_form_are_refused_and_harm_nobody() {
        for kind in READABLE.iter().chain(&[Type::TEXT_ARRAY, Type::NUMERIC_ARRAY]) {
            for raw in [&[][..], &[0xff], &[0xff; 7], &[0x7f; 8], &[0xff; 16], &[0x80; 40], &[0; 12]] {
                let _ = read(kind, raw);
            }
        }
        assert_eq!(read(&Type::INT4, &[1]), None);
        assert_eq!(read(&Type::NUMERIC, &[0, 1, 0, 0, 0, 0]), None);
    }

    #[test]
    fn dates_far_away_are_dates() {
        assert_eq!(date(0), "2000-01-01");
        assert_eq!(date(-730_119), "0001-01-01");
        assert_eq!(date(-730_120), "0001-12-31 BC");
        assert_eq!(date(i32::MAX), "infinity");
        assert_eq!(timestamp(-1, ""), "1999-12-31 23:59:59.999999");
    }
}
