//! What a test says of its own run: its seed, and how much it saw. Shown when it fails.

/// Says a line.
#[expect(clippy::print_stdout, reason = "the test harness keeps it, and shows it when the test fails")]
pub fn note(text: &str) {
    println!("{text}");
}
