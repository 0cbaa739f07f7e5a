//! Plans that are carried out in an org, and made again.

use baton_genesys::{
    EndUser, InboundMessage, IntegrationChange, IntegrationRef, Secret, TypingDirections,
};
use baton_setup::{SetUpError, State, Wanted, WantedSecret};
use serde_json::{Value, json};

use crate::org::{Org, Receiver, SECRET, plan, set_up, wanted};

const ALL_DONE: [&str; 5] = [
    "platform configuration done",
    "Open Messaging integration done",
    "queue done",
    "inbound message flow there",
    "message routing done",
];
const ALL_THERE: [&str; 5] = [
    "platform configuration there",
    "Open Messaging integration there",
    "queue there",
    "inbound message flow there",
    "message routing there",
];

fn hello() -> InboundMessage {
    InboundMessage {
        from: EndUser { id: "customer".to_owned(), ..EndUser::default() },
        message_id: "m-1".to_owned(),
        time: jiff::Timestamp::UNIX_EPOCH,
        text: "Hello".to_owned(),
        attributes: [("queueId".to_owned(), "Web chat agents".to_owned())].into(),
    }
}

#[tokio::test]
async fn an_org_without_anything_is_ready_for_a_handoff_afterwards() {
    let (org, receiver) = (Org::start().await, Receiver::start().await);
    let genesys = org.client("whole");
    let (applied, told) = set_up(&genesys, &wanted(&receiver.url)).await;
    assert_eq!(told, ALL_DONE);
    assert!(applied.is_complete());

    let integration = applied.integration.unwrap();
    let taken = genesys.send_message(&integration.id, &hello()).await.unwrap();
    let id = taken.conversation_id.unwrap();
    let conversation = org.control(&format!("conversations/{id}"), Value::Null).await;
    let queue = genesys.queue_named("Web chat agents").await.unwrap();
    assert_eq!(conversation["queue_id"], queue.id);
    let actions = format!("conversations/{id}/actions");
    // Nobody is a member of the new queue yet: that is for a person.
    org.control(&actions, json!({ "action": "transfer_to_queue", "queue": "Support" })).await;
    org.control(&actions, json!({ "action": "accept", "user": "Dana" })).await;
    org.control(&actions, json!({ "action": "type" })).await;
    assert_eq!(receiver.kinds(2).await, ["Receipt", "Event"]);
}

#[tokio::test]
async fn a_second_run_has_nothing_to_do() {
    let org = Org::start().await;
    let genesys = org.client("whole");
    let wanted = wanted("http://127.0.0.1:9/new");
    set_up(&genesys, &wanted).await;
    assert!(!plan(&genesys, &wanted).await.has_work());
    let (applied, told) = set_up(&genesys, &wanted).await;
    assert_eq!(told, ALL_THERE);
    assert!(applied.is_complete());
    assert_eq!(genesys.integrations().await.unwrap().len(), 2);
    assert_eq!(genesys.messaging_settings().await.unwrap().len(), 3);
}

#[tokio::test]
async fn what_a_role_does_not_allow_is_for_a_person_and_the_rest_is_done() {
    for (permission, thing) in [
        ("messaging:setting:add", "platform configuration"),
        ("messaging:integration:add", "Open Messaging integration"),
        ("routing:queue:add", "queue"),
        ("routing:queue:view", "queue"),
        ("messaging:setting:view", "platform configuration"),
    ] {
        let org = Org::without(permission).await;
        let (_, told) = set_up(&org.client("weak"), &wanted("http://127.0.0.1:9/new")).await;
        for (told, done) in told.iter().zip(ALL_DONE) {
            if done.starts_with(thing) {
                let lack = format!("{thing} by hand: the OAuth client lacks {permission}");
                assert!(told.starts_with(&lack), "{told}");
            } else if thing == "Open Messaging integration" && done.starts_with("message routing") {
                assert!(told.contains("by hand: attach the integration"), "{told}");
            } else {
                assert_eq!(told, done, "without {permission}");
            }
        }
        // Somebody gives the permission, or does it: the next run does what is left.
        let (applied, _) = set_up(&org.client("whole"), &wanted("http://127.0.0.1:9/new")).await;
        assert!(applied.is_complete(), "without {permission}: {applied:?}");
        let (_, told) = set_up(&org.client("whole"), &wanted("http://127.0.0.1:9/new")).await;
        assert_eq!(told, ALL_THERE, "without {permission}");
    }
}

