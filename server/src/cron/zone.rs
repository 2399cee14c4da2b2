//! Time zones by name, from the database in the binary.

use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::error::CronError;

/// Longest name that is looked up, in characters; the longest that exists has 32.
const MAX_NAME_CHARS: usize = 64;
/// How alike two names must be, of 1, for one to be meant by the other.
const NEAR: f64 = 0.85;

/// A zone and its name as the database spells it.
pub(super) fn find(name: &str) -> Result<(TimeZone, String), CronError> {
    let database = TimeZoneDatabase::bundled();
    if name.chars().count() <= MAX_NAME_CHARS
        && let Ok(zone) = database.get(name)
        && let Some(spelled) = zone.iana_name().map(str::to_owned)
    {
        return Ok((zone, spelled));
    }
    let zone: String = name.chars().take(MAX_NAME_CHARS).collect();
    let suggestion = nearest(&database, &zone);
    Err(CronError::UnknownZone { zone, suggestion })
}

/// The zone that was probably meant: alike as a whole, or in its city.
fn nearest(database: &TimeZoneDatabase, name: &str) -> Option<String> {
    let wanted = name.to_lowercase().replace(' ', "_");
    let rated = database.available().map(|known| (likeness(&wanted, known.as_str()), known));
    let (likeness, known) = rated.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (likeness >= NEAR).then(|| known.as_str().to_owned())
}

fn likeness(wanted: &str, known: &str) -> f64 {
    let known = known.to_lowercase();
    let city = known.rsplit_once('/').map_or(known.as_str(), |(_, city)| city);
    strsim::jaro_winkler(wanted, &known).max(strsim::jaro_winkler(wanted, city))
}
