//! The remedies that documentation gives for gMSA pods that do not work, as typed parts of a pod.
//!
//! Nothing here is applied by a webhook. They are for templates, generators and tools that tell somebody what to write.
//!
//! Source: Kubernetes, "Configure GMSA for Windows Pods and containers", Troubleshooting; KEP-689.
//!
//! ```
//! use gmsa_admission::remedy::netlogon_restart;
//!
//! let lifecycle = netlogon_restart().reset("contoso.com".parse()?).lifecycle();
//! let script = &lifecycle.post_start.unwrap().exec.unwrap().command.unwrap()[2];
//! assert!(script.contains("nltest.exe /sc_reset:contoso.com"));
//! assert!(script.ends_with("exit 1"));
//! # Ok::<(), gmsa_types::InvalidValue>(())
//! ```

use std::num::NonZeroU16;

use gmsa_types::{CredentialSpecName, DnsName};
use k8s_openapi::api::core::v1::{
    Container, ExecAction, Lifecycle, LifecycleHandler, SecurityContext, WindowsSecurityContextOptions,
};

/// A hook that restarts Netlogon when a container starts, until the secure channel to the domain is up.
///
/// By default it tries 10 times, waits 3 seconds after a failure, and then fails: Kubernetes kills the container whose hook
/// failed and starts it again as its restart policy says, so that an application never runs without its identity,
/// and the events of the pod say why. Use [`as_documented`](NetlogonRestart::as_documented) for the page's own form.
///
/// Source: Kubernetes, "Configure GMSA for Windows Pods and containers", Troubleshooting; "Container Lifecycle Hooks".
///
/// ```
/// use std::num::NonZeroU16;
/// use gmsa_admission::remedy::netlogon_restart;
///
/// let lifecycle = netlogon_restart().attempts(NonZeroU16::MIN).pause_seconds(0).lifecycle();
/// assert_eq!(
///     lifecycle.post_start.unwrap().exec.unwrap().command.unwrap()[2],
///     "for ($i = 1; $i -le 1; $i++) { Restart-Service -Name netlogon; \
///      $r = (nltest.exe /query) -join ' '; \
///      if ($LASTEXITCODE -eq 0 -and $r -like '*0x0 NERR_Success*') { exit 0 }; \
///      Start-Sleep -Seconds 0 }; exit 1",
/// );
/// ```
pub fn netlogon_restart() -> NetlogonRestart {
    NetlogonRestart { attempts: NonZeroU16::MIN.saturating_add(9), pause_seconds: 3, reset: None }
}

/// A [`netlogon_restart`] hook to be built.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct NetlogonRestart {
    attempts: NonZeroU16,
    pause_seconds: u16,
    reset: Option<DnsName>,
}

impl NetlogonRestart {
    /// How many times it tries.
    pub fn attempts(self, attempts: NonZeroU16) -> Self {
        Self { attempts, ..self }
    }

    /// How long it waits after a failure, in seconds.
    pub fn pause_seconds(self, pause_seconds: u16) -> Self {
        Self { pause_seconds, ..self }
    }

    /// Also resets the secure channel to this domain, each time after restarting Netlogon.
    pub fn reset(self, domain: DnsName) -> Self {
        Self { reset: Some(domain), ..self }
    }

    /// The hook.
    pub fn lifecycle(&self) -> Lifecycle {
        post_start(self.script())
    }

    /// The page's own hook, to the character: it tries without end and without a pause, so a container whose
    /// account does not work never becomes ready, and never fails either.
    ///
    /// Source: Kubernetes, "Configure GMSA for Windows Pods and containers", Troubleshooting.
    ///
    /// ```
    /// use gmsa_admission::remedy::NetlogonRestart;
    ///
    /// let command = NetlogonRestart::as_documented().post_start.unwrap().exec.unwrap().command.unwrap();
    /// assert_eq!(command[..2], ["powershell.exe", "-command"]);
    /// assert!(command[2].starts_with("do { Restart-Service -Name netlogon } while"));
    /// ```
    pub fn as_documented() -> Lifecycle {
        post_start(DOCUMENTED.to_owned())
    }

    fn script(&self) -> String {
        let Self { attempts, pause_seconds, reset } = self;
        // A domain name has letters, digits, `-` and `.` alone, so nothing of it is syntax to PowerShell.
        let reset = reset
            .as_ref()
            .map(|domain| format!("nltest.exe /sc_reset:{domain} | Out-Null; "))
            .unwrap_or_default();
        format!(
            "for ($i = 1; $i -le {attempts}; $i++) {{ Restart-Service -Name netlogon; {reset}{CHANNEL}\
             {IF_UP} {{ exit 0 }}; Start-Sleep -Seconds {pause_seconds} }}; exit 1"
        )
    }
}

