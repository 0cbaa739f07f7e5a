//! Whether spans are collected, and where.

use baton_traces::{Authorization, CollectorUrl, Settings};

use super::ConfigurationProblem;
use crate::{secret::Secrets, section::Section};

/// Reads `[traces]`; none without an endpoint.
pub(super) fn read(
    mut section: Section<'_>,
    secrets: &mut Secrets<'_>,
) -> Result<Option<Settings>, ConfigurationProblem> {
    let name = section.name("endpoint");
    let collector = section.text("endpoint")?.map(|url| CollectorUrl::parse(&url)).transpose();
    let collector = collector.map_err(|problem| {
        let problem = format!("{problem}; write one such as http://127.0.0.1:4318");
        ConfigurationProblem::new(name, problem)
    })?;
    let name = section.name("authorization");
    let authorization = secrets.read_itself_if_there(&mut section, "authorization")?;
    let authorization = authorization.map(|text| Authorization::parse(text.expose())).transpose();
    let authorization = authorization
        .map_err(|problem| ConfigurationProblem::new(name, format!("cannot be used: {problem}")))?;
    let sample_percent = section.number("sample_percent", 0..=100)?.unwrap_or(100);
    let service_name = section.text("service_name")?.unwrap_or_else(|| "baton".to_owned());
    if service_name.is_empty() {
        let problem = "is empty; leave it out, or name the service";
        return Err(ConfigurationProblem::new(section.name("service_name"), problem));
    }
    section.finish()?;
    let sample_ratio = f64::from(sample_percent) / 100.0;
    Ok(collector.map(|collector| Settings { collector, authorization, sample_ratio, service_name }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Option<Settings>, String> {
        let environment = |name: &str| match name {
            "COLLECTOR" => Some("Basic c2VjcmV0OnNlY3JldA==".into()),
            "BROKEN" => Some("Basic hidden hidden\u{1}".into()),
            _ => None,
        };
        let mut secrets = Secrets { surroundings: &environment, warnings: Vec::new() };
        let section = Section::document(text, &environment).unwrap();
        read(section, &mut secrets).map_err(|problem| problem.to_string())
    }

    #[test]
    fn nothing_is_collected_without_an_endpoint() {
        assert_eq!(parse(""), Ok(None));
        assert_eq!(parse("sample_percent = 5\nservice_name = 'chat'"), Ok(None));
    }

    #[test]
    fn an_endpoint_is_all_that_is_needed() {
        let settings = parse("endpoint = 'http://127.0.0.1:4318'").unwrap().unwrap();
        assert_eq!(settings.collector, CollectorUrl::parse("http://127.0.0.1:4318/").unwrap());
        assert_eq!((settings.sample_ratio, &*settings.service_name), (1.0, "baton"));
        let settings = parse("endpoint = 'http://[::1]:4318'\nsample_percent = 5").unwrap();
        assert_eq!(settings.unwrap().sample_ratio, 0.05);
    }

    #[test]
    fn what_the_collector_knows_us_by_is_a_reference() {
        let endpoint = "endpoint = 'https://collector.example.org'";
        let settings = parse(&format!("{endpoint}\nauthorization = {{ env = 'COLLECTOR' }}"));
        let authorization = settings.unwrap().unwrap().authorization;
        assert_eq!(authorization, Authorization::parse("Basic c2VjcmV0OnNlY3JldA==").ok());
    }

    #[test]
    fn what_is_wrong_is_said_without_the_value() {
        for text in [
            "endpoint = 'hidden'",
            "endpoint = 'ftp://hidden'",
            "endpoint = 'http://hidden:hidden@127.0.0.1/'",
            "service_name = ''",
            "authorization = 'Bearer hidden-hidden-hidden'",
            "authorization = { env = 'BROKEN' }",
            "authorization = { env = 'ABSENT' }",
            "sample_percent = 101",
        ] {
            let problem = parse(text).unwrap_err();
            assert!(!problem.contains("hidden"), "{problem}");
        }
    }
}
