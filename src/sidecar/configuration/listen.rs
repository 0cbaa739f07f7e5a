//! Where a listener listens, and whether it speaks TLS there.

use std::{net::SocketAddr, path::PathBuf};

use baton_listener::{Listen, SocketAccess, TlsFiles};

use super::{Configuration, ConfigurationProblem};
use crate::section::Section;

/// What a unix socket's address begins with.
const UNIX: &str = "unix:";

/// Reads the keys of a listener on an address: `listen`, `dangerous_cleartext` and the section
/// `tls`.
pub(super) fn address(
    section: &mut Section<'_>,
    default: &str,
) -> Result<Listen, ConfigurationProblem> {
    let text = section.text("listen")?.unwrap_or_else(|| default.to_owned());
    let tls = tls(section, Clients::Anybody)?;
    on_address(section, &text, tls)
}

/// The same for a listener that may be on a unix socket, and may ask its clients for a
/// certificate.
pub(super) fn address_or_socket(
    section: &mut Section<'_>,
    default: &str,
) -> Result<Listen, ConfigurationProblem> {
    let text = section.text("listen")?.unwrap_or_else(|| default.to_owned());
    let tls = tls(section, Clients::MayBeKnown)?;
    let modes = [("0600", SocketAccess::User), ("0660", SocketAccess::Group)];
    let access = section.choice("socket_mode", &modes)?;
    match (text.strip_prefix(UNIX), tls, access) {
        (None, tls, None) => on_address(section, &text, tls),
        (None, _, Some(_)) => {
            let problem = "is for a unix socket alone; take it out, or listen on one";
            Err(ConfigurationProblem::new(section.name("socket_mode"), problem))
        }
        (Some(_), Some(_), _) => {
            let problem = "stands beside a unix socket, which needs none; take one of them out";
            Err(ConfigurationProblem::new(section.name("tls"), problem))
        }
        (Some(path), None, access) => on_socket(section, path, access),
    }
}

fn on_socket(
    section: &mut Section<'_>,
    path: &str,
    access: Option<SocketAccess>,
) -> Result<Listen, ConfigurationProblem> {
    if !path.starts_with('/') {
        let problem = "needs the whole path of the socket, such as unix:/run/baton/internal.sock";
        return Err(ConfigurationProblem::new(section.name("listen"), problem));
    }
    if section.truth("dangerous_cleartext")?.unwrap_or(false) {
        let problem = "is for an address: on a unix socket nobody reads along; take it out";
        return Err(ConfigurationProblem::new(section.name("dangerous_cleartext"), problem));
    }
    let access = access.unwrap_or(SocketAccess::User);
    Ok(Listen::UnixSocket { path: PathBuf::from(path), access })
}

fn on_address(
    section: &mut Section<'_>,
    text: &str,
    tls: Option<TlsFiles>,
) -> Result<Listen, ConfigurationProblem> {
    let name = section.name("listen");
    let cleartext_is_wanted = section.truth("dangerous_cleartext")?.unwrap_or(false);
    let Ok(address) = text.parse::<SocketAddr>() else {
        let problem = "has to be an IP address and a port, such as 127.0.0.1:8080";
        return Err(ConfigurationProblem::new(name, problem));
    };
    match tls {
        Some(_) if cleartext_is_wanted => {
            let problem = "stands beside a section tls; take one of them out";
            Err(ConfigurationProblem::new(section.name("dangerous_cleartext"), problem))
        }
        Some(files) => Ok(Listen::Tls(address, files)),
        None if address.ip().is_loopback() || cleartext_is_wanted => Ok(Listen::Cleartext(address)),
        None => {
            let tls = section.name("tls");
            let problem = format!(
                "is no loopback address, and others could read along; add the section [{tls}] \
                 with certificate and key, or listen on loopback"
            );
            Err(ConfigurationProblem::new(name, problem))
        }
    }
}

/// Checks that no two of the listeners that run without being asked for listen at the same place.
pub(super) fn check_apart(configuration: &Configuration) -> Result<(), ConfigurationProblem> {
    let application = configuration.application_listen();
    let listeners = [
        ("chat.listen", Some(&configuration.chat_listen)),
        ("internal.listen", Some(&configuration.internal_listen)),
        ("application.listen", application.as_ref()),
        ("observation.listen", configuration.observation_listen.as_ref()),
    ];
    let mut before: Vec<(&str, &Listen)> = Vec::new();
    for (key, listen) in listeners {
        let Some(listen) = listen else { continue };
        if let Some((other, _)) = before.iter().find(|(_, other)| is_same_place(listen, other)) {
            let problem = format!("is where {other} is; give each its own");
            return Err(ConfigurationProblem::new(key, problem));
        }
        before.push((key, listen));
    }
    Ok(())
}

/// A port that the system chooses is never the same.
fn is_same_place(one: &Listen, other: &Listen) -> bool {
    use Listen::{Cleartext, Tls, UnixSocket};
    match (one, other) {
        (Cleartext(one) | Tls(one, _), Cleartext(other) | Tls(other, _)) => {
            one == other && one.port() != 0
        }
        (UnixSocket { path: one, .. }, UnixSocket { path: other, .. }) => one == other,
        _ => false,
    }
}

/// Who may connect with TLS.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clients {
    /// Whoever gets here.
    Anybody,
    /// Whoever shows a certificate of an authority, if one is named.
    MayBeKnown,
}

