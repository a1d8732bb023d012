//! What runs the webhook: the Deployment, and how many of its pods may be away at once.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::{
        apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment},
        core::v1::{
            Capabilities, Container, ContainerPort, EnvVar, HTTPGetAction, KeyToPath, Lifecycle,
            LifecycleHandler, PodOS, PodSecurityContext, PodSpec, PodTemplateSpec, Probe,
            ResourceRequirements, SeccompProfile, SecretVolumeSource, SecurityContext, SleepAction,
            Toleration, TopologySpreadConstraint, Volume, VolumeMount,
        },
        policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec},
    },
    apimachinery::pkg::{api::resource::Quantity, apis::meta::v1::ObjectMeta, util::intstr::IntOrString},
};

use super::{
    Access, Certificates, InstallName, WebhookServer, labels,
    server::{PORT, PRIORITY_CLASS},
};
use crate::template::Enforcement;

/// The user `nonroot` of many small images; any but 0 would do.
const USER: i64 = 65532;
const LINUX: &str = "linux";
const HTTPS: &str = "https";
const TLS: &str = "tls";
/// The file names of upstream's chart, by the keys of a Secret of type `kubernetes.io/tls`.
const TLS_FILES: [(&str, &str); 2] = [("tls.crt", "crt"), ("tls.key", "key")];

#[allow(
    clippy::useless_conversion,
    reason = "the spec is optional up to Kubernetes 1.36, required from 1.37 on"
)]
pub(super) fn deployment(name: &InstallName, server: &WebhookServer) -> Deployment {
    Deployment {
        metadata: labels::metadata(name),
        spec: DeploymentSpec {
            replicas: Some(i32::from(server.replicas.get())),
            selector: labels::label_selector(name),
            // A new pod is there before an old one goes.
            strategy: Some(DeploymentStrategy {
                type_: Some("RollingUpdate".to_owned()),
                rolling_update: Some(RollingUpdateDeployment {
                    max_unavailable: Some(IntOrString::Int(0)),
                    max_surge: Some(IntOrString::Int(1)),
                }),
            }),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta {
                    labels: Some(labels::all(name)),
                    annotations: certificate_annotation(&server.certificates),
                    ..ObjectMeta::default()
                }),
                spec: Some(pod(name, server)),
            },
            ..DeploymentSpec::default()
        }
        .into(),
        status: None,
    }
}

/// One pod at a time may be taken away, and one that is not ready always: it would only hold up the node.
///
/// Source: Kubernetes, "Specifying a Disruption Budget for your Application".
pub(super) fn disruption_budget(name: &InstallName) -> PodDisruptionBudget {
    PodDisruptionBudget {
        metadata: labels::metadata(name),
        spec: Some(PodDisruptionBudgetSpec {
            // Not `minAvailable`, which with one replica would keep a node from being drained at all.
            max_unavailable: Some(IntOrString::Int(1)),
            min_available: None,
            selector: Some(labels::label_selector(name)),
            unhealthy_pod_eviction_policy: Some("AlwaysAllow".to_owned()),
        }),
        status: None,
    }
}

/// Another certificate makes other pods. Servers read it again when the file changes, but that takes the kubelet a
/// minute or two, and upstream's does it once.
fn certificate_annotation(certificates: &Certificates) -> Option<BTreeMap<String, String>> {
    let Certificates::Given(serving) = certificates else { return None };
    // FNV-1a, 64 bit: it need not withstand anybody.
    let hash = serving.certificate().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Some([("checksum/certificate".to_owned(), format!("fnv1a-{hash:016x}"))].into())
}

fn pod(name: &InstallName, server: &WebhookServer) -> PodSpec {
    PodSpec {
        service_account_name: Some(name.name().to_owned()),
        automount_service_account_token: Some(true),
        // The variables of Services could be taken for settings.
        enable_service_links: Some(false),
        // With the node's system told, the API server refuses `windowsOptions`: this can never be a gMSA pod.
        os: Some(PodOS { name: LINUX.to_owned() }),
        node_selector: Some([("kubernetes.io/os".to_owned(), LINUX.to_owned())].into()),
        tolerations: server.on_control_plane.then(|| vec![control_plane()]),
        priority_class_name: Some(PRIORITY_CLASS.to_owned()),
        topology_spread_constraints: Some(vec![TopologySpreadConstraint {
            max_skew: 1,
            topology_key: "kubernetes.io/hostname".to_owned(),
            when_unsatisfiable: "ScheduleAnyway".to_owned(),
            label_selector: Some(labels::label_selector(name)),
            ..TopologySpreadConstraint::default()
        }]),
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            run_as_user: Some(USER),
            run_as_group: Some(USER),
            fs_group: Some(USER),
            seccomp_profile: Some(SeccompProfile {
                type_: "RuntimeDefault".to_owned(),
                localhost_profile: None,
            }),
            ..PodSecurityContext::default()
        }),
        termination_grace_period_seconds: Some(30),
        containers: vec![container(name, server)],
        volumes: Some(vec![Volume {
            name: TLS.to_owned(),
            secret: Some(SecretVolumeSource {
                secret_name: Some(name.secret()),
                // For the group of the pod, which `fsGroup` gives the files to.
                default_mode: Some(0o440),
                items: Some(
                    TLS_FILES
                        .map(|(key, path)| KeyToPath {
                            key: key.to_owned(),
                            path: path.to_owned(),
                            ..KeyToPath::default()
                        })
                        .into(),
                ),
                ..SecretVolumeSource::default()
            }),
            ..Volume::default()
        }]),
        ..PodSpec::default()
    }
}

