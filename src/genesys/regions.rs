//! The regions of Genesys Cloud that were known when this was written.

/// A region of Genesys Cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// The name that AWS gives it, such as `eu-central-1`.
    pub aws: &'static str,
    /// The domain under which its hosts are, such as `mypurecloud.de`.
    pub base: &'static str,
}

const fn region(aws: &'static str, base: &'static str) -> Region {
    Region { aws, base }
}

/// The known regions, for help and completion (Genesys reference, 3.6). Genesys opens new ones:
/// that a region is not here does not mean that it does not exist.
pub const REGIONS: &[Region] = &[
    region("ap-northeast-1", "mypurecloud.jp"),
    region("ap-northeast-2", "apne2.pure.cloud"),
    region("ap-northeast-3", "apne3.pure.cloud"),
    region("ap-south-1", "aps1.pure.cloud"),
    region("ap-southeast-1", "apse1.pure.cloud"),
    region("ap-southeast-2", "mypurecloud.com.au"),
    region("ca-central-1", "cac1.pure.cloud"),
    region("eu-central-1", "mypurecloud.de"),
    region("eu-central-2", "euc2.pure.cloud"),
    region("eu-west-1", "mypurecloud.ie"),
    region("eu-west-2", "euw2.pure.cloud"),
    region("eusc-de-east-1", "edee1.eusc-pure.cloud"),
    region("me-central-1", "mec1.pure.cloud"),
    region("mx-central-1", "mxc1.pure.cloud"),
    region("sa-east-1", "sae1.pure.cloud"),
    region("us-east-1", "mypurecloud.com"),
    region("us-east-2", "use2.us-gov-pure.cloud"),
    region("us-west-2", "usw2.pure.cloud"),
];
