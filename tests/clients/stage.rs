//! A world with a bot, and the cables by which it is reached.

use std::{collections::HashSet, net::SocketAddr};

use baton_tests::{
    WEBHOOK_PATH,
    bot::ScriptedBot,
    cable::{Cable, Damage},
    envoy::{Envoy, Hold},
    sdk::{Profile, Sdk, Speaker, Status},
    sidecar::{CONNECTOR_TOKEN, end_user_id},
    wait::until,
    world::{Halt, POST, Setting, TIME_SCALE, World, is_queued, posted},
};
use serde_json::{Map, Value, json};

/// By what way clients and webhooks come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Past any proxy.
    Direct,
    /// Through an Envoy as it is shipped.
    Behind(Hold),
    /// Through one whose streams may take a second, if they are not sockets.
    BehindHasty(Hold),
}

/// What befalls a client, or the sidecar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misfortune {
    /// The connection suffers.
    Damaged(Damage),
    /// The sidecar ends in this way, and starts again.
    Restarted(Halt),
}

impl Misfortune {
    /// How many there are.
    pub(crate) const NUMBER: usize = 6;

    /// All that there are.
    pub(crate) const ALL: [Self; Self::NUMBER] = [
        Self::Damaged(Damage::Cut),
        Self::Restarted(Halt::Stop),
        Self::Damaged(Damage::Stall),
        Self::Restarted(Halt::Crash),
        Self::Damaged(Damage::EndToServer),
        Self::Damaged(Damage::EndToClient),
    ];
}

/// The stage.
pub(crate) struct Stage {
    /// The world behind it.
    pub(crate) world: World,
    /// Who has the chat first.
    pub(crate) bot: ScriptedBot,
    cable: Cable,
    _webhooks: Cable,
    _envoy: Option<Envoy>,
}

impl Stage {
    /// One with a bot that hands over at the word "agent".
    pub(crate) async fn set(way: Way) -> Self {
        Self::set_handing_over(way, AGENT_IS_SHOWN).await
    }

    /// The same, with these lines of its handoffs.
    pub(crate) async fn set_handing_over(way: Way, handoff: &str) -> Self {
        let bot = ScriptedBot::start(hands_over).await;
        let sections = bot.section();
        Self::set_with(way, bot, sections, handoff).await
    }

    /// One with this bot, further sections of its tenant, and lines of its handoffs.
    pub(crate) async fn set_with(
        way: Way,
        bot: ScriptedBot,
        sections: String,
        handoff: &str,
    ) -> Self {
        let setting = Setting { handoff: handoff.to_owned(), sections, ..Setting::default() };
        let webhooks = Cable::to(bot.address).await;
        let url = format!("http://{}{WEBHOOK_PATH}", webhooks.address);
        let world = World::start_with(setting, |org| org.webhook_url = url).await;
        let envoy = match way {
            Way::Direct => None,
            Way::Behind(hold) => Some(envoy(hold, &world, |yaml| yaml).await),
            Way::BehindHasty(hold) => Some(envoy(hold, &world, hasty).await),
        };
        webhooks.lead_to(envoy.as_ref().map_or(world.edge(), |envoy| envoy.address));
        let cable = Cable::to(envoy.as_ref().map_or(world.chat, |envoy| envoy.address)).await;
        Self { world, bot, cable, _webhooks: webhooks, _envoy: envoy }
    }

    /// A client whom the bot has greeted.
    pub(crate) async fn greeted_client(&self, profile: Profile) -> Sdk {
        greeted(profile, self.cable.address).await
    }

    /// Damages every connection of a client.
    pub(crate) fn damage(&self, damage: Damage) {
        self.cable.damage(damage);
    }

    /// Brings this upon the client, and makes it good again.
    pub(crate) async fn suffer(&mut self, misfortune: Misfortune, client: &Sdk) {
        self.strike(misfortune, client).await;
        self.recover(misfortune).await;
    }

    /// Brings this upon the client, which loses its socket.
    pub(crate) async fn strike(&mut self, misfortune: Misfortune, client: &Sdk) {
        let open = client.sees("a socket", |screen| screen.status == Status::Open).await;
        match misfortune {
            Misfortune::Damaged(damage) => {
                self.cable.damage(damage);
                if damage == Damage::Stall {
                    client.lose_network();
                }
            }
            Misfortune::Restarted(halt) => self.world.halt_sidecar(halt).await,
        }
        client.sees("its end", |screen| screen.closes.len() > open.closes.len()).await;
    }

    /// Makes that good which does not mend by itself.
    pub(crate) async fn recover(&mut self, misfortune: Misfortune) {
        if let Misfortune::Restarted(_) = misfortune {
            self.world.start_sidecar_again().await;
        }
    }

