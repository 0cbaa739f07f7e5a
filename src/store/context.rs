//! Contexts: what a handoff hands over with the user, for whoever asks for it.

use std::fmt;

use baton_core::tenant::TenantKey;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{Store, StoreError, sql};

/// What a handoff hands over.
#[derive(Clone, PartialEq, Eq)]
pub struct HandoffContext {
    /// The handoff's place in the session: 1 for the first.
    pub number: u32,
    /// The id that an application has for it in common with others; absent when it gave none.
    pub shared_id: Option<String>,
    /// What is handed over: the text of a JSON value that the store does not look into.
    pub body: String,
}

impl fmt::Debug for HandoffContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HandoffContext")
            .field("number", &self.number)
            .field("shared_id", &self.shared_id)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// By what a context is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextBy {
    /// The session's id.
    Id(String),
    /// The shared id, which may be that of several sessions.
    SharedId(String),
}

/// A context, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundContext {
    /// The session that was handed over.
    pub session_id: String,
    /// What was handed over.
    pub context: HandoffContext,
}

impl Store {
    /// The newest context that the tenant has by this id, if there is one. A
    /// [`Step`](crate::Step) keeps it.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn handoff_context(
        &self,
        tenant: &TenantKey<'_>,
        by: ContextBy,
    ) -> Result<Option<FoundContext>, StoreError> {
        let tenant = tenant.clone().into_owned();
        self.read(move |connection| newest(connection, &tenant, &by)).await
    }
}

/// Keeps the context of a handoff of the session with this number as it stands now.
pub(crate) fn keep(
    connection: &Connection,
    session: i64,
    context: &HandoffContext,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(sql::KEEP_CONTEXT)
        .and_then(|mut statement| {
            statement.execute(params![session, context.number, context.shared_id, context.body])
        })
        .map(drop)
        .map_err(StoreError::sqlite("keep what a handoff hands over"))
}

fn newest(
    connection: &Connection,
    tenant: &TenantKey<'_>,
    by: &ContextBy,
) -> Result<Option<FoundContext>, StoreError> {
    let (statement, id) = match by {
        ContextBy::Id(id) => (sql::CONTEXT_OF_SESSION, id),
        ContextBy::SharedId(id) => (sql::CONTEXT_OF_SHARED_ID, id),
    };
    connection
        .prepare_cached(statement)
        .and_then(|mut statement| {
            let TenantKey { account_id, project_id, client_env } = tenant;
            statement.query_row(params![account_id, project_id, client_env, id], read).optional()
        })
        .map_err(StoreError::sqlite("read what a handoff hands over"))
}

fn read(row: &Row<'_>) -> rusqlite::Result<FoundContext> {
    let context = HandoffContext {
        number: row.get("number")?,
        shared_id: row.get("shared_id")?,
        body: row.get("body")?,
    };
    Ok(FoundContext { session_id: row.get("session_id")?, context })
}

#[cfg(test)]
mod tests {
    use baton_core::tenant::TenantKey;

    use super::{ContextBy, FoundContext, HandoffContext};
    use crate::{
        NewSession, Step,
        testing::{Fixture, new_session, session_id},
    };

    fn context(number: u32, shared_id: Option<&str>, body: &str) -> HandoffContext {
        HandoffContext { number, shared_id: shared_id.map(str::to_owned), body: body.to_owned() }
    }

    impl Fixture {
        async fn hand_over(&self, session: usize, context: HandoffContext) {
            let step = Step { context: Some(context), ..Step::default() };
            self.store.step(&session_id(session), step).await.unwrap();
        }

        async fn context(&self, by: ContextBy) -> Option<FoundContext> {
            self.store.handoff_context(&new_session(1).tenant, by).await.unwrap()
        }
    }

    fn id(session: usize) -> ContextBy {
        ContextBy::Id(session_id(session))
    }

    fn shared(id: &str) -> ContextBy {
        ContextBy::SharedId(id.to_owned())
    }

    fn found(session: usize, context: HandoffContext) -> Option<FoundContext> {
        Some(FoundContext { session_id: session_id(session), context })
    }

    #[tokio::test]
    async fn a_session_has_the_context_of_its_newest_handoff_as_it_was_kept_last() {
        let mut fixture = Fixture::with_sessions(2).await;
        fixture.hand_over(1, context(2, None, "second")).await;
        fixture.hand_over(1, context(1, None, "first")).await;
        fixture.reopen().await;
        assert_eq!(fixture.context(id(1)).await, found(1, context(2, None, "second")));
        fixture.hand_over(1, context(2, Some("call"), "changed")).await;
        assert_eq!(fixture.context(id(1)).await, found(1, context(2, Some("call"), "changed")));
        assert_eq!(fixture.context(id(2)).await, None);
        assert_eq!(fixture.context(id(3)).await, None);
    }

    #[tokio::test]
    async fn a_shared_id_has_the_context_of_the_handoff_that_came_last() {
        let fixture = Fixture::with_sessions(2).await;
        fixture.hand_over(2, context(1, Some("call"), "a")).await;
        assert_eq!(fixture.context(shared("call")).await, found(2, context(1, Some("call"), "a")));
        fixture.hand_over(1, context(1, Some("call"), "b")).await;
        fixture.hand_over(1, context(2, Some("another"), "c")).await;
        assert_eq!(fixture.context(shared("call")).await, found(1, context(1, Some("call"), "b")));
        // A context that is kept again is no newer handoff.
        fixture.hand_over(2, context(1, Some("call"), "d")).await;
        assert_eq!(fixture.context(shared("call")).await, found(1, context(1, Some("call"), "b")));
        assert_eq!(fixture.context(shared("nobody")).await, None);
    }

    #[tokio::test]
    async fn invariant_12_a_context_is_found_by_its_own_tenant_only() {
        let fixture = Fixture::with_sessions(1).await;
        let own = new_session(1).tenant;
        let strangers = [
            TenantKey { account_id: "another".into(), ..own.clone() },
            TenantKey { project_id: "another".into(), ..own.clone() },
            TenantKey { client_env: "another".into(), ..own },
        ];
        let of_session = |session| context(1, Some("call"), &format!("of session {session}"));
        fixture.hand_over(1, of_session(1)).await;
        for (number, tenant) in (2..).zip(strangers) {
            let answer = async |by| fixture.store.handoff_context(&tenant, by).await.unwrap();
            assert_eq!(answer(id(1)).await, None);
            assert_eq!(answer(shared("call")).await, None);
            let stranger = NewSession { tenant: tenant.clone(), ..new_session(number) };
            fixture.store.create_session(stranger, Vec::new()).await.unwrap();
            fixture.hand_over(number, of_session(number)).await;
            assert_eq!(answer(shared("call")).await, found(number, of_session(number)));
            for by in [id(1), shared("call")] {
                assert_eq!(fixture.context(by).await, found(1, of_session(1)));
            }
        }
    }
}
