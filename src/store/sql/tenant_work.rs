//! The statements of what waits in sessions, by whose they are. Each passes over what waits, and
//! over nothing else.

pub(crate) const WORK_OF_TENANTS: &str = "
    SELECT account_id, project_id, client_env, 'handoff' AS kind, handoff.number AS number
    FROM handoff INDEXED BY handoff_open CROSS JOIN session ON session.number = handoff.session
    WHERE open = 1
    UNION ALL
    SELECT account_id, project_id, client_env, 'outgoing', outgoing.number
    FROM outgoing INDEXED BY outgoing_waiting
      CROSS JOIN session ON session.number = outgoing.session
    WHERE outcome IS NULL
    UNION ALL
    SELECT account_id, project_id, client_env, 'turn', turn.number
    FROM turn INDEXED BY turn_waiting CROSS JOIN session ON session.number = turn.session
    WHERE body IS NOT NULL";

pub(crate) const OUTGOING: &str =
    "SELECT number, outgoing_id, body FROM outgoing WHERE number = ?1 AND outcome IS NULL";

pub(crate) const OUTGOING_OF_ENDED: &str = "
    SELECT outgoing.session AS session, outgoing.number AS number
    FROM outgoing INDEXED BY outgoing_waiting
      CROSS JOIN session ON session.number = outgoing.session
    WHERE outcome IS NULL AND ended_at_ms IS NOT NULL
      AND account_id = ?1 AND project_id = ?2 AND client_env = ?3
    LIMIT ?4";

pub(crate) const HANDOFFS_OF_ENDED: &str = "
    SELECT handoff.session AS session, handoff.number AS number
    FROM handoff INDEXED BY handoff_open CROSS JOIN session ON session.number = handoff.session
    WHERE open = 1 AND ended_at_ms IS NOT NULL
      AND account_id = ?1 AND project_id = ?2 AND client_env = ?3
    LIMIT ?4";

pub(crate) const TURNS_OF_ENDED: &str = "
    SELECT turn.session AS session, turn.number AS number
    FROM turn INDEXED BY turn_waiting CROSS JOIN session ON session.number = turn.session
    WHERE body IS NOT NULL AND ended_at_ms IS NOT NULL
      AND account_id = ?1 AND project_id = ?2 AND client_env = ?3
    LIMIT ?4";

pub(crate) const FORGET_HANDOFF: &str = "DELETE FROM handoff WHERE session = ?1 AND number = ?2";
