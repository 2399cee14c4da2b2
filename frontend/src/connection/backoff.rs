//! How long to wait before connecting again: exponential, capped, with jitter, so that the tabs of a
//! restarted server do not all come back in the same instant.

const FIRST_MS: f64 = 300.0;
const CAP_MS: f64 = 15_000.0;

/// Milliseconds to wait before attempt `attempt` (0 is the first after a loss). `random` is 0.0 to 1.0: it
/// picks a point in the upper half of the full delay.
pub fn delay_ms(attempt: u32, random: f64) -> u32 {
    let full = (FIRST_MS * 2f64.powi(attempt.min(16) as i32)).min(CAP_MS);
    (full * (0.5 + 0.5 * random.clamp(0.0, 1.0))) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delay_doubles_up_to_its_cap_and_jitters_within_its_upper_half() {
        assert_eq!(delay_ms(0, 1.0), 300);
        assert_eq!(delay_ms(0, 0.0), 150);
        assert_eq!(delay_ms(3, 1.0), 2_400);
        assert_eq!(delay_ms(40, 1.0), 15_000);
        assert_eq!(delay_ms(u32::MAX, 0.0), 7_500);
    }
}
