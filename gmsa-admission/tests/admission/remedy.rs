//! The remedies, object by object and character by character.

use std::num::NonZeroU16;

use gmsa_admission::remedy::{
    NetlogonRestart, enable_compartment_namespace, netlogon_restart, preflight_init_container,
};
use gmsa_credspec::diagnose::{Expected, Verdict, diagnose};
use gmsa_types::{CredentialSpecName, DnsName};
use k8s_openapi::api::core::v1::{Container, Lifecycle};
use proptest::prelude::*;
use serde_json::{Value, json};

fn script(lifecycle: &Lifecycle) -> String {
    lifecycle.post_start.as_ref().unwrap().exec.as_ref().unwrap().command.as_ref().unwrap()[2].clone()
}

#[test]
fn the_documented_hook_is_the_page_s_to_the_character() {
    assert_eq!(
        serde_json::to_value(NetlogonRestart::as_documented()).unwrap(),
        json!({"postStart": {"exec": {"command": ["powershell.exe","-command","do { Restart-Service -Name netlogon } while ( $($Result = (nltest.exe /query); if ($Result -like '*0x0 NERR_Success*') {return $true} else {return $false}) -eq $false)"]}}})
    );
}

#[test]
fn the_default_hook_is_bounded_and_fails_in_the_end() {
    assert_eq!(
        serde_json::to_value(netlogon_restart().lifecycle()).unwrap(),
        json!({"postStart": {"exec": {"command": [
            "powershell.exe",
            "-command",
            "for ($i = 1; $i -le 10; $i++) { Restart-Service -Name netlogon; $r = (nltest.exe /query) -join ' '; if ($LASTEXITCODE -eq 0 -and $r -like '*0x0 NERR_Success*') { exit 0 }; Start-Sleep -Seconds 3 }; exit 1",
        ]}}})
    );
}

#[test]
fn the_channel_is_reset_after_netlogon_restarts_and_before_it_is_asked() {
    let hook = netlogon_restart()
        .attempts(NonZeroU16::new(5).unwrap())
        .pause_seconds(1)
        .reset("sales.contoso.com".parse().unwrap());
    assert_eq!(
        script(&hook.lifecycle()),
        "for ($i = 1; $i -le 5; $i++) { Restart-Service -Name netlogon; nltest.exe /sc_reset:sales.contoso.com | Out-Null; $r = (nltest.exe /query) -join ' '; if ($LASTEXITCODE -eq 0 -and $r -like '*0x0 NERR_Success*') { exit 0 }; Start-Sleep -Seconds 1 }; exit 1"
    );
}

#[test]
fn the_registry_command_is_the_page_s_to_the_character() {
    let command = enable_compartment_namespace();
    let documented = "reg add \"HKLM\\SYSTEM\\CurrentControlSet\\Services\\hns\\State\" /v EnableCompartmentNamespace /t REG_DWORD /d 1";
    assert_eq!((command.as_str(), command.to_string().as_str()), (documented, documented));
    assert_eq!(
        command.argv(),
        [
            "reg",
            "add",
            "HKLM\\SYSTEM\\CurrentControlSet\\Services\\hns\\State",
            "/v",
            "EnableCompartmentNamespace",
            "/t",
            "REG_DWORD",
            "/d",
            "1"
        ]
    );
    // The text is the arguments, and quotation marks.
    assert_eq!(documented.replace('"', ""), command.argv().join(" "));
}

fn preflight(gmsa: Option<&str>) -> Value {
    let name = gmsa.map(|name| CredentialSpecName::try_from(name).unwrap());
    let container: Container =
        preflight_init_container("mcr.microsoft.com/windows/servercore:ltsc2022", name);
    serde_json::to_value(container).unwrap()
}

#[test]
fn the_preflight_fails_unless_the_channel_is_up() {
    let mut expected = json!({
        "name": "gmsa-preflight",
        "image": "mcr.microsoft.com/windows/servercore:ltsc2022",
        "command": [
            "powershell.exe",
            "-command",
            "$r = (nltest.exe /query) -join ' '; $code = $LASTEXITCODE; Write-Output $r; whoami.exe /upn; if ($code -eq 0 -and $r -like '*0x0 NERR_Success*') { exit 0 }; exit 1",
        ],
    });
    assert_eq!(preflight(None), expected);
    expected["securityContext"] = json!({"windowsOptions": {"gmsaCredentialSpecName": "webapp1"}});
    assert_eq!(preflight(Some("webapp1")), expected);
}

#[test]
fn the_preflight_has_nothing_that_kubernetes_would_expand() {
    // `$(NAME)` in a container's command is a variable of its environment.
    assert!(!preflight(None)["command"].to_string().contains("$("));
}

#[test]
fn no_script_has_a_quotation_mark_that_its_shell_would_drop() {
    // Arguments reach powershell.exe by a command line, in which double quotation marks would have to be escaped.
    let hook = netlogon_restart().reset("contoso.com".parse().unwrap()).lifecycle();
    for script in [
        script(&NetlogonRestart::as_documented()),
        script(&hook),
        preflight(None)["command"][2].to_string()[1..].trim_end_matches('"').to_owned(),
    ] {
        assert!(!script.contains('"'), "{script}");
        assert_eq!(script.matches('\'').count() % 2, 0, "{script}");
        assert_eq!(script.matches(['{', '(']).count(), script.matches(['}', ')']).count(), "{script}");
    }
}

#[test]
fn every_recorded_denial_is_one_that_a_diagnosis_knows() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/admission");
    let mut denials = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let recording: Value =
            serde_json::from_slice(&std::fs::read(entry.unwrap().path()).unwrap()).unwrap();
        let status = &recording["upstream"]["response"]["status"];
        let (Some(message), Some(400..)) = (status["message"].as_str(), status["code"].as_u64()) else {
            continue;
        };
        denials += 1;
        let diagnosis = diagnose(message, &Expected::default());
        assert_eq!(diagnosis.verdict(), Verdict::Broken, "{message}");
        assert!(diagnosis.causes()[0].id().starts_with("GD5"), "{message}: {}", diagnosis.causes()[0].id());
    }
    assert!(denials > 0);
}

proptest! {
    #[test]
    fn a_domain_brings_no_syntax_into_the_script(text in "[a-zA-Z0-9.;|&$'\"`(){} -]{0,30}") {
        if let Ok(domain) = DnsName::try_from(text.as_str()) {
            let with = script(&netlogon_restart().reset(domain.clone()).lifecycle());
            let without = script(&netlogon_restart().lifecycle());
            let reset = format!("nltest.exe /sc_reset:{domain} | Out-Null; ");
            prop_assert_eq!(with.replacen(&reset, "", 1), without);
            prop_assert!(domain.as_str().chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')));
        }
    }

    #[test]
    fn attempts_and_pause_are_as_set(attempts in 1u16.., pause in any::<u16>()) {
        let hook = netlogon_restart().attempts(NonZeroU16::new(attempts).unwrap()).pause_seconds(pause);
        let script = script(&hook.lifecycle());
        let (limit, wait) = (format!("$i -le {attempts};"), format!("-Seconds {pause} "));
        prop_assert!(script.contains(&limit) && script.contains(&wait));
    }
}
