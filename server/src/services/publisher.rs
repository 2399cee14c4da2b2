//! How a service tells the live views of itself.

use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Recipient, SpawnHandle};

use crate::views::messages::ServiceStatus;

/// At most so often is a status told.
const EVERY: Duration = Duration::from_millis(200);

/// Tells how a service stands after it has changed, soon but not at every change.
#[derive(Default)]
pub(crate) struct Publisher {
    to: Option<Recipient<ServiceStatus>>,
    planned: Option<SpawnHandle>,
}

/// A service that is shown.
pub(crate) trait Publishes: Actor<Context = Context<Self>> {
    fn publisher(&mut self) -> &mut Publisher;

    fn status(&mut self) -> ServiceStatus;

    /// Something may look different now.
    fn changed(&mut self, ctx: &mut Self::Context) {
        let publisher = self.publisher();
        if publisher.planned.is_some() || publisher.to.is_none() {
            return;
        }
        let planned = ctx.run_later(EVERY, |service, _| {
            service.publisher().planned = None;
            let status = service.status();
            if let Some(to) = &service.publisher().to {
                // One message for each service and interval, so this cannot pile up.
                to.do_send(status);
            }
        });
        self.publisher().planned = Some(planned);
    }
}

impl Publisher {
    pub fn new(to: Recipient<ServiceStatus>) -> Self {
        Publisher { to: Some(to), planned: None }
    }

    /// For `restarting`: the timer died with the actor's context.
    pub fn restarted(&mut self) {
        self.planned = None;
    }
}