fn tls(
    section: &mut Section<'_>,
    clients: Clients,
) -> Result<Option<TlsFiles>, ConfigurationProblem> {
    let Some(mut section) = section.optional_section("tls")? else { return Ok(None) };
    let client_ca = match clients {
        Clients::Anybody => None,
        Clients::MayBeKnown => section.text("client_ca")?,
    };
    let files = TlsFiles {
        certificate: section.needed_text("certificate")?.into(),
        key: section.needed_text("key")?.into(),
        client_ca: client_ca.map(PathBuf::from),
    };
    section.finish()?;
    Ok(Some(files))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Listen, String> {
        let environment = |_: &str| None;
        let mut section = Section::document(text, &environment).unwrap();
        let listen = address_or_socket(&mut section, "127.0.0.1:8081");
        let listen = listen.map_err(|problem| problem.to_string())?;
        section.finish().map_err(|problem| problem.to_string())?;
        Ok(listen)
    }

    fn files() -> TlsFiles {
        TlsFiles { certificate: "/c.crt".into(), key: "/c.key".into(), client_ca: None }
    }

    #[test]
    fn loopback_is_cleartext_and_needs_nothing() {
        let usual = SocketAddr::from(([127, 0, 0, 1], 8081));
        assert_eq!(read(""), Ok(Listen::Cleartext(usual)));
        let v6 = Listen::Cleartext("[::1]:8081".parse().unwrap());
        assert_eq!(read("listen = '[::1]:8081'"), Ok(v6));
    }

    #[test]
    fn any_other_address_speaks_tls_or_says_that_it_does_not() {
        let anywhere = SocketAddr::from(([0, 0, 0, 0], 8081));
        let listen = "listen = '0.0.0.0:8081'";
        let problem = read(listen).unwrap_err();
        assert!(problem.contains("is no loopback address"), "{problem}");
        assert!(!problem.contains('\n'), "{problem}");
        let tls = "tls = { certificate = '/c.crt', key = '/c.key' }";
        assert_eq!(read(&format!("{listen}\n{tls}")), Ok(Listen::Tls(anywhere, files())));
        let cleartext = format!("{listen}\ndangerous_cleartext = true");
        assert_eq!(read(&cleartext), Ok(Listen::Cleartext(anywhere)));
        let problem = read(&format!("{cleartext}\n{tls}")).unwrap_err();
        assert!(problem.contains("dangerous_cleartext stands beside"), "{problem}");
    }

    #[test]
    fn clients_may_have_to_show_a_certificate() {
        let tls = "tls = { certificate = '/c.crt', key = '/c.key', client_ca = '/ca.crt' }";
        let known = TlsFiles { client_ca: Some("/ca.crt".into()), ..files() };
        let usual = SocketAddr::from(([127, 0, 0, 1], 8081));
        assert_eq!(read(tls), Ok(Listen::Tls(usual, known)));
        let problem = read("tls = { certificate = '/c.crt' }").unwrap_err();
        assert!(problem.contains("tls.key is missing"), "{problem}");
    }

    #[test]
    fn no_two_listeners_are_at_the_same_place() {
        let environment = |name: &str| Some(format!("{name}-0123456789abcdef0123456789abcdef"));
        let parse = |text: &str| {
            let parsed = Configuration::parse(text, &environment);
            parsed.map(drop).map_err(|problem| problem.to_string())
        };
        for (text, expected) in [
            ("internal.listen = '127.0.0.1:8080'", "internal.listen is where chat.listen is"),
            ("chat.listen = '127.0.0.1:8084'", "observation.listen is where chat.listen is"),
            (
                "application = { listen = '127.0.0.1:8081', public_url = 'https://a.example' }",
                "application.listen is where internal.listen is",
            ),
        ] {
            let problem = parse(text).unwrap_err();
            assert!(problem.contains(expected), "{problem}");
        }
        for text in [
            "chat.listen = '127.0.0.1:0'\ninternal.listen = '127.0.0.1:0'",
            // Nobody uses the one that is there by default.
            "chat.listen = '127.0.0.1:8082'",
            "chat.listen = '127.0.0.1:8084'\nobservation.enabled = false",
        ] {
            assert_eq!(parse(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn a_unix_socket_has_a_whole_path_and_a_mode() {
        let socket = |access| {
            let path = "/run/baton/internal.sock".into();
            Ok(Listen::UnixSocket { path, access })
        };
        let listen = "listen = 'unix:/run/baton/internal.sock'";
        assert_eq!(read(listen), socket(SocketAccess::User));
        let as_by_default = read(&format!("{listen}\ndangerous_cleartext = false"));
        assert_eq!(as_by_default, socket(SocketAccess::User));
        let for_group = read(&format!("{listen}\nsocket_mode = '0660'"));
        assert_eq!(for_group, socket(SocketAccess::Group));
        for (text, expected) in [
            ("listen = 'unix:internal.sock'", "whole path"),
            ("socket_mode = '0600'", "is for a unix socket alone"),
            (&format!("{listen}\ntls = {{ certificate = 'c', key = 'k' }}"), "tls stands beside"),
            (&format!("{listen}\ndangerous_cleartext = true"), "cleartext is for an address"),
            (&format!("{listen}\nsocket_mode = '0666'"), "one of \"0600\", \"0660\""),
        ] {
            let problem = read(text).unwrap_err();
            assert!(problem.contains(expected), "{problem}");
        }
    }
}
