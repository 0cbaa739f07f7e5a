//! How a tenant stands with Genesys: what its calls say of it.

use std::{
    collections::BTreeMap,
    error::Error,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use baton_core::tenant::TenantKey;
use baton_genesys::{CallError, LookUpError};
use baton_process::Recurrence;
use serde::Serialize;
use utoipa::ToSchema;

use crate::cause::Chain;

/// How a tenant stands with Genesys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Standing {
    /// It was not found out yet.
    Checking,
    /// Genesys does what is asked for the tenant.
    Up,
    /// It does not do all of it; this says why, and what to do.
    Down {
        /// One sentence.
        problem: String,
    },
}

/// What calls are for. Each may be refused while the others are carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Purpose {
    /// Finding the integration.
    Integration,
    /// Bringing what the user says.
    Message,
    /// Reading conversations.
    Reading,
    /// Reading single messages: what an agent said and no webhook brought, or where one is.
    ReadingMessages,
    /// Transferring out of the bot's queue.
    Transfer,
    /// Disconnecting the customer.
    Disconnect,
}

/// Keeps how a tenant stands.
pub(crate) struct TenantStanding {
    tenant: TenantKey<'static>,
    state: Mutex<State>,
    /// That it is down for another reason than before: Genesys words the same one differently each
    /// time.
    another_reason: Recurrence,
}

#[derive(Default)]
struct State {
    /// Whether anything was heard of Genesys yet.
    heard: bool,
    problems: BTreeMap<Purpose, Problem>,
    /// What the log was last told.
    told: Option<String>,
}

struct Problem {
    text: String,
    /// Whether it is with the token, so that whatever is carried out disproves it.
    of_token: bool,
}

impl TenantStanding {
    pub(crate) fn new(tenant: TenantKey<'static>) -> Self {
        Self { tenant, state: Mutex::default(), another_reason: Recurrence::default() }
    }

    /// How the tenant stands now.
    pub(crate) fn now(&self) -> Standing {
        self.with(|state| state.standing())
    }

    /// Whether it is down for what a look at the integration finds out: there is no token, or the
    /// integration itself could not be read.
    pub(crate) fn is_down_for_what_a_look_tells(&self) -> bool {
        let tells =
            |(of, known): (&Purpose, &Problem)| *of == Purpose::Integration || known.of_token;
        self.with(|state| state.problems.iter().any(tells))
    }

    /// What a call says: one that was carried out, or one that was refused for what an operator
    /// can mend. Anything else passes by itself.
    pub(crate) fn note<T>(&self, purpose: Purpose, result: &Result<T, CallError>) {
        match result {
            Ok(_) => self.is_well(purpose),
            Err(error) if error.needs_operator() => {
                self.is_refused(purpose, error, matches!(error, CallError::Token(_)));
            }
            Err(_) => {}
        }
    }

    /// What the look-up of the integration says. Without the integration nothing works.
    pub(crate) fn note_integration<T>(&self, result: &Result<T, LookUpError>) {
        match result {
            Ok(_) => self.is_well(Purpose::Integration),
            Err(error) => {
                let of_token = matches!(error, LookUpError::Call(CallError::Token(_)));
                self.is_refused(Purpose::Integration, error, of_token);
            }
        }
    }

    fn is_well(&self, purpose: Purpose) {
        self.change(|state| state.problems.retain(|of, known| *of != purpose && !known.of_token));
    }

    fn is_refused(&self, purpose: Purpose, error: &(dyn Error + Send + Sync), of_token: bool) {
        let problem = Problem { text: Chain(error).to_string(), of_token };
        self.change(|state| {
            state.problems.insert(purpose, problem);
        });
    }

    /// Changes what is known, and tells of it when the tenant stands differently then.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let (before, after) = self.with(|state| {
            let before = state.standing();
            state.heard = true;
            change(state);
            (before, state.standing())
        });
        let tenant = &self.tenant;
        match after {
            Standing::Down { problem } => {
                if self.is_to_be_told(&before, &problem, Instant::now()) {
                    tracing::error!(%tenant, problem, "the tenant is down");
                }
            }
            after if after == before => {}
            Standing::Up => tracing::info!(%tenant, "the tenant reaches Genesys"),
            Standing::Checking => {}
        }
    }

    /// Whether the log is to say that the tenant is down for this: that it is down at once, and
    /// another reason than it named last within a minute.
    fn is_to_be_told(&self, before: &Standing, problem: &str, now: Instant) -> bool {
        let is_news = !matches!(before, Standing::Down { .. });
        let is_told = self.with(|state| state.told.as_deref() == Some(problem));
        let is_due = (is_news || !is_told) && self.another_reason.happened(now).is_some();
        let says = is_news || is_due;
        if says {
            self.with(|state| state.told = Some(problem.to_owned()));
        }
        says
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn standing(&self) -> Standing {
        match self.problems.values().next() {
            Some(problem) => Standing::Down { problem: problem.text.clone() },
            None if self.heard => Standing::Up,
            None => Standing::Checking,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use baton_genesys::TokenError;

    fn standing() -> TenantStanding {
        TenantStanding::new(TenantKey::new("acme", "support", "live"))
    }

    fn is_down(standing: &TenantStanding) -> bool {
        matches!(standing.now(), Standing::Down { .. })
    }

    #[test]
    fn a_tenant_is_being_checked_until_something_is_heard() {
        let standing = standing();
        assert_eq!(standing.now(), Standing::Checking);
        standing.note(Purpose::Message, &Ok(()));
        assert_eq!(standing.now(), Standing::Up);
    }

    #[test]
    fn the_log_names_the_reason_that_lasts_and_no_more_than_one_a_minute() {
        let (standing, begun) = (standing(), Instant::now());
        let down = Standing::Down { problem: "what was before".to_owned() };
        let told = |before: &Standing, problem: &str, seconds| {
            standing.is_to_be_told(before, problem, begun + Duration::from_secs(seconds))
        };
        assert!(told(&Standing::Up, "first", 0));
        assert!(!told(&down, "first", 1) && !told(&down, "second", 30));
        assert!(told(&down, "second", 60), "the log named the first");
        assert!(!told(&down, "second", 120), "it was said");
        assert!(told(&Standing::Up, "second", 121), "it was well in between");
    }

    #[test]
    fn what_is_carried_out_disproves_a_problem_with_the_same_or_with_the_token() {
        let standing = standing();
        let ambiguous = LookUpError::Ambiguous {
            kind: "integration",
            wanted: "Web chat".to_owned(),
            ids: Vec::new(),
        };
        standing.note_integration(&Err::<(), _>(ambiguous));
        standing.note(Purpose::Reading, &Ok(()));
        assert!(is_down(&standing));
        standing.note_integration(&Ok(()));
        assert_eq!(standing.now(), Standing::Up);

        let host = "api.mypurecloud.de".to_owned();
        let no_token =
            CallError::Token(TokenError::NotAccepted { host, client_id: "client".to_owned() });
        standing.note(Purpose::Message, &Err::<(), _>(no_token));
        assert!(is_down(&standing));
        standing.note(Purpose::Reading, &Ok(()));
        assert_eq!(standing.now(), Standing::Up);
    }
}
