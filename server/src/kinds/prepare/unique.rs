//! The key under which there is to be one job only.

use taskyard_shared::error::FieldError;
use taskyard_shared::limits::{MAX_DELAY_MS, MAX_KEY_BYTES};
use taskyard_shared::new_job::{OnConflict, Unique};

use super::arguments::Arguments;
use super::wrong::setting;
use crate::kinds::fingerprint::fingerprint;
use crate::store::UniqueInsert;

/// `args` are those that are stored, if they are right: two jobs of a kind whose arguments differ only in what is left
/// out and what is said in vain are the same. `comes_after`: how many jobs this one comes after. None: all that is wrong
/// is told, or something is with the arguments.
pub(super) fn unique_insert(
    kind: &str,
    unique: Unique,
    args: Option<&Arguments>,
    comes_after: usize,
    wrong: &mut Vec<FieldError>,
) -> Option<UniqueInsert> {
    let known = wrong.len();
    let mut states = unique.states();
    let Unique { key, period_ms, on_conflict, .. } = unique;
    if key.as_ref().is_some_and(|key| !(1..=MAX_KEY_BYTES).contains(&key.len())) {
        wrong.push(setting("unique/key", format!("must have 1 to {MAX_KEY_BYTES} bytes")));
    }
    states.sort_unstable();
    states.dedup();
    if states.is_empty() {
        wrong.push(setting("unique/states", "must name a state"));
    }
    if period_ms.is_some_and(|period_ms| !(1..=MAX_DELAY_MS).contains(&period_ms)) {
        wrong.push(setting("unique/period_ms", format!("must be 1 to {MAX_DELAY_MS}")));
    }
    // The other job would get these arguments, but would not wait for these jobs.
    if on_conflict == OnConflict::Replace && comes_after > 0 {
        wrong.push(setting("unique/on_conflict", "cannot be replace for a job that comes after others"));
    }
    let args = args.filter(|_| wrong.len() == known)?;
    let key = match key {
        // No kind has a colon or a hash in its name, so these are never the same.
        Some(key) => format!("{kind}:{key}"),
        None => format!("{kind}#{}", fingerprint(&args.json)),
    };
    Some(UniqueInsert { key, period_ms: period_ms.map(u64::cast_signed), states, on_conflict })
}
