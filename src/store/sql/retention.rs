//! The statements that forget old sessions. Each one that deletes takes a session's number, or a
//! time, and how many rows it may delete.

/// An ended session in which something is left to do waits until it is done.
pub(crate) const FORGETTABLE_SESSIONS: &str = "
    SELECT number
    FROM session AS old INDEXED BY session_ended
    WHERE ended_at_ms < ?1
      AND NOT EXISTS (SELECT 1 FROM outgoing INDEXED BY outgoing_waiting
                      WHERE session = old.number AND outcome IS NULL)
      AND NOT EXISTS (SELECT 1 FROM turn INDEXED BY turn_waiting
                      WHERE session = old.number AND body IS NOT NULL)
      AND NOT EXISTS (SELECT 1 FROM handoff INDEXED BY handoff_open
                      WHERE session = old.number AND open = 1)
    ORDER BY ended_at_ms
    LIMIT ?2";

pub(crate) const FORGET_DEAD_LETTERS: &str = "
    DELETE FROM dead_letter
    WHERE number IN (SELECT number FROM dead_letter INDEXED BY dead_letter_of_session
                     WHERE session = ?1 LIMIT ?2)";

/// A delivery that is not settled stays: it was promised to be.
pub(crate) const FORGET_DELIVERIES: &str = "
    DELETE FROM inbox WHERE arrival IN (
        SELECT arrival
        FROM session CROSS JOIN inbox INDEXED BY inbox_settled_of_end_user
          USING (account_id, project_id, client_env, integration_id, end_user_id)
        WHERE number = ?1 AND outcome IS NOT NULL
        LIMIT ?2)";

pub(crate) const FORGET_RECEIPTS: &str = "
    DELETE FROM receipt WHERE number IN (
        SELECT receipt.number
        FROM session CROSS JOIN receipt
          USING (account_id, project_id, client_env, integration_id, end_user_id)
        WHERE session.number = ?1
        LIMIT ?2)";

pub(crate) const FORGET_OUTGOING: &str = "
    DELETE FROM outgoing
    WHERE number IN (SELECT number FROM outgoing WHERE session = ?1 LIMIT ?2)";

pub(crate) const FORGET_TURNS: &str = "
    DELETE FROM turn
    WHERE number IN (SELECT number FROM turn WHERE session = ?1 LIMIT ?2)";

pub(crate) const FORGET_CONTEXTS: &str = "
    DELETE FROM handoff_context
    WHERE place IN (SELECT place FROM handoff_context WHERE session = ?1 LIMIT ?2)";

pub(crate) const FORGET_HANDOFFS: &str = "
    DELETE FROM handoff
    WHERE session = ?1
      AND number IN (SELECT number FROM handoff WHERE session = ?1 LIMIT ?2)";

pub(crate) const FORGET_NOTIFICATIONS: &str = "
    DELETE FROM notification
    WHERE number IN (SELECT number FROM notification WHERE session = ?1 LIMIT ?2)";

/// The oldest first, so that what is left keeps its numbers to the end.
pub(crate) const FORGET_EVENTS: &str = "
    DELETE FROM event
    WHERE session = ?1
      AND sequence IN (SELECT sequence FROM event WHERE session = ?1 ORDER BY sequence LIMIT ?2)";

pub(crate) const FORGET_SESSION: &str = "
    DELETE FROM session
    WHERE number IN (SELECT number FROM session WHERE number = ?1 LIMIT ?2)";

/// What belongs to no session goes when it is older than a time, and a delivery after its dead
/// letter.
pub(crate) const FORGET_LETTERS_OF_NOBODY: &str = "
    DELETE FROM dead_letter
    WHERE number IN (SELECT number FROM dead_letter INDEXED BY dead_letter_of_nobody
                     WHERE session IS NULL AND at_ms < ?1 LIMIT ?2)";

pub(crate) const FORGET_DELIVERIES_OF_NOBODY: &str = "
    DELETE FROM inbox
    WHERE arrival IN (SELECT arrival FROM inbox INDEXED BY inbox_of_nobody
                      WHERE outcome IN ('not_configured', 'unknown_session', 'needless')
                        AND received_at_ms < ?1
                        AND NOT EXISTS (SELECT 1 FROM dead_letter
                                        WHERE kind = 'delivery' AND item = arrival)
                      LIMIT ?2)";
