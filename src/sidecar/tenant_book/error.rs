//! Why a command is refused.

use baton_core::tenant::TenantKey;
use baton_process::RandomError;
use baton_store::StoreError;

use crate::configuration::ConfigurationProblem;

/// Why a command on the tenants in the store is refused. Each is one line, shows no secret, and says
/// what to do. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TenantBookError {
    /// There are tenants in the store, and no key to open them with.
    #[error(
        "the store holds tenants ({tenants} of them), and the configuration has no \
         store.master_key to open them with; set it to the key that they were sealed with"
    )]
    NoMasterKeyFor {
        /// How many.
        tenants: usize,
    },
    /// Nothing can be sealed without a key.
    #[error(
        "the configuration has no store.master_key, so that no tenant can be sealed; make a key \
         with baton store new-key, set it, and start the sidecar again"
    )]
    NoMasterKey,
    /// There is no such tenant, in the store or elsewhere.
    #[error("there is no tenant {key} in the store; baton tenant list shows those that there are")]
    Unknown {
        /// Which.
        key: TenantKey<'static>,
    },
    /// The tenant stands in the configuration file.
    #[error("the tenant {key} stands in the configuration file; change it there")]
    InFile {
        /// Which.
        key: TenantKey<'static>,
    },
    /// The document names another tenant than the request.
    #[error("the document is that of {named}; name the same tenant in both places")]
    AnotherTenant {
        /// Whom the document names.
        named: TenantKey<'static>,
    },
    /// The document is longer than the section of any tenant.
    #[error("the document is longer than {most} bytes; put one tenant into it, and nothing else")]
    TooLong {
        /// How long it may be.
        most: usize,
    },
    /// The document cannot be read.
    #[error(transparent)]
    Document(ConfigurationProblem),
    /// With the tenant, file and store make no configuration.
    #[error(transparent)]
    Configuration(#[from] ConfigurationProblem),
    /// A tenant whose change waits is not rotated: what is accepted now is not what stands there.
    #[error(
        "the last change of the tenant {key} takes effect when the sidecar is started again; do \
         that first"
    )]
    ChangeWaits {
        /// Which.
        key: TenantKey<'static>,
    },
    /// There is nothing to rotate.
    #[error(
        "the tenant {key} has no webhook secret here; give it edge.signature_secrets, with baton \
         tenant add"
    )]
    NoWebhookSecret {
        /// Which.
        key: TenantKey<'static>,
    },
    /// Two secrets are in use already.
    #[error(
        "the tenant {key} has two webhook secrets already; end that rotation first: baton tenant \
         rotate {key} --finish, or --cancel"
    )]
    TwoSecrets {
        /// Which.
        key: TenantKey<'static>,
    },
    /// The document would undo the rotation that goes on.
    #[error(
        "the webhook secret of {key} is being rotated, and this would undo it; end the rotation \
         first: baton tenant rotate {key} --finish, or --cancel"
    )]
    RotationGoesOn {
        /// Which.
        key: TenantKey<'static>,
    },
    /// The new secret is the one that is in use.
    #[error("this is the webhook secret that the tenant {key} has; give another, or none")]
    SameSecret {
        /// Which.
        key: TenantKey<'static>,
    },
    /// No rotation goes on.
    #[error("no rotation of the webhook secret of {key} goes on; begin one")]
    NoRotation {
        /// Which.
        key: TenantKey<'static>,
    },
    /// Not every edge has the new secret yet, so Genesys cannot have been switched.
    #[error(
        "not every edge has the new webhook secret of {key} before {from}: switch Genesys then, \
         and end the rotation after that, or force its end"
    )]
    TooEarly {
        /// Which.
        key: TenantKey<'static>,
        /// RFC 3339.
        from: String,
    },
    /// What was opened is no document.
    #[error("a tenant in the store cannot be read; run the version of Baton that put it there")]
    Unreadable,
    /// An answer or a document could not be written.
    #[error("what is said of a tenant could not be written; report this as a defect")]
    Unwritable,
    /// There are no random bytes.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The sidecar stops.
    #[error("the sidecar stops; try again when it runs")]
    Stopping,
}
