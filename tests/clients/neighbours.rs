//! Those who chat on while somebody does wrong, and are not to notice it.

use baton_tests::{
    sdk::{ANDROID, IOS, Sdk, Speaker},
    wait::until,
};
use serde_json::{Value, json};
use tokio::join;

use crate::stage::Stage;

/// One who chats with the bot, and one who chats with an agent.
pub(crate) struct Neighbours {
    pub(crate) with_bot: Sdk,
    with_agent: Sdk,
    conversation: Value,
}

impl Neighbours {
    pub(crate) async fn move_in(stage: &Stage) -> Self {
        let (with_bot, with_agent) =
            (stage.greeted_client(IOS).await, stage.greeted_client(ANDROID).await);
        with_agent.gets_across("an agent please").await;
        let conversation = stage.queued(&with_agent).await;
        stage.world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
        with_agent.sees_events("LiveAgentJoined", 1).await;
        Self { with_bot, with_agent, conversation }
    }

    /// Each says something and is answered, on the socket of the beginning.
    pub(crate) async fn chat_on(&self, stage: &Stage, number: usize) {
        join!(chats_with_bot(&self.with_bot, number), self.chats_with_agent(stage, number));
    }

    async fn chats_with_agent(&self, stage: &Stage, number: usize) {
        let text = self.with_agent.gets_across(&format!("question {number}")).await;
        let heard = async || {
            let said = stage.said_to_humans(&self.conversation).await;
            said.contains(&text).then_some(())
        };
        until("the question", heard).await;
        let answer = format!("answer {number}");
        stage.world.act(&self.conversation, json!({"action": "answer", "text": answer})).await;
        self.with_agent.hears(Speaker::Agent, &answer).await;
        assert_undisturbed(&self.with_agent);
    }

    /// Nothing was lost, and nothing came twice.
    pub(crate) async fn assert_whole(&self) {
        self.with_bot.assert_whole().await;
        self.with_agent.assert_whole().await;
    }
}

/// The client says something and the bot answers, on the socket of the beginning.
pub(crate) async fn chats_with_bot(client: &Sdk, number: usize) {
    let text = client.gets_across(&format!("number {number}")).await;
    client.hears(Speaker::Bot, &format!("You said {text}")).await;
    assert_undisturbed(client);
}

/// The client has its first socket, and was told of no error.
pub(crate) fn assert_undisturbed(client: &Sdk) {
    let screen = client.screen();
    assert_eq!((screen.opened, screen.closes.len()), (1, 0));
    let is_error = |frame: &&Value| frame["type"] == "EVENT_TYPE_SYSTEM_MESSAGE";
    assert_eq!(screen.frames.iter().find(is_error), None);
}
