//! The filter's counters in Envoy's own statistics, under `wasmcustom.baton.`: of all requests, and
//! of those of each tenant.
//!
//! A tenant has counters only once it is known to be one, so that nobody makes any by naming it.

use std::{cell::RefCell, collections::BTreeMap};

use baton_core::{refusal::Refusal, tenant::Tenant};

use crate::host;

/// How many tenants have counters of their own in a worker; the others share theirs. What a host
/// has once defined it keeps until it ends.
const MOST_TENANTS: usize = 100;

/// Under which name those are counted that come after these. It is no tenant's: it has no slash.
const OTHERS: &str = "other";

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    /// Webhooks that went up as a delivery.
    Accepted,
    /// The bytes of their bodies.
    Bytes,
    /// Entries under `unhandled` in the deliveries.
    Unhandled,
    /// Webhooks that were answered because the upstream had them already.
    Duplicates,
    /// How often the sidecar was asked for a tenant.
    LookUpsAsked,
    /// How often it could not be asked, or gave no answer that says something of the tenant.
    LookUpsFailed,
    /// Requests that were refused for this.
    Refused(Refusal),
}

impl Counted {
    /// The counter's name, and what more there is of it.
    const fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::Accepted => ("accepted", ""),
            Self::Bytes => ("bytes", ""),
            Self::Unhandled => ("unhandled", ""),
            Self::Duplicates => ("duplicates", ""),
            Self::LookUpsAsked => ("look_up.asked", ""),
            Self::LookUpsFailed => ("look_up.failed", ""),
            Self::Refused(refusal) => ("refused.", refusal.label()),
        }
    }
}

/// The counters of a worker.
pub(crate) struct Counters(RefCell<AllSeries>);

struct AllSeries {
    of_all: Series,
    of_tenants: BTreeMap<String, Series>,
    of_other_tenants: Series,
}

/// The counters of one kind of request.
#[derive(Default)]
struct Series {
    /// What their names begin with.
    prefix: &'static str,
    /// What their names end with.
    suffix: String,
    /// The ids that the host gave them: a handful, so that a list is as good as a map.
    defined: Vec<(Counted, u32)>,
}

impl Counters {
    /// Announces the counters of all requests to the host, so that they are there before anything
    /// has happened [any].
    pub(crate) fn define() -> Self {
        use Counted::{
            Accepted, Bytes, Duplicates, LookUpsAsked, LookUpsFailed, Refused, Unhandled,
        };
        let mut of_all = Series { prefix: "baton.", ..Series::default() };
        [Accepted, Bytes, Unhandled, Duplicates, LookUpsAsked, LookUpsFailed]
            .into_iter()
            .chain(Refusal::all().map(Refused))
            .for_each(|counted| of_all.add(counted, 0));
        let of_tenants = BTreeMap::new();
        Self(RefCell::new(AllSeries { of_all, of_tenants, of_other_tenants: Series::of(OTHERS) }))
    }

    /// Counts so many of each [any].
    pub(crate) fn count(&self, counted: &[(Counted, usize)]) {
        let series = &mut self.0.borrow_mut().of_all;
        counted.iter().for_each(|(counted, amount)| series.add(*counted, *amount));
    }

    /// The same, and counts them as this tenant's [any].
    pub(crate) fn count_for(&self, tenant: Option<&Tenant>, counted: &[(Counted, usize)]) {
        self.count(counted);
        if let Some(tenant) = tenant {
            let mut all = self.0.borrow_mut();
            let series = all.of(tenant.name());
            let there = counted.iter().filter(|(_, amount)| *amount > 0);
            there.for_each(|(counted, amount)| series.add(*counted, *amount));
        }
    }
}

impl AllSeries {
    /// The counters of this tenant.
    fn of(&mut self, tenant: &str) -> &mut Series {
        if !self.of_tenants.contains_key(tenant) {
            if self.of_tenants.len() >= MOST_TENANTS {
                return &mut self.of_other_tenants;
            }
            self.of_tenants.insert(tenant.to_owned(), Series::of(tenant));
        }
        self.of_tenants.get_mut(tenant).unwrap_or(&mut self.of_other_tenants)
    }
}

impl Series {
    /// The counters of this tenant. Its name comes last: it may hold dots, and what is before it
    /// is known. The host drops a dot at its end.
    fn of(tenant: &str) -> Self {
        Self { prefix: "baton.tenant.", suffix: [".", tenant].concat(), defined: Vec::new() }
    }

    fn add(&mut self, counted: Counted, amount: usize) {
        let known = self.defined.iter().find(|(known, _)| *known == counted).map(|(_, id)| *id);
        let id = known.unwrap_or_else(|| self.define(counted));
        if amount > 0 {
            host::increase(id, amount);
        }
    }

    fn define(&mut self, counted: Counted) -> u32 {
        let (name, reason) = counted.name();
        let id = host::counter(&[self.prefix, name, reason, &self.suffix].concat());
        self.defined.push((counted, id));
        id
    }
}
