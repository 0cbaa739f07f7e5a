//! The notification topics that tell of a conversation's life.

/// The topics of a conversation (Genesys reference, 4.4): agents coming and going, the customer
/// going, and how the queue ended.
pub fn of(conversation_id: &str) -> [String; 4] {
    ["user.start", "user.end", "customer.end", "acd.end"]
        .map(|step| format!("v2.detail.events.conversation.{conversation_id}.{step}"))
}

#[cfg(test)]
mod tests {
    use baton_core::lifecycle::LifecycleKind;

    #[test]
    fn each_topic_names_a_step_that_is_understood() {
        let kinds = super::of("c1").map(|topic| LifecycleKind::of_topic(&topic));
        assert_eq!(
            kinds,
            [
                Some(LifecycleKind::UserStart),
                Some(LifecycleKind::UserEnd),
                Some(LifecycleKind::CustomerEnd),
                Some(LifecycleKind::AcdEnd),
            ]
        );
    }

    #[test]
    fn a_topic_is_spelt_as_genesys_spells_it() {
        assert_eq!(super::of("c1")[3], "v2.detail.events.conversation.c1.acd.end");
    }
}
