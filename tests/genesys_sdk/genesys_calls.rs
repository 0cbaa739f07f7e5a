//! Makes every call of the Genesys client once, so that somebody can look at what it sends.
//!
//! Its argument is the address of a simulator in which nobody answers, so that all of them
//! succeed.

use std::{collections::BTreeMap, error::Error, time::Duration};

use baton_genesys::{
    Button, ChannelMemory, ChannelStatus, Channels, Credentials, EndUser, Genesys, Hosts,
    InboundMessage, IntegrationChange, IntegrationRef, NewIntegration, OutboundReceipt, Pace,
    QueueRef, ReceiptStatus, Secret, StructuredResponse, TypingDirections,
};
use baton_handoff::{Participant, Purpose, Snapshot, topics};
use baton_process::{Random, shutdown};
use baton_simulator::{DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET};
use jiff::Timestamp;

/// Dana Reyes, whom every simulated organisation has.
const USER: &str = "aa11bb22-cc33-4d44-8e55-ff6677889900";

type Outcome = Result<(), Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome {
    let address = std::env::args().nth(1).ok_or("the address of a simulator is missing")?;
    let credentials = Credentials {
        client_id: DEFAULT_CLIENT_ID.to_owned(),
        client_secret: Secret::new(DEFAULT_CLIENT_SECRET.to_owned()),
    };
    let pace = Pace { unsubscribe_batch: Duration::ZERO, ..Pace::default() };
    let genesys = Genesys::new(Hosts::at(&address)?, credentials, pace, Random::system())?;

    set_up(&genesys).await?;
    let integration = look_up(&genesys).await?;
    let conversation = talk(&genesys, &integration).await?;
    watch(&genesys, &conversation).await?;
    leave(&genesys, &conversation).await
}

/// Sets up an integration with all that belongs to it.
async fn set_up(genesys: &Genesys) -> Outcome {
    let setting = genesys.create_messaging_setting("Calls", TypingDirections::BOTH).await?;
    genesys.set_typing(&setting.id, TypingDirections { inbound: true, outbound: false }).await?;
    genesys.messaging_setting(&setting.id).await?;
    genesys.messaging_settings().await?;
    let content = genesys.create_supported_content("Calls", &["image/*"]).await?;
    genesys.supported_content_profiles().await?;
    let new = NewIntegration {
        name: "Calls".to_owned(),
        webhook_url: "http://127.0.0.1:9/calls".to_owned(),
        signature_secret: Secret::new("the-secret-of-the-calls".to_owned()),
        messaging_setting_id: Some(setting.id),
        supported_content_id: Some(content.id),
    };
    let made = genesys.create_integration(&new).await?;
    let change = IntegrationChange {
        webhook_url: Some("http://127.0.0.1:9/other".to_owned()),
        signature_secret: Some(Secret::new("another-secret-of-the-calls".to_owned())),
        messaging_setting_id: new.messaging_setting_id,
    };
    genesys.change_integration(&made.id, &change).await?;
    genesys.integration_details(&made.id).await?;
    genesys.create_queue("Calls").await?;
    let flows = genesys.inbound_message_flows().await?;
    let flow = flows.first().ok_or("there is no flow")?;
    let recipient_id = made.recipient_id.ok_or("the integration has no recipient")?;
    genesys.route_messages(&recipient_id, &flow.id).await?;
    genesys.recipient(&recipient_id).await?;
    Ok(())
}

/// Looks everything up that has a name; the id of an integration.
async fn look_up(genesys: &Genesys) -> Result<String, Box<dyn Error>> {
    let integrations = genesys.integrations().await?;
    let integration = integrations.into_iter().next().ok_or("there is no integration")?;
    genesys.integration(&IntegrationRef::Id(integration.id.clone())).await?;
    genesys.integration(&IntegrationRef::Name(integration.name)).await?;
    genesys.queues().await?;
    genesys.queue_named("Support").await?;
    genesys.user(USER).await?;
    Ok(integration.id)
}

