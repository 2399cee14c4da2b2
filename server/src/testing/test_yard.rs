//! A yard whose time stands still.

use std::ops::Deref;
use std::time::Duration;

use actix::{Actor, Addr, Arbiter};

use super::recorder::{Ran, Recorder, TakeRan};
use crate::clock::Clock;
use crate::pubsub::Subscribe;
use crate::queue::messages::AwaitIdle;
use crate::yard::StartError;
use crate::{Yard, YardBuilder};

/// When a test yard's time begins: 2030-01-01T00:00:00Z, in milliseconds since the Unix epoch.
const START_MS: i64 = 1_893_456_000_000;
/// How long running jobs may take to end when the yard is stopped.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// A yard for a test, which does everything that a [`Yard`] does. Jobs run as soon as they can, but its time moves only
/// by [`TestYard::advance`]: run times, retries, schedules, limits and retention follow that. (Time-outs of attempts,
/// and what workers sleep, are real time.)
pub struct TestYard {
    yard: Yard,
    clock: Clock,
    recorder: Addr<Recorder>,
    arbiter: Arbiter,
}

impl Deref for TestYard {
    type Target = Yard;

    fn deref(&self) -> &Yard {
        &self.yard
    }
}

impl TestYard {
    /// Starts the yard at 2030-01-01T00:00:00Z. Without a data folder everything is in memory; with one it also takes
    /// jobs in transactions.
    ///
    /// # Errors
    /// As [`YardBuilder::start`].
    pub async fn start(builder: YardBuilder) -> Result<TestYard, StartError> {
        let clock = Clock::manual(START_MS);
        let yard = builder.clock(clock.clone()).start().await?;
        let arbiter = Arbiter::new();
        let recorder = Recorder::start_in_arbiter(&arbiter.handle(), |_| Recorder::default());
        let subscribe = Subscribe { subscriber: recorder.clone().recipient() };
        yard.pubsub().send(subscribe).await.expect("PubSub has just started");
        Ok(TestYard { yard, clock, recorder, arbiter })
    }

    /// Milliseconds since the Unix epoch, by the yard's clock.
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Waits until nothing more can run before time passes: what is ready has run, and so has what that added. Answers
    /// which attempts ended since the last call, in order.
    ///
    /// # Panics
    /// The queue has stopped, or so much ran since the last call that not everything could be recorded.
    pub async fn drain(&self) -> Vec<Ran> {
        self.idle().await;
        // Everything was published before the queue answered: now it is passed on, and then recorded.
        self.yard.pubsub_counters().await.expect("PubSub runs");
        let ran = self.recorder.send(TakeRan).await.expect("the recorder runs");
        ran.expect("too much ran at once, or the queue was restarted: not everything was recorded")
    }

    /// Lets the time pass: everything that becomes due on the way runs at its time, one after the other. Answers which
    /// attempts ended. A yard has something to tidy up each minute, so years take a while.
    ///
    /// # Panics
    /// As [`TestYard::drain`].
    pub async fn advance(&self, by: Duration) -> Vec<Ran> {
        let by_ms = i64::try_from(by.as_millis()).expect("the time is less than 290 million years");
        let until_ms = self.clock.now_ms() + by_ms;
        while let Some(next_ms) = self.idle().await.filter(|next_ms| *next_ms <= until_ms) {
            // What is due and still waits, waits for something else.
            self.clock.advance((next_ms - self.clock.now_ms()).max(1));
        }
        self.clock.advance((until_ms - self.clock.now_ms()).max(0));
        self.drain().await
    }

    /// Stops the yard; running jobs have ten seconds.
    pub async fn stop(self) {
        self.yard.stop(STOP_WITHIN).await;
        self.arbiter.stop();
    }

    /// When something is due next.
    pub(crate) async fn idle(&self) -> Option<i64> {
        let answer = self.yard.queue().send(AwaitIdle).await.expect("the queue runs");
        answer.expect("the queue was not restarted, nor are there too many who wait")
    }
}
