//! The start of the container: Docker's options, the Host Compute Service, the node's Windows.
//!
//! Sources: moby `daemon/oci_windows.go`; microsoft/hcsshim; issues of microsoft/Windows-Containers ("WC").

use super::{
    cause::{KnownCause, Remedy, Source},
    event::{EventLog, KnownEvent},
    observation::{Outcome, Sentence},
    rule::{Pattern, Rule},
};

pub(super) const EVENTS: &[KnownEvent] = &[KnownEvent {
    log: EventLog::HyperVCompute,
    id: 11507,
    words: &["failed to setup the external credentials"],
    meaning: "the container's credentials could not be set up",
    outcome: Outcome::Fails,
}];

pub(super) const SENTENCES: &[Sentence] = &[
    Sentence::fails(
        "option-invalid",
        &["invalid credential spec security option"],
        "Docker refused the credential spec option",
    ),
    Sentence::fails(
        "option-invalid",
        &["no equals sign in supplied value"],
        "Docker refused the credential spec option",
    ),
    Sentence::fails(
        "spec-path",
        &["invalid credential spec", "path cannot be absolute"],
        "Docker refused the path of the credential spec",
    ),
    Sentence::fails(
        "spec-path",
        &["invalid credential spec", "must be under"],
        "Docker refused the path of the credential spec",
    ),
    Sentence::fails(
        "spec-file-missing",
        &["credential spec for container", "could not be read from file"],
        "Docker could not read the credential spec's file",
    ),
    Sentence::fails(
        "spec-value-missing",
        &["registry credential spec", "was not found"],
        "the registry has no credential spec of that name",
    ),
    Sentence::fails(
        "gmsa-disabled",
        &["gmsa credentials are disabled"],
        "the node's runtime refuses credential specs",
    ),
    Sentence::fails(
        "ccg-instance",
        &["failed to generate container credential guard instance"],
        "the runtime could not hand the credential spec to Container Credential Guard",
    ),
    Sentence::tells(
        "user-network-service",
        &["--user", "network service"],
        "a process was to run as Network Service",
    ),
    Sentence::tells("containerd", &["containerd://"], "the node runs containerd"),
];

pub(super) const CAUSES: &[KnownCause] = &[
    KnownCause {
        id: "GD304",
        title: "Docker's credential spec option is not valid",
        explanation: "The value must start with `file://`, `registry://` or `raw://`, with something after it. \
                      `config://` is for services of a swarm alone.",
        source: Source::read("moby, daemon/oci_windows.go, setWindowsCredentialSpec"),
        steps: &[Remedy::act("write `--security-opt \"credentialspec=file://NAME.json\"`")],
        rules: &[Rule::likely(&[Pattern::Sentence("option-invalid")])],
        explains: &[],
    },
    KnownCause {
        id: "GD305",
        title: "the credential spec's file is not where Docker looks",
        explanation: "The path is relative to the folder CredentialSpecs under Docker's root, and cannot leave it.",
        source: Source::read("moby, daemon/oci_windows.go, readCredentialSpecFile"),
        steps: &[
            Remedy::run("docker info -f \"{{.DockerRootDir}}\"", "find Docker's root"),
            Remedy::act("put the file into its folder CredentialSpecs, and name it without a folder"),
        ],
        rules: &[
            Rule::likely(&[Pattern::Sentence("spec-path")]),
            Rule::likely(&[Pattern::Sentence("spec-file-missing")]),
        ],
        explains: &[],
    },
    KnownCause {
        id: "GD306",
        title: "the registry has no credential spec of that name",
        explanation: "`registry://NAME` asks for a string value of that name.",
        source: Source::read("moby, daemon/oci_windows.go, readCredentialSpecRegistry"),
        steps: &[Remedy::run(
            "reg query \"HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Virtualization\\Containers\\CredentialSpecs\"",
            "list the names that there are",
        )],
        rules: &[Rule::likely(&[Pattern::Sentence("spec-value-missing")])],
        explains: &[],
    },
    KnownCause {
        id: "GD307",
        title: "the node's runtime is told to refuse credential specs",
        explanation: "The annotation `io.microsoft.container.wcow.gmsa.disable`, or \
                      `io.microsoft.disable-unsafe-operations`, is set.",
        source: Source::read("microsoft/hcsshim, internal/hcsoci/create.go, validateContainerConfig"),
        steps: &[Remedy::act("remove the annotation from the pod or from the runtime's configuration")],
        rules: &[Rule::likely(&[Pattern::Sentence("gmsa-disabled")])],
        explains: &[],
    },
    KnownCause {
        id: "GD303",
        title: "the node's Windows Server 2019 is too old for gMSA with containerd",
        explanation: "Build 17763.1817 (KB5000822) or newer is needed.",
        source: Source::read("kubernetes/website issue 31412"),
        steps: &[
            Remedy::run("kubectl get nodes -o wide", "see build and runtime of each node"),
            Remedy::act("update the node, or use a newer image for the node pool"),
        ],
        rules: &[
            Rule::likely(&[Pattern::BuildBelow(17763, 1817), Pattern::Sentence("containerd")]),
            Rule::possible(&[Pattern::BuildBelow(17763, 1817)]),
        ],
        explains: &[],
    },
    KnownCause {
        id: "GD302",
        title: "the plug-in was started and then failed",
        explanation: "Container Credential Guard loaded the plug-in, which ended with an error of its own.",
        source: Source::read("WC issue 544"),
        steps: &[
            Remedy::act("read the plug-in's own log, and run its code with the same input"),
            Remedy::run(
                "Get-WinEvent -LogName Microsoft-Windows-Containers-CCG/Admin -MaxEvents 20",
                "on the node: see what follows event 1",
            ),
        ],
        rules: &[
            Rule::likely(&[Pattern::Compute(&[0xC000_00A7]), Pattern::Event(EventLog::Ccg, &[1])]),
            Rule::possible(&[Pattern::Compute(&[0xC000_00A7])]),
        ],
        explains: &[],
    },
    KnownCause {
        id: "GD301",
        title: "Container Credential Guard could not use the credential spec",
        explanation: "The process that reads it did not answer: the credential spec cannot be parsed, or the \
                      plug-in that it names cannot be activated.",
        source: Source::read("WC issues 221 and 541; Microsoft, AKS documentation of gMSA"),
        steps: &[
            Remedy::run(
                "Get-WinEvent -LogName Microsoft-Windows-Containers-CCG/Admin -MaxEvents 20",
                "on the node: event 3 tells of the credential spec, event 4 of the plug-in",
            ),
            Remedy::act("check the credential spec, above all PluginGUID, in braces, and PluginInput"),
            Remedy::act(
                "check that the plug-in is registered as a COM class, and listed under \
                 HKLM\\SYSTEM\\CurrentControlSet\\Control\\CCG\\COMClasses",
            ),
        ],
        rules: &[
            Rule::likely(&[Pattern::Compute(&[0xC002_0017])]),
            Rule::likely(&[Pattern::Event(EventLog::HyperVCompute, &[11507])])
                .unless(&[Pattern::Compute(&[0xC000_00A7])]),
            Rule::possible(&[Pattern::Event(EventLog::HyperVCompute, &[11507])]),
            Rule::possible(&[Pattern::Compute(&[0xC002_001B])]),
            Rule::likely(&[Pattern::Sentence("ccg-instance")]),
        ],
        explains: &[],
    },
];
