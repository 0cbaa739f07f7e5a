//! The list of all metrics in `docs/metrics.md` against what is shown.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    ChannelChange, ClientSnapshot, DeadLetters, HandoffOutcome, HandoffStage, Metrics, Snapshot,
    StoreSnapshot, TenantSnapshot, TokenResult, TurnResult,
};

/// One of everything.
fn text() -> String {
    let metrics = Metrics::new();
    let client = metrics.client("client");
    client.called("reading the agent's name", Some(404), Duration::ZERO);
    client.waited(Duration::ZERO);
    client.asked_for_token(TokenResult::Granted);
    client.channel_changed(ChannelChange::Away);
    client.reconciles();
    metrics.deliveries().judged("taken");
    metrics.handoffs().begun(&"acme/support/live");
    metrics.handoffs().ended(&"acme/support/live", HandoffOutcome::ByUser);
    metrics.bots().turned(&"acme/support/live", TurnResult::Answered, Duration::ZERO);
    let now = Snapshot {
        store_takes_writes: true,
        tenants: vec![TenantSnapshot { tenant: "acme/support/live".to_owned(), up: true }],
        clients: vec![ClientSnapshot {
            client: "client".to_owned(),
            token: "held",
            channels: vec!["open"],
            ..ClientSnapshot::default()
        }],
        store: Some(StoreSnapshot::default()),
    };
    metrics.text(&now).unwrap()
}

/// The type and the labels of each metric, by its name.
type Reference = BTreeMap<String, (String, Vec<String>)>;

fn shown(text: &str) -> Reference {
    let mut reference = Reference::new();
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    for (family, kind) in types {
        let suffix = match kind {
            "counter" => "_total",
            _ => "",
        };
        let name = format!("{family}{suffix}");
        let sample = if kind == "histogram" { format!("{name}_count") } else { name.clone() };
        let sample = text.lines().find_map(|line| match line.strip_prefix(&sample)? {
            rest if rest.starts_with(['{', ' ']) => Some(rest),
            _ => None,
        });
        let sample = sample.unwrap_or_else(|| panic!("{name} has no sample"));
        let labels = sample.split_once('}').map_or("", |(labels, _)| &labels[1..]);
        let labels = labels.split("\",").filter_map(|label| Some(label.split_once('=')?.0.into()));
        let entry = (kind.to_owned(), labels.collect());
        assert_eq!(reference.insert(name, entry), None, "each metric stands in one place");
    }
    reference
}

fn listed() -> Reference {
    let rows = include_str!("../../docs/metrics.md").lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        let names: Vec<String> = quoted(cells[1]);
        (names[0].clone(), (cells[2].to_owned(), quoted(cells[3])))
    })
    .collect()
}

#[test]
fn the_reference_lists_each_metric_with_its_type_and_labels() {
    assert_eq!(listed(), shown(&text()));
}

#[test]
fn the_text_is_open_metrics() {
    let text = text();
    assert!(text.ends_with("# EOF\n"));
    assert_eq!(text.matches("# EOF").count(), 1);
    assert!(!text.contains(" info\n"), "Prometheus' older text does not have that type");
    assert!(text.contains(r#"baton_channels{client="client",state="open"} 1"#), "{text}");
    let call = r#"baton_genesys_calls_total{client="client",purpose="reading_the_agents_name",status="4xx"} 1"#;
    assert!(text.contains(call), "{text}");
}

#[test]
fn what_is_counted_of_a_tenant_is_there_before_it_happens() {
    let metrics = Metrics::new();
    metrics.handoffs().announce(&"acme/support/live");
    metrics.bots().announce(&"acme/support/live");
    let text = metrics.text(&Snapshot::default()).unwrap();
    for line in [
        r#"baton_handoffs_begun_total{tenant="acme/support/live"} 0"#,
        r#"baton_handoffs_ended_total{tenant="acme/support/live",outcome="refused"} 0"#,
        r#"baton_bot_turns_total{tenant="acme/support/live",result="failed"} 0"#,
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn of_a_store_that_does_not_answer_nothing_is_said_but_that() {
    let text = Metrics::new().text(&Snapshot::default()).unwrap();
    assert!(text.contains("\nbaton_store_up 0\n"), "{text}");
    assert!(!text.contains("baton_waiting_messages"), "{text}");
}

#[test]
fn what_ever_reached_nobody_is_a_counter_and_what_is_kept_of_it_a_gauge() {
    let dead_letters = DeadLetters { messages: 3, ..DeadLetters::default() };
    let store = StoreSnapshot { dead_letters, ..StoreSnapshot::default() };
    let now = Snapshot { store: Some(store), ..Snapshot::default() };
    let text = Metrics::new().text(&now).unwrap();
    for line in [
        "# TYPE baton_dead_letters counter",
        r#"baton_dead_letters_total{kind="message"} 3"#,
        r#"baton_dead_letters_total{kind="delivery"} 0"#,
        "# TYPE baton_dead_letters_kept gauge",
        r#"baton_dead_letters_kept{kind="message"} 0"#,
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line}: {text}");
    }
}

#[test]
fn what_a_label_holds_cannot_break_its_line() {
    let metrics = Metrics::new();
    metrics.client("a \"b\" \\ \n c").waited(Duration::ZERO);
    let text = metrics.text(&Snapshot::default()).unwrap();
    assert!(text.contains(r#"client="a \"b\" \\ \n c""#), "{text}");
}

#[test]
fn a_handoff_counts_in_one_stage_at_a_time() {
    let metrics = Metrics::new();
    let queued = metrics.handoffs().show(HandoffStage::Queued);
    let of = |state: &str| {
        let text = metrics.text(&Snapshot::default()).unwrap();
        let wanted = format!("baton_handoffs{{state=\"{state}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&wanted)?.parse::<u64>().ok()).unwrap()
    };
    assert_eq!((of("queued"), of("with_agent")), (1, 0));
    let agent = metrics.handoffs().show(HandoffStage::WithAgent);
    drop(queued);
    assert_eq!((of("queued"), of("with_agent")), (0, 1));
    drop(agent);
    assert_eq!((of("queued"), of("with_agent")), (0, 0));
}

#[test]
fn buckets_go_from_a_millisecond_to_a_minute() {
    let text = text();
    for bound in ["0.001", "60.0", "+Inf"] {
        assert!(
            text.contains(&format!("baton_delivery_seconds_bucket{{le=\"{bound}\"}}")),
            "{text}"
        );
    }
}
