//! Parts that fail too often.

use std::time::Duration;

use anyhow::Result;
use taskyard_tests::fragile_yard::{FragileYard, Settings};

use crate::PROGRAM;

#[test]
fn past_the_restart_budget_the_process_ends_with_a_sentence() -> Result<()> {
    for (part, name) in [("panic queue", "queue"), ("panic hub", "view hub")] {
        let mut yard = FragileYard::start(PROGRAM, Settings::default().set("supervision.max_restarts", 1))?;
        yard.tell(part)?;
        yard.tell(part)?;
        let status = yard.wait_for_exit(Duration::from_secs(30))?;
        assert_eq!(status.code(), Some(1), "{part}");
        let says = format!("gave up: the {name} failed 2 times within 60 seconds");
        assert!(yard.log().contains(&says), "{part}: {}", yard.log());
    }
    Ok(())
}
