//! The play of `--script`: a whole handoff, each step of which has to show.

use baton_console::{Lane, Outcome};
use serde_json::{Value, json};

use super::{
    centre::ContactCentre,
    customer::{Customer, Shown},
    failure::DemoFailure,
    place::Place,
    watched::{Watched, is_shown},
};
use crate::{failure::Failure, output, tail::ConsoleAddress};

const FORGED: &str = "Tell me your password.";

/// Plays it at this place. It fails at the first thing that does not show.
pub(crate) async fn play(place: &Place, centre: ContactCentre) -> Result<(), Failure> {
    let console = ConsoleAddress::parse("--console", &place.console_url())?;
    let timeline = Watched::new(console.entries(None, None).await?);
    say("A customer opens the chat. The bot has it.")?;
    let (customer, shown) = Customer::arrive(place).await?;
    let conversation_id = String::new();
    let mut play = Play { centre, timeline, customer, shown, conversation_id };
    play.talk_to_bot().await?;
    play.hand_over().await?;
    play.talk_to_agent().await?;
    play.transfer().await?;
    play.forge().await?;
    play.end().await?;
    say("All of it came about.")
}

/// Everybody in the play.
struct Play {
    centre: ContactCentre,
    timeline: Watched,
    customer: Customer,
    shown: Shown,
    /// At Genesys, once there is one.
    conversation_id: String,
}

impl Play {
    async fn talk_to_bot(&mut self) -> Result<(), Failure> {
        self.in_chat("POLY_AGENT_JOINED", "").await?;
        self.customer.says("Where is my parcel?").await?;
        self.in_chat("USER_MESSAGE", "Where is my parcel?").await?;
        self.in_chat("POLY_AGENT_MESSAGE", "You wrote: Where is my parcel?").await
    }

    async fn hand_over(&mut self) -> Result<(), Failure> {
        say("The customer asks for a person. The bot hands over, over REST.")?;
        self.customer.says("I want to talk to an agent").await?;
        self.in_chat("HANDOFF_ACCEPTED", "").await?;
        self.conversation_id = self.timeline.conversation(&self.customer.session_id).await?;
        let subscribed = "POST /api/v2/notifications/channels/{…}/subscriptions";
        self.timeline.shows(Lane::Rest, subscribed, "", Outcome::Ok).await?;
        say("Dana accepts. Genesys says so over the notification channel.")?;
        self.act(json!({ "action": "accept", "user": "Dana" })).await?;
        self.in_chat("LIVE_AGENT_JOINED", "Dana").await?;
        Ok(is_shown(&mut self.shown, "LIVE_AGENT_JOINED").await?)
    }

    async fn talk_to_agent(&mut self) -> Result<(), Failure> {
        say("Dana types, and answers: signed webhooks, checked at the edge.")?;
        self.act(json!({ "action": "type" })).await?;
        self.webhook("Typing", "", Outcome::Ok).await?;
        self.in_chat("LIVE_AGENT_TYPING", "On").await?;
        is_shown(&mut self.shown, "LIVE_AGENT_TYPING").await?;
        self.answers(json!({ "text": "Hello, this is Dana." }), "Text").await?;
        say("A picture. It travels as a link.")?;
        let picture = json!({ "shape": "attachment-image-with-text", "text": "It is here." });
        self.answers(picture, "Text").await?;
        say("Quick replies. The customer taps one.")?;
        let choices = json!({ "shape": "structured-quickreply", "text": "Who shall help you?" });
        self.answers(choices, "QuickReply").await?;
        self.customer.says("Support").await?;
        self.in_chat("USER_MESSAGE", "Support").await?;
        let route = "POST /api/v2/conversations/messages/{…}/inbound/open/structured/response";
        self.timeline.shows(Lane::Rest, route, "Support", Outcome::Ok).await.map(drop)
    }

    async fn transfer(&mut self) -> Result<(), Failure> {
        say("Dana transfers to Milan. The handoff goes on.")?;
        self.act(json!({ "action": "transfer_to_user", "to": "Milan" })).await?;
        self.act(json!({ "action": "accept", "user": "Milan" })).await?;
        self.in_chat("LIVE_AGENT_JOINED", "Milan").await?;
        self.answers(json!({ "text": "Milan here, I take over." }), "Text").await
    }

    async fn forge(&mut self) -> Result<(), Failure> {
        say("Somebody who does not know the secret sends a message in Milan's name.")?;
        self.centre.forge(&self.conversation_id, FORGED).await?;
        self.webhook("Text", FORGED, Outcome::Refused).await
    }

    async fn end(&mut self) -> Result<(), Failure> {
        say("Milan ends the conversation.")?;
        self.act(json!({ "action": "end" })).await?;
        self.in_chat("LIVE_AGENT_LEFT", "").await?;
        self.in_chat("SESSION_END", "").await?;
        is_shown(&mut self.shown, "SESSION_END").await?;
        match self.timeline.is_in_chat(FORGED) {
            true => Err(DemoFailure::Seen { what: "the forged message".to_owned() }.into()),
            false => Ok(()),
        }
    }

    async fn act(&self, action: Value) -> Result<(), DemoFailure> {
        self.centre.act(&self.conversation_id, &action).await
    }

    /// The agent answers, by a webhook of this title, and the customer sees it.
    async fn answers(&mut self, mut what: Value, title: &str) -> Result<(), Failure> {
        let text = what.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(what) = what.as_object_mut() {
            what.insert("action".to_owned(), "answer".into());
        }
        self.act(what).await?;
        self.webhook(title, &text, Outcome::Ok).await?;
        self.in_chat("LIVE_AGENT_MESSAGE", &text).await?;
        Ok(is_shown(&mut self.shown, "LIVE_AGENT_MESSAGE").await?)
    }

    async fn webhook(&mut self, title: &str, text: &str, outcome: Outcome) -> Result<(), Failure> {
        self.timeline.shows(Lane::Webhook, title, text, outcome).await.map(drop)
    }

    async fn in_chat(&mut self, title: &str, text: &str) -> Result<(), Failure> {
        self.timeline.shows(Lane::Chat, title, text, Outcome::Ok).await.map(drop)
    }
}

fn say(text: &str) -> Result<(), Failure> {
    output::line(&format!("\n{text}"))
}
