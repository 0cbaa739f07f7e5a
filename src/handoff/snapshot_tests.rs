//! Snapshots as Genesys writes them.

use proptest::prelude::*;

use crate::{Purpose, Snapshot, SnapshotProblem, State};

fn read(text: &str) -> Result<Snapshot, SnapshotProblem> {
    Snapshot::read(text.as_bytes())
}

#[test]
fn a_conversation_is_read_as_the_rest_api_shows_it() {
    let snapshot = read(
        r#"{"id":"c1","participants":[
            {"id":"p1","purpose":"customer","state":"disconnected","disconnectType":"peer",
             "connectedTime":"2026-05-04T09:15:00.200Z","endTime":"2026-05-04T09:22:22.432Z"},
            {"id":"p2","purpose":"agent","state":"connected","user":{"id":"u1"},
             "connectedTime":"2026-05-04T09:15:20.000Z","messages":[
                {"messageId":"m1","messageTime":"2026-05-04T09:15:22.417Z",
                 "messageStatus":"delivery-failed"}]},
            {"id":"p3","purpose":"acd","state":"parked"},
            {"id":"p4","purpose":"agent","state":"alerting"}]}"#,
    )
    .unwrap();
    assert_eq!(snapshot.conversation_id, "c1");
    let legs: Vec<_> =
        snapshot.participants.iter().map(|leg| (leg.purpose, leg.state, leg.is_live())).collect();
    assert_eq!(
        legs,
        [
            (Purpose::Customer, State::Ended, false),
            (Purpose::Agent, State::Connected, true),
            (Purpose::Other, State::Live, true),
            (Purpose::Agent, State::Alerting, true),
        ]
    );
    let agent = &snapshot.participants[1];
    assert_eq!(agent.user_id.as_deref(), Some("u1"));
    assert_eq!(agent.connected_at, "2026-05-04T09:15:20Z".parse().ok());
    assert_eq!(agent.messages[0].id, "m1");
    assert!(agent.messages[0].failed);
    assert_eq!(snapshot.participants[0].ended_at, "2026-05-04T09:22:22.432Z".parse().ok());
}

#[test]
fn a_conversation_topic_names_its_messages_in_another_place() {
    let text = r#"{"id":"c1","participants":[{"purpose":"agent","messages":[
        {"message":{"id":"m1"},"messageStatus":"sent"},{"messageStatus":"sent"}]}]}"#;
    let messages = &read(text).unwrap().participants[0].messages;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].id, "m1");
    assert!(!messages[0].failed);
}

#[test]
fn a_value_of_another_type_costs_that_value_only() {
    let text = r#"{"id":"c1","participants":[7,{"id":1,"purpose":[],"state":{},"user":"u",
        "connectedTime":"yesterday","endTime":5,"messages":{}},{"purpose":"customer"}]}"#;
    let snapshot = read(text).unwrap();
    assert_eq!(snapshot.participants.len(), 2);
    assert_eq!(snapshot.participants[0].state, State::Live);
    assert_eq!(snapshot.participants[1].purpose, Purpose::Customer);
}

#[test]
fn a_leg_of_an_unknown_state_with_an_end_has_ended() {
    let text = r#"{"id":"c1","participants":[{"state":"new","endTime":"2026-05-04T09:15:00Z"}]}"#;
    assert_eq!(read(text).unwrap().participants[0].state, State::Ended);
}

#[test]
fn the_queue_of_a_queues_leg_is_read() {
    let text = r#"{"id":"c1","participants":[
        {"purpose":"customer","state":"connected","name":"Ann","queue":{"id":"q1"}},
        {"purpose":"acd","state":"disconnected","name":"Bots","queue":{"id":"q0"}},
        {"purpose":"acd","state":"connected","queue":{"id":""}},
        {"purpose":"acd","state":"connected","name":"Support","queue":{"id":"q1"}}]}"#;
    let snapshot = read(text).unwrap();
    let queue = snapshot.queues().next().unwrap();
    assert_eq!((queue.id.as_str(), queue.name.as_deref()), ("q1", Some("Support")));
    assert!(snapshot.participants[0].queue.is_none());
}

#[test]
fn what_is_no_conversation_is_refused() {
    assert_eq!(read("{"), Err(SnapshotProblem::NotJson));
    for text in ["[]", "{}", r#"{"id":""}"#, r#"{"id":5}"#] {
        assert_eq!(read(text), Err(SnapshotProblem::NoConversation), "{text}");
    }
}

proptest! {
    #[test]
    fn invariant_11_no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Snapshot::read(&bytes);
    }
}
