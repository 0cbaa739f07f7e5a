//! The checklist, and plans that need no org.

use baton_genesys::{Creation, Feature, IntegrationDetails, Recipient, Reference};
use baton_setup::{Checklist, Found, Plan, QueueOf, Seen, State, Thing, Wanted, Work};

use crate::org::wanted;

#[test]
fn the_checklist_names_every_thing_its_place_and_the_permissions() {
    let features = [Feature::ALWAYS, &[Feature::Transfer]].concat();
    let checklist = Checklist::new(&wanted("https://chat.example.com/events"), &features);
    let things: Vec<Thing> = checklist.items.iter().map(|item| item.thing).collect();
    assert_eq!(things, Thing::ALL);
    assert!(checklist.items.iter().all(|item| item.admin_path.starts_with("Admin > ")));
    assert!(checklist.items[3].what.contains("https://chat.example.com/events"));
    assert!(checklist.items[5].what.contains("Web chat agents"));
    let transfer = "conversation:communication:blindTransferQueue".to_owned();
    assert!(checklist.permissions.contains(&transfer));
    let beside = &checklist.set_up_permissions;
    assert!(beside.contains(&"messaging:integration:add".to_owned()));
    assert!(beside.iter().all(|permission| !checklist.permissions.contains(permission)));
}

#[test]
fn where_nothing_may_be_seen_everything_is_for_a_person() {
    let hidden = || "the OAuth client may not do that".to_owned();
    let found = Found {
        integration: Seen::Hidden(hidden()),
        settings: Seen::Hidden(hidden()),
        queue: Seen::Hidden(hidden()),
        bot_queue: Seen::Hidden(hidden()),
        recipient: Seen::Hidden(hidden()),
        flows: Seen::Hidden(hidden()),
    };
    let plan = Plan::new(&wanted("https://chat.example.com/events"), &found);
    assert!(!plan.has_work());
    assert!(plan.steps.iter().all(|step| matches!(step.state, State::ByHand(_))), "{plan:?}");
}

fn reference(id: &str, name: &str) -> Reference {
    Reference { id: id.to_owned(), name: name.to_owned() }
}

/// An integration without any settings, routed to a flow of another name.
fn found(creation: Creation) -> Found {
    let integration = IntegrationDetails {
        id: "integration".to_owned(),
        name: "Web chat".to_owned(),
        webhook_url: None,
        signature_secret: None,
        messaging_setting: None,
        supported_content: None,
        recipient_id: Some("recipient".to_owned()),
        creation,
    };
    let flow = Some(reference("other", "Other flow"));
    Found {
        integration: Seen::Known(Some(integration)),
        settings: Seen::Known(Vec::new()),
        queue: Seen::Known(None),
        bot_queue: Seen::Known(None),
        recipient: Seen::Known(Some(Recipient { id: "recipient".to_owned(), flow })),
        flows: Seen::Known(vec![
            reference("flow", "INBOUND flow"),
            reference("other", "Other flow"),
        ]),
    }
}

#[test]
fn an_integration_that_is_not_made_yet_or_never_will_be_is_not_changed() {
    let failed = Creation::Failed("no more of them".to_owned());
    for (creation, says) in [(Creation::Initiated, "again in a while"), (failed, "no more of them")]
    {
        let plan = Plan::new(&wanted("https://chat.example.com/events"), &found(creation));
        let State::ByHand(why) = &plan.steps[1].state else { panic!("{plan:?}") };
        assert!(why.contains(says), "{why}");
    }
}

#[test]
fn a_flow_is_found_in_any_case_and_the_one_that_it_replaces_is_named() {
    let plan = Plan::new(&wanted("https://chat.example.com/events"), &found(Creation::Completed));
    let instead_of = Some(reference("other", "Other flow"));
    let routed = Work::RouteMessages { flow_id: "flow".to_owned(), instead_of };
    assert_eq!(plan.steps[4].name, "INBOUND flow");
    assert_eq!(plan.steps[4].state, State::Work(routed));
}

#[test]
fn the_queue_of_the_bot_is_made_beside_that_of_the_agents() {
    let bot_queue = Some("Bot queue".to_owned());
    let wanted = Wanted { bot_queue, ..wanted("https://chat.example.com/events") };
    let plan = Plan::new(&wanted, &found(Creation::Completed));
    let made = |of| State::Work(Work::CreateQueue(of));
    let queues: Vec<_> = plan.steps[2..4].iter().map(|step| (&*step.name, &step.state)).collect();
    let (bot, agents) = (made(QueueOf::Bot), made(QueueOf::Agents));
    assert_eq!(queues, [("Bot queue", &bot), ("Web chat agents", &agents)]);
    let checklist = Checklist::new(&wanted, Feature::ALWAYS);
    assert!(checklist.items[5].what.contains("goes to the queue \"Bot queue\""));
}
