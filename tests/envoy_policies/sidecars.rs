//! Two filters with one `vm_id`, which look their tenants up at two sidecars.

use std::time::Duration;

use baton_tests::{
    envoy::{LOOK_UP_CLUSTER, looking_up, with_look_up_cluster},
    look_up_sidecar::{LookUp, Sidecar},
};
use tokio::time::sleep;

use super::{routes::with_filters_that_differ, *};

/// The cluster that the second filter looks tenants up at.
const SECOND_CLUSTER: &str = "second_look_ups";

/// After this a tenant may be asked for again; the policy's pause is 5 s.
const PAUSE: Duration = Duration::from_millis(5_200);

#[tokio::test]
async fn invariant_12_what_one_sidecar_says_of_a_tenant_counts_for_its_own_filter_alone() {
    for hold in Hold::BOTH {
        let case = format!("{hold:?}");
        let first = Sidecar::start(LookUp::Tenant(SECRET.to_owned())).await;
        let second = Sidecar::start(LookUp::Unknown).await;
        let change = |yaml: String| {
            let yaml = with_filters_that_differ(&yaml, LOOK_UP_CLUSTER, SECOND_CLUSTER);
            let yaml = with_look_up_cluster(&yaml, LOOK_UP_CLUSTER, first.address);
            with_look_up_cluster(&yaml, SECOND_CLUSTER, second.address)
        };
        let stage = Stage::set_with(hold, &Value::Object(looking_up()), change).await;
        let [one, two] =
            ["one.example", "two.example"].map(|host| Webhook { host, ..Webhook::default() });
        assert_eq!(stage.status(&one).await, 200, "{case}");
        assert_eq!(stage.status(&two).await, 401, "{case}: its sidecar knows no such tenant");
        assert_eq!(stage.status(&one).await, 200, "{case}");
        assert_eq!(stage.upstream.take().len(), 2, "{case}");
        stage.assert_untouched(&case);
        let asked = |sidecar: &Sidecar| sidecar.looked_up().len();
        assert_eq!((asked(&first), asked(&second)), (1, 1), "{case}");

        // A mismatch makes the second filter ask, and its answer is not the first one's.
        sleep(PAUSE).await;
        assert_eq!(stage.status(&two.forged()).await, 401, "{case}");
        assert_eq!(stage.status(&one).await, 200, "{case}");
    }
}