fn control_plane() -> Toleration {
    Toleration {
        key: Some("node-role.kubernetes.io/control-plane".to_owned()),
        operator: Some("Exists".to_owned()),
        effect: Some("NoSchedule".to_owned()),
        ..Toleration::default()
    }
}

fn container(name: &InstallName, server: &WebhookServer) -> Container {
    let quantities = |all: &[(&str, &str)]| {
        let quantity = |&(key, value): &(&str, &str)| (key.to_owned(), Quantity(value.to_owned()));
        Some(all.iter().map(quantity).collect::<BTreeMap<_, _>>())
    };
    Container {
        name: "webhook".to_owned(),
        image: Some(server.image.to_string()),
        args: Some(vec!["--cert-reload=true".to_owned()]),
        env: Some(environment(name, server)),
        ports: Some(vec![ContainerPort {
            name: Some(HTTPS.to_owned()),
            container_port: PORT,
            protocol: Some("TCP".to_owned()),
            ..ContainerPort::default()
        }]),
        readiness_probe: Some(probe(server.probes.ready(), 5, 3)),
        // Slower to judge than readiness: a restart helps against little that ails a server without state.
        liveness_probe: Some(probe(server.probes.live(), 10, 6)),
        // The API server may still be calling a pod that is being taken away.
        lifecycle: Some(Lifecycle {
            pre_stop: Some(LifecycleHandler {
                sleep: Some(SleepAction { seconds: 5 }),
                ..LifecycleHandler::default()
            }),
            ..Lifecycle::default()
        }),
        // No limit on the processor: to be held back there would be to hold up every gMSA pod.
        resources: Some(ResourceRequirements {
            requests: quantities(&[("cpu", "50m"), ("memory", "64Mi")]),
            limits: quantities(&[("memory", "256Mi")]),
            ..ResourceRequirements::default()
        }),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), add: None }),
            read_only_root_filesystem: Some(true),
            ..SecurityContext::default()
        }),
        volume_mounts: Some(vec![VolumeMount {
            name: TLS.to_owned(),
            mount_path: format!("/{TLS}"),
            read_only: Some(true),
            ..VolumeMount::default()
        }]),
        ..Container::default()
    }
}

fn environment(name: &InstallName, server: &WebhookServer) -> Vec<EnvVar> {
    let [crt, key] = TLS_FILES.map(|(_, file)| format!("/{TLS}/{file}"));
    let access = (server.access == Access::Watch).then(|| ("ACCESS", "watch".to_owned()));
    let templates = server.templates.map(|templates| match templates {
        Enforcement::Warn => ("TEMPLATES", "warn".to_owned()),
        Enforcement::Deny => ("TEMPLATES", "deny".to_owned()),
    });
    let environment = [
        ("TLS_CRT", crt),
        ("TLS_KEY", key),
        ("SERVICE_NAME", name.dns_name()),
        ("HTTPS_PORT", PORT.to_string()),
        ("QPS", server.queries_per_second.to_string()),
        ("BURST", server.burst.to_string()),
        ("LOG_LEVEL", server.log_level.as_str().to_owned()),
        ("RANDOM_HOSTNAME", server.random_hostname.to_string()),
    ];
    let variable =
        |(name, value): (&str, _)| EnvVar { name: name.to_owned(), value: Some(value), value_from: None };
    environment.into_iter().chain(access).chain(templates).map(variable).collect()
}

fn probe(path: &str, period_seconds: i32, failure_threshold: i32) -> Probe {
    Probe {
        http_get: Some(HTTPGetAction {
            path: Some(path.to_owned()),
            port: IntOrString::String(HTTPS.to_owned()),
            scheme: Some("HTTPS".to_owned()),
            ..HTTPGetAction::default()
        }),
        period_seconds: Some(period_seconds),
        timeout_seconds: Some(3),
        failure_threshold: Some(failure_threshold),
        ..Probe::default()
    }
}
