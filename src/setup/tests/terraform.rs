//! The configuration for Terraform, beside what it was when somebody read it last.

use baton_genesys::Feature;
use baton_setup::{TerraformInput, terraform};

/// Where the expected configuration is. After a change that is meant: write the new one there.
const EXPECTED: &str = include_str!("web-chat.tf");

fn web_chat() -> String {
    terraform(&TerraformInput {
        name: "Web chat",
        webhook_url: "https://chat.example.com/webhooks/genesys/acme/support/live/events",
        queue: Some("Web chat agents"),
        bot_queue: None,
        features: Feature::ALWAYS,
        aws_region: Some("eu-central-1"),
    })
}

#[test]
fn the_configuration_is_as_it_was_read_last() {
    assert_eq!(web_chat(), EXPECTED);
}

#[test]
fn the_configuration_is_laid_out_as_terraform_fmt_does() {
    let mut depth = 0_usize;
    for line in EXPECTED.lines().filter(|line| !line.is_empty()) {
        let text = line.trim_start();
        assert_eq!(line, line.trim_end(), "{line:?}");
        depth -= usize::from(text.starts_with('}'));
        assert_eq!(line.len() - text.len(), depth * 2, "{line:?}");
        depth += usize::from(text.ends_with('{'));
    }
    assert_eq!(depth, 0);
    assert!(equals_signs_are_aligned(EXPECTED));
}

/// Those of neighbouring lines stand below each other.
fn equals_signs_are_aligned(text: &str) -> bool {
    let column = |line: &str| {
        let is_assignment = !line.ends_with('{') && !line.trim_start().starts_with('#');
        line.find(" = ").filter(|_| is_assignment)
    };
    let columns: Vec<Option<usize>> = text.lines().map(column).collect();
    columns.windows(2).all(|pair| match pair {
        [Some(before), Some(after)] => before == after,
        _ => true,
    })
}

#[test]
fn the_secret_of_the_webhooks_is_a_sensitive_variable() {
    assert!(EXPECTED.contains("= var.webhook_secret\n"));
    let variable = EXPECTED.split("variable \"webhook_secret\"").nth(1).unwrap();
    assert!(variable.split('}').next().unwrap().contains("sensitive   = true"));
}
