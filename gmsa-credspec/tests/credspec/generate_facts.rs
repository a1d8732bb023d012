//! What is read from the output of `Get-ADDomain`.

use crate::generated::{contoso, facts};
use gmsa_credspec::generate::{DomainFacts, Fact, FactFault, FactsError};
use proptest::prelude::*;

const SID: &str = "S-1-5-21-2126449477-2524075714-3094792973";

/// The shape of Windows PowerShell 5.1: two spaces after a colon, the SID as an object.
const POWERSHELL_5_1: &str = r#"{
    "AllowedDNSSuffixes":  [

                           ],
    "ChildDomains":  [
                         "dev.contoso.com"
                     ],
    "DNSRoot":  "contoso.com",
    "DomainMode":  7,
    "DomainSID":  {
                      "BinaryLength":  24,
                      "AccountDomainSid":  {
                                               "BinaryLength":  24,
                                               "AccountDomainSid":  "S-1-5-21-2126449477-2524075714-3094792973",
                                               "Value":  "S-1-5-21-2126449477-2524075714-3094792973"
                                           },
                      "Value":  "S-1-5-21-2126449477-2524075714-3094792973"
                  },
    "Forest":  "contoso.com",
    "ManagedBy":  null,
    "NetBIOSName":  "CONTOSO",
    "ObjectClass":  "domainDNS",
    "ObjectGUID":  "244818ae-87ac-4fcd-92ec-e79e5252348a",
    "PDCEmulator":  "dc1.contoso.com"
}
"#;

/// The shape of PowerShell 7 with the Active Directory module in a compatibility session: the SID as text.
const POWERSHELL_7: &str = r#"{
  "RunspaceId": "7a6f64c8-2d5e-4d3b-8a36-8c5a1f0f6f1e",
  "DNSRoot": "contoso.com",
  "DomainSID": "S-1-5-21-2126449477-2524075714-3094792973",
  "Forest": "contoso.com",
  "NetBIOSName": "CONTOSO",
  "ObjectGUID": "244818ae-87ac-4fcd-92ec-e79e5252348a"
}"#;

const LIST: &str = "
AllowedDNSSuffixes                 : {}
ChildDomains                       : {dev.contoso.com}
ComputersContainer                 : CN=Computers,DC=contoso,DC=com
DistinguishedName                  : DC=contoso,DC=com
DNSRoot                            : contoso.com
DomainMode                         : Windows2016Domain
DomainSID                          : S-1-5-21-2126449477-2524075714-3094792973
Forest                             : contoso.com
LastLogonReplicationInterval       :
LinkedGroupPolicyObjects           : {CN={31B2F340-016D-11D2-945F-00C04FB984F9},CN=Policies,CN=System,DC=contoso,DC=co
                                     m}
NetBIOSName                        : CONTOSO
ObjectGUID                         : 244818ae-87ac-4fcd-92ec-e79e5252348a
PDCEmulator                        : dc1.contoso.com

";

#[test]
fn every_shape_that_powershell_prints_is_read() {
    let rancher = format!(
        r#"{{"DNSRoot":"contoso.com","Forest":"contoso.com","NetBIOSName":"CONTOSO","ObjectGUID":"244818ae-87ac-4fcd-92ec-e79e5252348a","SID":"{SID}"}}"#
    );
    let wrapped = "DomainSID   : S-1-5-21-2126449477-25\r\n              24075714-3094\r\n              792973\r\n\
        ObjectGUID  : 244818ae-87ac-4fcd-92ec-\r\n              e79e5252348a\r\nDNSRoot     : contoso.\r\n              com\r\n\
        Forest      : contoso.com   \r\nNetBIOSName : CONTOSO\r\n";
    let indented: String = LIST.lines().map(|line| format!("    {line}\n")).collect();
    for text in [
        POWERSHELL_5_1.to_owned(),
        POWERSHELL_5_1.replace('\n', "\r\n"),
        POWERSHELL_7.to_owned(),
        format!("\u{feff}{POWERSHELL_7}"),
        format!(" [ {POWERSHELL_7} ]\r\n"),
        format!("\u{feff}[{POWERSHELL_5_1}]"),
        POWERSHELL_7
            .replace("244818ae-87ac-4fcd-92ec-e79e5252348a", "{244818AE-87AC-4FCD-92EC-E79E5252348A}"),
        POWERSHELL_7.replace("DNSRoot", "dnsRoot").replace("\"CONTOSO\"", "\" CONTOSO \""),
        rancher,
        LIST.to_owned(),
        LIST.replace('\n', "\r\n"),
        format!("\u{feff}{LIST}"),
        format!("PS C:\\> Get-ADDomain\n{LIST}PS C:\\>"),
        format!("{LIST}{LIST}"),
        indented,
        wrapped.to_owned(),
    ] {
        assert!(text.parse::<DomainFacts>().unwrap() == contoso(), "{text}");
    }
}

