//! What waits in the sessions of each tenant; and giving it up, where nobody is there any more who
//! would do it.

use std::collections::{HashMap, hash_map::Entry};

use baton_core::tenant::TenantKey;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    Outgoing, Sent, Store, StoreError, outbox,
    sql::{self, saturated, tenant_work as statements},
    turn,
};

/// What waits in the sessions of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantWork {
    /// Whose they are.
    pub tenant: TenantKey<'static>,
    /// Handoffs that go on.
    pub open_handoffs: u64,
    /// Messages that wait for Genesys.
    pub waiting_outgoing: u64,
    /// Turns that wait for the bot.
    pub waiting_turns: u64,
    /// Of the messages the one that entered its outbox first.
    pub oldest_outgoing: Option<Outgoing>,
}

/// With whom the sessions of a tenant speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counterpart {
    /// Genesys, which takes messages and knows of handoffs.
    Genesys,
    /// The bot, which is told turns.
    Bot,
}

/// Where something stands that waits: the number of its session, and its own.
type Waiting = (i64, i64);

impl Store {
    /// What waits in the sessions of each tenant, all of it seen at one moment; none of a tenant in
    /// whose sessions nothing waits. Takes time in proportion to what waits.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn work_of_tenants(&self) -> Result<Vec<TenantWork>, StoreError> {
        self.read(all).await
    }

    /// Gives up, at this time, what waits for somebody in the ended sessions of a tenant: messages
    /// become dead letters with the reason; handoffs and turns go. Sessions that have not ended
    /// keep what they have.
    ///
    /// At most `limit` of each are given up. Returns of what there was most; less than `limit` when
    /// nothing is left.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn give_up_work(
        &self,
        tenant: &TenantKey<'_>,
        waits_for: Counterpart,
        reason: &str,
        at_ms: i64,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let (tenant, reason) = (tenant.clone().into_owned(), reason.to_owned());
        self.write(move |connection| match waits_for {
            Counterpart::Genesys => {
                let messages = give_up_messages(connection, &tenant, &reason, at_ms, limit)?;
                Ok(messages.max(forget_handoffs(connection, &tenant, limit)?))
            }
            Counterpart::Bot => finish_turns(connection, &tenant, limit),
        })
        .await
    }
}

fn all(connection: &Connection) -> Result<Vec<TenantWork>, StoreError> {
    let doing = "read what waits in the sessions of tenants";
    // Both at one moment.
    let moment = connection.unchecked_transaction().map_err(StoreError::sqlite(doing))?;
    let mut found: HashMap<TenantKey<'static>, (TenantWork, Option<i64>)> = HashMap::new();
    moment
        .prepare_cached(statements::WORK_OF_TENANTS)
        .and_then(|mut statement| {
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let (work, oldest) = match found.entry(sql::tenant(row)?) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => {
                        let work = TenantWork::none_of(new.key().clone());
                        new.insert((work, None))
                    }
                };
                match row.get_ref("kind")?.as_str()? {
                    "handoff" => work.open_handoffs += 1,
                    "turn" => work.waiting_turns += 1,
                    _ => {
                        let number = row.get("number")?;
                        *oldest = Some(oldest.map_or(number, |oldest: i64| oldest.min(number)));
                        work.waiting_outgoing += 1;
                    }
                }
            }
            Ok(())
        })
        .map_err(StoreError::sqlite(doing))?;
    let whole = |(mut work, oldest): (TenantWork, Option<i64>)| {
        work.oldest_outgoing = match oldest {
            Some(number) => moment
                .prepare_cached(statements::OUTGOING)?
                .query_row([number], outbox::read)
                .optional()?,
            None => None,
        };
        Ok(work)
    };
    found.into_values().map(whole).collect::<Result<_, _>>().map_err(StoreError::sqlite(doing))
}

impl TenantWork {
    fn none_of(tenant: TenantKey<'static>) -> Self {
        Self {
            tenant,
            open_handoffs: 0,
            waiting_outgoing: 0,
            waiting_turns: 0,
            oldest_outgoing: None,
        }
    }
}

fn give_up_messages(
    connection: &Connection,
    tenant: &TenantKey<'_>,
    reason: &str,
    at_ms: i64,
    limit: usize,
) -> Result<usize, StoreError> {
    let waiting = of_ended(connection, statements::OUTGOING_OF_ENDED, tenant, limit)?;
    for (session, number) in &waiting {
        let sent = Sent::GivenUp { number: number.unsigned_abs(), reason: reason.to_owned() };
        outbox::finish(connection, *session, &sent, at_ms)?;
    }
    Ok(waiting.len())
}

fn forget_handoffs(
    connection: &Connection,
    tenant: &TenantKey<'_>,
    limit: usize,
) -> Result<usize, StoreError> {
    let open = of_ended(connection, statements::HANDOFFS_OF_ENDED, tenant, limit)?;
    for of in &open {
        connection
            .prepare_cached(statements::FORGET_HANDOFF)
            .and_then(|mut statement| statement.execute([of.0, of.1]))
            .map_err(StoreError::sqlite("forget a handoff"))?;
    }
    Ok(open.len())
}

fn finish_turns(
    connection: &Connection,
    tenant: &TenantKey<'_>,
    limit: usize,
) -> Result<usize, StoreError> {
    let waiting = of_ended(connection, statements::TURNS_OF_ENDED, tenant, limit)?;
    for (session, number) in &waiting {
        turn::finish(connection, *session, number.unsigned_abs())?;
    }
    Ok(waiting.len())
}

/// What waits in the tenant's sessions that have ended.
fn of_ended(
    connection: &Connection,
    statement: &str,
    tenant: &TenantKey<'_>,
    limit: usize,
) -> Result<Vec<Waiting>, StoreError> {
    let TenantKey { account_id, project_id, client_env } = tenant;
    let range = params![account_id, project_id, client_env, saturated(limit)];
    let place = |row: &Row<'_>| Ok((row.get("session")?, row.get("number")?));
    connection
        .prepare_cached(statement)
        .and_then(|mut statement| statement.query_map(range, place)?.collect())
        .map_err(StoreError::sqlite("look for what waits in a tenant's sessions"))
}
