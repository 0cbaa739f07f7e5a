//! How a tenant stands with Genesys: what its calls say of it.

use std::{
    collections::BTreeMap,
    error::Error,
    sync::{Mutex, PoisonError},
};

use baton_core::tenant::TenantKey;
use baton_genesys::{CallError, LookUpError};
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
}

#[derive(Default)]
struct State {
    /// Whether anything was heard of Genesys yet.
    heard: bool,
    problems: BTreeMap<Purpose, Problem>,
}

struct Problem {
    text: String,
    /// Whether it is with the token, so that whatever is carried out disproves it.
    of_token: bool,
}

impl TenantStanding {
    pub(crate) fn new(tenant: TenantKey<'static>) -> Self {
        Self { tenant, state: Mutex::default() }
    }

    /// How the tenant stands now.
    pub(crate) fn now(&self) -> Standing {
        self.with(|state| state.standing())
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
            after if after == before => {}
            Standing::Down { problem } => tracing::error!(%tenant, problem, "the tenant is down"),
            Standing::Up => tracing::info!(%tenant, "the tenant reaches Genesys"),
            Standing::Checking => {}
        }
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