    /// Genesys takes nothing that a user says, until it is to take it again.
    pub(crate) async fn take_nothing(&self) {
        let refused = json!({"answer": {"status": 503}});
        let rule = json!({"fault": refused, "matching": POST, "probability": 1.0});
        self.world.faults(json!({"requests": [rule]})).await;
    }

    /// Genesys takes what a user says.
    pub(crate) async fn take_all(&self) {
        self.world.faults(json!({})).await;
    }

    /// Where clients connect.
    pub(crate) fn address(&self) -> SocketAddr {
        self.cable.address
    }

    /// The conversation of a client's user, once it waits in a queue.
    pub(crate) async fn queued(&self, client: &Sdk) -> Value {
        let id = end_user_id(self.world.internal, &client.session().id).await;
        let path = format!("/control/v1/conversations?end_user={id}");
        let look = async || {
            let Value::Array(all) = self.world.genesys.get(&path).await else { panic!("a list") };
            let truth = self.world.truth(all.last()?).await;
            is_queued(&truth).then_some(truth)
        };
        until("a conversation in a queue", look).await
    }

    /// Waits until nothing is on its way to Genesys. What is posted again after a restart, since
    /// nobody knows whether it arrived, would bring back a conversation that an agent has ended
    /// meanwhile.
    pub(crate) async fn all_is_posted(&self) {
        let look = async || {
            let metrics = self.world.metrics().await;
            let mut waiting =
                metrics.lines().filter(|line| line.starts_with("baton_waiting_messages"));
            waiting.all(|line| line.ends_with(" 0")).then_some(())
        };
        until("an empty outbox", look).await;
    }

    /// What the client's user said to humans, as Genesys has it, each once: what was posted twice
    /// has the same id.
    pub(crate) async fn said_to_humans(&self, conversation: &Value) -> Vec<String> {
        let truth = self.world.truth(conversation).await;
        let mut ids = HashSet::new();
        let posted = posted(&truth).into_iter().filter(|one| ids.insert(one.id.to_owned()));
        posted.map(|one| one.text.to_owned()).collect()
    }

    /// What the client's user said to the bot, as the bot was told it, each once.
    pub(crate) fn said_to_bot(&self) -> Vec<String> {
        let mut ids = HashSet::new();
        let turns = self.bot.turns();
        let turns = turns.iter().filter(|turn| ids.insert(turn["id"].to_string()));
        turns.filter_map(|turn| Some(turn["message"]["text"].as_str()?.to_owned())).collect()
    }
}

/// A new client, at the world's pace.
pub(crate) async fn begin(profile: Profile, chat: SocketAddr) -> Sdk {
    Sdk::begin(profile, chat, CONNECTOR_TOKEN, TIME_SCALE).await
}

/// A new client whom the bot has greeted.
pub(crate) async fn greeted(profile: Profile, chat: SocketAddr) -> Sdk {
    let client = begin(profile, chat).await;
    client.hears(Speaker::Bot, GREETING).await;
    client
}

/// The lines by which a client sees who its agent is.
pub(crate) const AGENT_IS_SHOWN: &str = "agent_name = 'full'\nagent_picture = true\n";

/// What the bot says first.
pub(crate) const GREETING: &str = "How can I help?";

/// Repeats what the user writes, and gives up at the word "agent".
fn hands_over(turn: &Value) -> (u16, Value) {
    let text = turn["message"]["text"].as_str().unwrap_or_default();
    match turn["type"].as_str() {
        Some("session_start") => (200, json!({ "utterance": GREETING })),
        Some("user_message") if text.contains("agent") => {
            let handoff = json!({"text_chat": {"genesys_integration": {}}});
            (200, json!({"utterance": "One moment.", "handoff": handoff}))
        }
        Some("user_message") => (200, json!({ "utterance": format!("You said {text}") })),
        _ => (204, Value::Null),
    }
}

async fn envoy(hold: Hold, world: &World, change: impl FnOnce(String) -> String) -> Envoy {
    let chat = format!("port_value: {} ", world.chat.port());
    let to_world = |yaml| change(replace(yaml, "port_value: 8080 ", &chat));
    Envoy::start_with(hold, world.internal, &Map::new(), to_world).await
}

fn hasty(yaml: String) -> String {
    replace(yaml, "max_stream_duration: 20s", "max_stream_duration: 1s")
}

fn replace(yaml: String, from: &str, to: &str) -> String {
    assert_eq!(yaml.matches(from).count(), 1, "{from}");
    yaml.replace(from, to)
}
