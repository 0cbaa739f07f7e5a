//! The statements of the dead letters.

/// Before `SETTLE`, which a delivery is settled by.
pub(crate) const BURY_DELIVERY: &str = "
    INSERT INTO dead_letter (kind, item, account_id, project_id, client_env, session, about,
                             reason, at_ms, body)
    SELECT 'delivery', arrival, account_id, project_id, client_env, session.number, delivery_id,
           ?2, received_at_ms, body
    FROM inbox LEFT JOIN session
      USING (account_id, project_id, client_env, integration_id, end_user_id)
    WHERE arrival = ?1 AND outcome IS NULL";

/// Before `FINISH_OUTGOING`, as which it takes the session's number first.
pub(crate) const BURY_MESSAGE: &str = "
    INSERT INTO dead_letter (kind, item, account_id, project_id, client_env, session, handoff,
                             about, reason, at_ms, body)
    SELECT 'message', outgoing.number, account_id, project_id, client_env, session,
           (SELECT max(number) FROM handoff WHERE handoff.session = ?1),
           outgoing_id, ?3, ?4, CAST(body AS BLOB)
    FROM outgoing CROSS JOIN session ON session.number = outgoing.session
    WHERE outgoing.number = ?2 AND session = ?1 AND outcome IS NULL";

/// Before `GIVE_UP_NOTIFICATION`. What it holds stands in the session's log.
pub(crate) const BURY_NOTIFICATION: &str = "
    INSERT INTO dead_letter (kind, item, account_id, project_id, client_env, session, about,
                             reason, at_ms)
    SELECT 'notification', notification.number, account_id, project_id, client_env, session,
           endpoint, ?2, ?3
    FROM notification CROSS JOIN session ON session.number = notification.session
    WHERE notification.number = ?1 AND reason IS NULL";

pub(crate) const DEAD_LETTERS: &str = "
    SELECT dead_letter.number, kind, dead_letter.account_id, dead_letter.project_id,
           dead_letter.client_env, session_id, about, reason, at_ms
    FROM dead_letter LEFT JOIN session ON session.number = dead_letter.session
    WHERE dead_letter.number > ?1
      AND (?2 IS NULL OR kind = ?2)
      AND (?3 IS NULL OR (dead_letter.account_id, dead_letter.project_id, dead_letter.client_env)
                         = (?3, ?4, ?5))
      AND at_ms >= ?6
    ORDER BY dead_letter.number
    LIMIT ?7";

pub(crate) const DEAD_LETTER: &str = "
    SELECT dead_letter.number, kind, dead_letter.account_id, dead_letter.project_id,
           dead_letter.client_env, session_id, about, reason, at_ms, item, handoff, body
    FROM dead_letter LEFT JOIN session ON session.number = dead_letter.session
    WHERE dead_letter.number = ?1";

pub(crate) const NEWEST_DEAD_LETTER: &str =
    "SELECT number FROM dead_letter WHERE number > 0 ORDER BY number DESC LIMIT 1";

pub(crate) const COUNT_DEAD_LETTERS: &str = "
    SELECT (SELECT count(*) FROM dead_letter INDEXED BY dead_letter_item WHERE kind = ?1) AS kept,
           (SELECT total FROM dead_letter_total WHERE kind = ?1) AS ever";

pub(crate) const EVENT_OF_NOTIFICATION: &str = "
    SELECT sequence, event_id, timestamp, kind, payload, metadata
    FROM notification CROSS JOIN event USING (session, sequence)
    WHERE notification.number = ?1";

pub(crate) const REVIVE_DELIVERY: &str = "
    UPDATE inbox SET outcome = NULL, body = ?2
    WHERE arrival = ?1 AND outcome IS NOT NULL";

/// Whether a session and one of its handoffs go on.
pub(crate) const STANDING_OF_HANDOFF: &str = "
    SELECT ended_at_ms IS NOT NULL AS ended,
           EXISTS (SELECT 1 FROM handoff
                   WHERE session = session.number AND number = ?2 AND open = 1) AS open
    FROM session
    WHERE session_id = ?1";

pub(crate) const REVIVE_MESSAGE: &str = "
    UPDATE outgoing SET outcome = NULL, reason = NULL, body = CAST(?2 AS TEXT)
    WHERE number = ?1 AND outcome = 'given_up'";

pub(crate) const REVIVE_NOTIFICATION: &str =
    "UPDATE notification SET reason = NULL WHERE number = ?1 AND reason IS NOT NULL";

pub(crate) const DISCARD_DEAD_LETTER: &str = "DELETE FROM dead_letter WHERE number = ?1";
