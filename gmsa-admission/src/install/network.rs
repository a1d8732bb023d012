//! How the webhook is reached: its Service, and from where.

use std::{fmt, net::IpAddr, str::FromStr};

use k8s_openapi::{
    api::{
        core::v1::{Service, ServicePort, ServiceSpec},
        networking::v1::{
            IPBlock, NetworkPolicy, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicyPort,
            NetworkPolicySpec,
        },
    },
    apimachinery::pkg::util::intstr::IntOrString,
};

use super::{InstallName, labels, server::PORT};

/// Port 443 of the Service, where webhook configurations look by default, to the port of the pods.
pub(super) fn service(name: &InstallName) -> Service {
    Service {
        metadata: labels::metadata(name),
        spec: Some(ServiceSpec {
            selector: Some(labels::selector(name)),
            ports: Some(vec![ServicePort {
                name: Some("https".to_owned()),
                port: 443,
                target_port: Some(IntOrString::Int(PORT)),
                protocol: Some("TCP".to_owned()),
                ..ServicePort::default()
            }]),
            ..ServiceSpec::default()
        }),
        status: None,
    }
}

/// Lets the webhook's one port in, and nothing else.
///
/// Outgoing traffic is left open: the pods need the API server, whose addresses and port differ from cluster to cluster
/// and are compared after the translation of its Service; a rule that guessed wrong would stop every gMSA pod.
pub(super) fn network_policy(name: &InstallName, sources: &[IpNetwork]) -> NetworkPolicy {
    let peers = sources.iter().map(|network| NetworkPolicyPeer {
        ip_block: Some(IPBlock { cidr: network.to_string(), except: None }),
        ..NetworkPolicyPeer::default()
    });
    let port = NetworkPolicyPort {
        port: Some(IntOrString::Int(PORT)),
        protocol: Some("TCP".to_owned()),
        end_port: None,
    };
    NetworkPolicy {
        metadata: labels::metadata(name),
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(labels::label_selector(name)),
            policy_types: Some(vec!["Ingress".to_owned()]),
            ingress: Some(vec![NetworkPolicyIngressRule {
                from: (!sources.is_empty()).then(|| peers.collect()),
                ports: Some(vec![port]),
            }]),
            egress: None,
        }),
    }
}

/// A range of addresses in CIDR form, such as `10.0.0.0/28`.
///
/// The bits behind the prefix are zero; the API server only warns about others, and compares as if they were.
///
/// Source: Kubernetes `pkg/apis/networking/validation/validation.go`, `ValidateIPBlock`; KEP-4858.
///
/// ```
/// use gmsa_admission::install::IpNetwork;
///
/// let network: IpNetwork = "10.0.0.0/28".parse()?;
/// assert_eq!(network.to_string(), "10.0.0.0/28");
/// assert!(IpNetwork::try_from("10.0.0.1").is_err());
/// let error = IpNetwork::try_from("10.0.0.1/28").unwrap_err();
/// assert_eq!(error.to_string(), "network has bits beyond its prefix; the first address in it ends in zero bits");
/// # Ok::<(), gmsa_admission::install::InvalidIpNetwork>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IpNetwork {
    address: IpAddr,
    prefix: u8,
}

/// # Errors
///
/// [`InvalidIpNetwork`] if the text is no address with a prefix length in bits, or has bits beyond it. `FromStr` does
/// the same.
impl TryFrom<&str> for IpNetwork {
    type Error = InvalidIpNetwork;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        let wrong = |fault| Err(InvalidIpNetwork { fault });
        let Some((address, prefix)) = text.split_once('/') else {
            return wrong("is written ADDRESS/PREFIX, such as `10.0.0.0/28`");
        };
        let Ok(address) = address.parse::<IpAddr>() else {
            return wrong("starts with no IP address");
        };
        let (bits, width) = match address {
            IpAddr::V4(address) => (u128::from(u32::from(address)) << 96, 32),
            IpAddr::V6(address) => (u128::from(address), 128),
        };
        // As they are written one by one: `parse` would take a sign, and zeros in front.
        let Some(prefix) = (0..=width).find(|width: &u8| width.to_string() == prefix) else {
            return wrong("has a prefix that is no number up to 32, or 128 for IPv6");
        };
        match bits.checked_shl(u32::from(prefix)).unwrap_or(0) {
            0 => Ok(Self { address, prefix }),
            _ => wrong("has bits beyond its prefix; the first address in it ends in zero bits"),
        }
    }
}

impl FromStr for IpNetwork {
    type Err = InvalidIpNetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text)
    }
}

impl fmt::Display for IpNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// Why a text is no [`IpNetwork`]. That type has an example.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("network {fault}")]
pub struct InvalidIpNetwork {
    fault: &'static str,
}