#[tokio::test]
async fn a_run_that_was_broken_off_is_completed() {
    let org = Org::start().await;
    let genesys = org.client("whole");
    let off = TypingDirections { inbound: false, outbound: true };
    genesys.create_messaging_setting("Web chat", off).await.unwrap();
    genesys.create_queue("Web chat agents").await.unwrap();
    let (_, told) = set_up(&genesys, &wanted("http://127.0.0.1:9/new")).await;
    assert_eq!(told[0], "platform configuration done");
    assert_eq!(told[2], "queue there");
    let (_, told) = set_up(&genesys, &wanted("http://127.0.0.1:9/new")).await;
    assert_eq!(told, ALL_THERE);
}

#[tokio::test]
async fn an_integration_that_is_there_gets_what_differs_and_the_settings_of_others_stay() {
    let org = Org::start().await;
    let genesys = org.client("whole");
    let before = genesys.integrations().await.unwrap().remove(0);
    let wanted = Wanted {
        integration: IntegrationRef::Id(before.id.clone()),
        secret: WantedSecret::IfNew(Secret::new(SECRET.to_owned())),
        ..wanted("http://127.0.0.1:9/new")
    };
    let (applied, _) = set_up(&genesys, &wanted).await;
    assert!(applied.is_complete());
    let after = genesys.integration_details(&before.id).await.unwrap();
    assert_eq!(after.webhook_url.as_deref(), Some("http://127.0.0.1:9/new"));
    assert_eq!(after.messaging_setting.unwrap().name, before.name);
    let settings = genesys.messaging_settings().await.unwrap();
    let default = settings.iter().find(|setting| setting.name == "Default").unwrap();
    assert_eq!(default.typing, TypingDirections { inbound: false, outbound: false });
    assert!(!plan(&genesys, &wanted).await.has_work());
}

#[tokio::test]
async fn a_secret_that_is_given_is_set_since_genesys_does_not_show_the_one_there_is() {
    let (org, receiver) = (Org::start().await, Receiver::start().await);
    let genesys = org.client("whole");
    let first = Wanted {
        secret: WantedSecret::IfNew(Secret::new("another-secret-than-that".to_owned())),
        ..wanted(&receiver.url)
    };
    let integration = set_up(&genesys, &first).await.0.integration.unwrap();
    let given = WantedSecret::Always(Secret::new(SECRET.to_owned()));
    let second = Wanted { secret: given, ..first };
    let (_, told) = set_up(&genesys, &second).await;
    assert_eq!(told[1], "Open Messaging integration done");
    genesys.send_message(&integration.id, &hello()).await.unwrap();
    assert_eq!(receiver.kinds(1).await, ["Receipt"]);
}

#[tokio::test]
async fn without_a_flow_the_plan_says_which_there_are() {
    let org = Org::start().await;
    let genesys = org.client("whole");
    let any = Wanted { flow: None, ..wanted("http://127.0.0.1:9/new") };
    let by_hand = |plan: &baton_setup::Plan, step: usize| match &plan.steps[step].state {
        State::ByHand(why) => why.clone(),
        state => panic!("{state:?}"),
    };
    let planned = plan(&genesys, &any).await;
    assert!(by_hand(&planned, 3).ends_with("there is: Inbound flow, Survey flow"));
    let unknown = Wanted { flow: Some("Chat flow".to_owned()), ..any };
    let planned = plan(&genesys, &unknown).await;
    assert!(by_hand(&planned, 3).starts_with("make one of this name"));
    assert!(by_hand(&planned, 4).starts_with("attach the integration"));
}

#[tokio::test]
async fn a_name_that_two_integrations_have_and_an_id_that_none_has_are_refused() {
    let org = Org::start().await;
    let genesys = org.client("whole");
    let unknown = Wanted {
        integration: IntegrationRef::Id("00000000-0000-4000-8000-000000000000".to_owned()),
        ..wanted("http://127.0.0.1:9/new")
    };
    let error = baton_setup::Found::read(&genesys, &unknown).await.unwrap_err();
    assert!(matches!(error, SetUpError::LookUp(_)), "{error}");

    for id in [1, 2] {
        let order = json!({
            "name": "Web chat", "webhook_url": format!("http://127.0.0.1:9/{id}"),
            "signature_secret": SECRET,
        });
        org.control("integrations", order).await;
    }
    let error = baton_setup::Found::read(&genesys, &wanted("http://x")).await.unwrap_err();
    assert!(error.to_string().contains("several"), "{error}");
}

#[tokio::test]
async fn no_secret_is_in_a_debug_form() {
    let org = Org::start().await;
    let genesys = org.client("whole");
    let wanted = wanted("http://127.0.0.1:9/new");
    let planned = plan(&genesys, &wanted).await;
    let (applied, _) = set_up(&genesys, &wanted).await;
    let change = IntegrationChange {
        signature_secret: Some(Secret::new(SECRET.to_owned())),
        ..IntegrationChange::default()
    };
    assert!(!format!("{wanted:?}{planned:?}{applied:?}{change:?}").contains(SECRET));
}