#[test]
fn each_fact_that_is_missing_or_wrong_is_told_without_its_value() {
    let cases = [
        (POWERSHELL_7.replace("\"DNSRoot\"", "\"DnsName\""), "`DNSRoot` is missing"),
        (
            POWERSHELL_7.replace("2973\"", "2973-1103\""),
            "`DomainSID` is the SID of an account: drop the last part",
        ),
        (POWERSHELL_5_1.replace("\"Value\"", "\"Text\""), "`DomainSID` is missing"),
        (
            POWERSHELL_7.replace(SID, "S-1-5-32-544"),
            "`DomainSID`: domain SID is not valid: it starts with `S-1-5-21-` (character 1)",
        ),
        (POWERSHELL_7.replace("\"CONTOSO\"", "false"), "`NetBIOSName` is a boolean in place of a string"),
        (POWERSHELL_7.replace("\"CONTOSO\"", "null"), "`NetBIOSName` is null in place of a string"),
        (
            POWERSHELL_7.replace("RunspaceId", "ObjectGuid"),
            "`ObjectGUID` is there more than once, with different values",
        ),
        (
            LIST.replace("CONTOSO", "CONTO\n                                     SO"),
            "`NetBIOSName` is wrapped over several lines: print it in a wider window",
        ),
        (LIST.replace("CONTOSO", ""), "`NetBIOSName`: NetBIOS name must not be empty"),
        (
            format!("{LIST}{}", LIST.replace(": CONTOSO", ": DEV")),
            "`NetBIOSName` is there more than once, with different values",
        ),
        (format!("[{POWERSHELL_7},{POWERSHELL_7}]"), "expected an array of one domain"),
        ("[]".to_owned(), "expected an array of one domain"),
        ("{\"Forest\": contoso.com}".to_owned(), "expected a value at line 1, column 12"),
        ("[\n{\"Forest\": contoso.com}]".to_owned(), "expected a value at line 2, column 12"),
        (POWERSHELL_7.replace("\"DNSRoot\"", "\"Forest\""), "duplicate key at line 5, column 3"),
        (
            "{\"ObjectGUID\":\"2448\",\"Forest\":\"-\"}".to_owned(),
            "`DomainSID` is missing; \
             `ObjectGUID`: GUID is not valid: it has 32 hexadecimal digits as 8-4-4-4-12; `DNSRoot` is missing; \
             `Forest`: DNS name is not valid: each part starts and ends with a letter or digit (character 1); \
             `NetBIOSName` is missing",
        ),
        (
            String::new(),
            "`DomainSID` is missing; `ObjectGUID` is missing; `DNSRoot` is missing; `Forest` is missing; \
             `NetBIOSName` is missing",
        ),
    ];
    for (text, message) in cases {
        let error = text.parse::<DomainFacts>().unwrap_err();
        assert_eq!(error.to_string(), message, "{text}");
        for value in ["contoso", "CONTOSO", SID, "e79e5252348a"] {
            assert!(!format!("{error} {error:?}").contains(value), "{error:?}");
        }
    }
}

#[test]
fn a_fault_is_data() {
    let error = POWERSHELL_7.replace("2973\"", "2973-1103\"").parse::<DomainFacts>().unwrap_err();
    let FactsError::Facts(faults) = error else { panic!("{error}") };
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].fact(), Fact::DomainSid);
    assert_eq!(faults[0].fault(), &FactFault::AccountSid);
}

#[test]
fn facts_are_not_shown() {
    assert_eq!(format!("{:?}", contoso()), "DomainFacts { .. }");
}

proptest! {
    #[test]
    fn json_and_list_say_the_same(facts in facts(), width in 30_usize..80) {
        let name = facts.net_bios_name.as_str();
        prop_assume!(name.trim() == name);
        let fields = [
            ("DNSRoot", facts.dns_root.as_str()),
            ("DomainSID", facts.sid.as_str()),
            ("Forest", facts.forest.as_str()),
            ("NetBIOSName", name),
            ("ObjectGUID", facts.guid.as_str()),
        ];
        let json = serde_json::to_string(&fields.into_iter().collect::<std::collections::BTreeMap<_, _>>()).unwrap();
        prop_assert!(json.parse::<DomainFacts>().unwrap() == facts);

        let mut list = String::new();
        for (key, value) in fields {
            let characters: Vec<char> = value.chars().collect();
            for (index, part) in characters.chunks(width - 14).enumerate() {
                let start = if index == 0 { format!("{key:<12}: ") } else { " ".repeat(14) };
                list.push_str(&format!("{start}{}\r\n", part.iter().collect::<String>()));
            }
        }
        prop_assert!(list.parse::<DomainFacts>().unwrap() == facts, "{list}");
    }

    #[test]
    fn no_text_makes_it_panic(text in "[\\[\\]{}A-Za-z0-9: \\r\\n\t\"\\PC]{0,80}") {
        let _ = text.parse::<DomainFacts>();
        let _ = DomainFacts::from_json(&text);
        let _ = DomainFacts::from_list(&text);
    }
}
