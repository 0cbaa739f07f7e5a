//! Configurations that are wrong, at the start and later.

use baton_tests_hosts::proxy_wasm::{Setting, Worker};

use super::{
    play::{Step, Told, document, variables},
    *,
};
use Step::{Headers, Open, Rest, Tick};

#[test]
fn a_configuration_that_is_wrong_at_the_start_lets_nobody_through() {
    for hold in Hold::BOTH {
        let document = document(hold, Tenants::Listed);
        for (wrong, named) in [
            ("", "the document"),
            ("{", "the document"),
            (&document.replace("tenants", "tenant"), "tenant"),
            (&document.replace("GENESYS_API_KEY", "GENESYS_API_KEY_GONE"), "api_keys"),
        ] {
            let mut worker = Worker::start(Setting {
                hold,
                configuration: wrong.to_owned(),
                environment: variables(),
                fault: None,
            });
            let said = worker.log().join("\n");
            assert!(said.contains("edge configuration: ") && said.contains(named), "{said}");
            for who in Who::ALL {
                let (request, context) = (who.request(0), worker.open());
                worker.headers(context, &request.headers, false);
                worker.body(context, &request.body, true);
                let stream = worker.stream(context).expect("a request");
                assert_eq!(stream.upstream(), None, "{who:?}");
                assert_eq!(stream.answer().map(|answer| answer.status), Some(503), "{who:?}");
            }
            assert_eq!(worker.troubles(), [""; 0], "{wrong}");
        }
    }
}

#[test]
fn a_configuration_that_is_wrong_later_changes_nothing() {
    for hold in Hold::BOTH {
        let mut play = Play::new(hold, Tenants::Listed, None);
        play.play(&[Open(Who::Genesys), Headers(0, false), Open(Who::Forger), Headers(1, false)]);
        play.play(&[Step::Reload(false), Rest(0, true), Rest(1, true)]);
        play.play(&[Open(Who::Genesys), Headers(2, false), Rest(2, true)]);
        assert_eq!(play.fates(), [DELIVERED, refused(401), DELIVERED], "{hold:?}");
        play.assert_untroubled(&format!("{hold:?}"));
    }
}

#[test]
fn a_configuration_that_is_right_takes_the_requests_to_come_and_the_others_end_as_they_began() {
    for hold in Hold::BOTH {
        let mut play = Play::new(hold, Tenants::LookedUp, None);
        play.play(&[Open(Who::Genesys), Headers(0, false), Rest(0, true), Tick]);
        play.play(&[Step::Reload(true), Step::Told(Told::Tenant)]);
        play.play(&[Open(Who::Forger), Headers(1, false), Rest(1, true), Tick]);
        play.play(&[Step::Told(Told::Tenant)]);
        assert_eq!(play.fates(), [DELIVERED, refused(401)], "{hold:?}");
        play.assert_untroubled(&format!("{hold:?}"));
    }
}