const DOCUMENTED: &str = "do { Restart-Service -Name netlogon } while ( $($Result = (nltest.exe /query); \
                          if ($Result -like '*0x0 NERR_Success*') {return $true} else {return $false}) -eq $false)";

/// Both the exit code and the text are looked at: `nltest` says that it completed successfully after failures too.
/// `-join` makes one text of the lines, so that `-like` answers with a truth value and not with lines.
const CHANNEL: &str = "$r = (nltest.exe /query) -join ' '; ";
const IF_UP: &str = "if ($LASTEXITCODE -eq 0 -and $r -like '*0x0 NERR_Success*')";

fn post_start(script: String) -> Lifecycle {
    Lifecycle {
        post_start: Some(LifecycleHandler {
            exec: Some(ExecAction { command: Some(powershell(script)) }),
            ..LifecycleHandler::default()
        }),
        ..Lifecycle::default()
    }
}

fn powershell(script: String) -> Vec<String> {
    vec!["powershell.exe".to_owned(), "-command".to_owned(), script]
}

/// The command that lets a node's pods reach a share by name where they reach it by address alone. It is run on each
/// Windows node; the pods have to be created anew afterwards.
///
/// Source: Kubernetes, "Configure GMSA for Windows Pods and containers", Troubleshooting.
///
/// ```
/// use gmsa_admission::remedy::enable_compartment_namespace;
///
/// let command = enable_compartment_namespace();
/// assert_eq!(command.argv()[..2], ["reg", "add"]);
/// assert_eq!(
///     command.to_string(),
///     r#"reg add "HKLM\SYSTEM\CurrentControlSet\Services\hns\State" /v EnableCompartmentNamespace /t REG_DWORD /d 1"#,
/// );
/// ```
pub fn enable_compartment_namespace() -> NodeCommand {
    NodeCommand {
        argv: &[
            "reg",
            "add",
            r"HKLM\SYSTEM\CurrentControlSet\Services\hns\State",
            "/v",
            "EnableCompartmentNamespace",
            "/t",
            "REG_DWORD",
            "/d",
            "1",
        ],
        text: r#"reg add "HKLM\SYSTEM\CurrentControlSet\Services\hns\State" /v EnableCompartmentNamespace /t REG_DWORD /d 1"#,
    }
}

/// A command for a node, as arguments for a program that starts it and as text for a person who types it.
/// [`enable_compartment_namespace`] has an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeCommand {
    argv: &'static [&'static str],
    text: &'static str,
}

impl NodeCommand {
    /// The program and its arguments, without a shell's quotation marks.
    pub fn argv(self) -> &'static [&'static str] {
        self.argv
    }

    /// The command as it is typed into `cmd.exe`; `Display` writes the same.
    pub fn as_str(self) -> &'static str {
        self.text
    }
}

impl std::fmt::Display for NodeCommand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text)
    }
}

/// An init container that keeps a pod from starting without its identity: it prints what `nltest /query` and
/// `whoami /upn` say, and fails unless the secure channel is up.
///
/// `image` is a Windows Server Core image; Nano Server has no `nltest`. `gmsa` is the credential spec that the init
/// container names itself; without it, that of the pod's security context applies, and a credential spec that only
/// the pod's other containers name is not checked. `whoami /upn` fails for an account without a user principal
/// name, which says nothing about the channel: it is printed for the log, and decides nothing. Each container has a
/// Netlogon of its own, so this shows that the account works, and not that Netlogon is ready in the others; that is
/// what [`netlogon_restart`] is for.
///
/// Source: KEP-689, "Windows Group Managed Service Accounts for Container Identity", which recommends the two commands.
///
/// ```
/// use gmsa_admission::remedy::preflight_init_container;
///
/// let container = preflight_init_container("mcr.microsoft.com/windows/servercore:ltsc2022", None);
/// assert_eq!(container.name, "gmsa-preflight");
/// assert!(container.security_context.is_none());
/// ```
pub fn preflight_init_container(image: impl Into<String>, gmsa: Option<CredentialSpecName<'_>>) -> Container {
    let security_context = gmsa.map(|name| SecurityContext {
        windows_options: Some(WindowsSecurityContextOptions {
            gmsa_credential_spec_name: Some(name.into()),
            ..WindowsSecurityContextOptions::default()
        }),
        ..SecurityContext::default()
    });
    Container {
        name: "gmsa-preflight".to_owned(),
        image: Some(image.into()),
        command: Some(powershell(format!(
            "{CHANNEL}$code = $LASTEXITCODE; Write-Output $r; whoami.exe /upn; \
             if ($code -eq 0 -and $r -like '*0x0 NERR_Success*') {{ exit 0 }}; exit 1"
        ))),
        security_context,
        ..Container::default()
    }
}