/// Sends all that a customer can say; the conversation that this begins.
async fn talk(genesys: &Genesys, integration: &str) -> Result<Snapshot, Box<dyn Error>> {
    let from = EndUser {
        id: "end-user-of-the-calls".to_owned(),
        first_name: Some("Ann".to_owned()),
        last_name: Some("Lee".to_owned()),
        nickname: Some("Annie".to_owned()),
        email: Some("ann@example.org".to_owned()),
        image: Some("https://example.org/ann.png".to_owned()),
    };
    let message = InboundMessage {
        from: from.clone(),
        message_id: "ours-1".to_owned(),
        time: Timestamp::now(),
        text: "I want to talk to a person".to_owned(),
        attributes: BTreeMap::from([("language".to_owned(), "en".to_owned())]),
    };
    let taken = genesys.send_message(integration, &message).await?;
    let message_id = taken.message_id.ok_or("the message has no id")?;
    let conversation_id = taken.conversation_id.ok_or("the message has no conversation")?;
    let bare =
        InboundMessage { from: EndUser::new(&from.id), attributes: BTreeMap::new(), ..message };
    genesys.send_message(integration, &bare).await?;
    genesys.send_typing(integration, &from, Timestamp::now()).await?;
    for button in [Button::Button, Button::QuickReply, Button::DatePicker] {
        let response = StructuredResponse {
            from: from.clone(),
            message_id: "ours-2".to_owned(),
            time: Timestamp::now(),
            originating_message_id: message_id.clone(),
            button,
            text: "Yes".to_owned(),
            payload: "yes".to_owned(),
        };
        genesys.send_structured_response(integration, &response).await?;
    }
    let failed = ReceiptStatus::Failed {
        code: "MessageExpired".to_owned(),
        message: "The customer has left.".to_owned(),
    };
    for status in [ReceiptStatus::Delivered, failed] {
        let receipt = OutboundReceipt {
            message_id: "f899139df5e1059396431415e770c6dd".to_owned(),
            end_user_id: from.id.clone(),
            at: Timestamp::now(),
            status,
        };
        genesys.send_receipt(integration, &receipt).await?;
    }
    genesys.message(&conversation_id, &message_id).await?;
    genesys.conversation_of(&message_id).await?;
    Ok(genesys.conversation(&conversation_id).await?)
}

/// Watches two conversations on a notification channel, and one after the other no more.
async fn watch(genesys: &Genesys, conversation: &Snapshot) -> Outcome {
    let (stop, shutdown) = shutdown();
    let channels = Channels::start(genesys.clone(), OneThatIsGone, 20, shutdown);
    let mut watches = Vec::new();
    for id in [&conversation.conversation_id, "0b5ff4a7-0d1f-4f0c-8f0e-3b1d5a7c9e21"] {
        watches.push(channels.watch(id));
        wait_until_watched(&channels, watches.len()).await?;
    }
    while watches.pop().is_some() {
        wait_until_watched(&channels, watches.len()).await?;
    }
    stop.begin();
    stop.finished().await;
    Ok(())
}

/// Waits until Genesys has the topics of so many conversations, and no others.
async fn wait_until_watched(channels: &Channels, conversations: usize) -> Outcome {
    let wanted = conversations * topics::of("").len();
    let topics = |states: &Vec<ChannelStatus>| states.iter().map(|one| one.topics).sum::<usize>();
    channels.states().wait_for(|states| topics(states) == wanted).await?;
    Ok(())
}

/// Sets the customer's data, transfers the conversation and ends it.
async fn leave(genesys: &Genesys, conversation: &Snapshot) -> Outcome {
    let id = &conversation.conversation_id;
    let live = |is_meant: fn(&Participant) -> bool| {
        let mut live = conversation.participants.iter().filter(|one| one.is_live());
        live.find(|one| is_meant(one)).ok_or("somebody is not in the conversation")
    };
    let customer = live(|one| one.purpose == Purpose::Customer)?;
    let attributes = BTreeMap::from([("reason".to_owned(), "parcel".to_owned())]);
    genesys.set_attributes(id, &customer.id, &attributes).await?;

    let waiting = live(|one| one.purpose != Purpose::Customer)?;
    let sales = QueueRef::Name("Sales".to_owned());
    genesys.transfer_to_queue(id, &waiting.id, &sales).await?;
    let conversation = genesys.conversation(id).await?;
    let waiting = conversation
        .participants
        .iter()
        .find(|one| one.is_live() && one.purpose != Purpose::Customer)
        .ok_or("nobody took the conversation over")?;
    let complaints = QueueRef::Id("2b3c4d5e-6f70-4812-9a3b-4c5d6e7f8091".to_owned());
    genesys.transfer_to_queue(id, &waiting.id, &complaints).await?;
    genesys.disconnect(id, &customer.id).await?;
    Ok(())
}

/// Remembers a channel that no longer exists, so that the client looks for it.
struct OneThatIsGone;

impl ChannelMemory for OneThatIsGone {
    async fn load(&self) -> Vec<String> {
        vec!["streaming-0-gone".to_owned()]
    }

    async fn remember(&self, _channel_id: &str) {}

    async fn forget(&self, _channel_id: &str) {}
}
