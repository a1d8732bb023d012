//! What the features `proptest` and `arbitrary` make up: valid where they say so, and not all the same.

use arbitrary::{Arbitrary, Unstructured};
use gmsa_types::{
    AccountName, CredentialSpec, DnsName, DomainJoinConfig, DomainSid, Guid, NetBiosName, strategy,
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

fn domain(spec: &CredentialSpec) -> Option<&DomainJoinConfig> {
    spec.domain_join_config.as_ref()?.expected()
}

/// Whether the domain's values are all there and valid.
fn is_right(domain: &DomainJoinConfig) -> bool {
    fn reads<T: std::str::FromStr>(value: &Option<gmsa_types::AsWritten<String>>) -> bool {
        value.as_ref().and_then(|value| value.expected()).is_some_and(|text| text.parse::<T>().is_ok())
    }
    reads::<DomainSid>(&domain.sid)
        && reads::<AccountName>(&domain.machine_account_name)
        && reads::<Guid>(&domain.guid)
        && reads::<DnsName>(&domain.dns_tree_name)
        && reads::<DnsName>(&domain.dns_name)
        && reads::<NetBiosName>(&domain.net_bios_name)
        && domain.unknown.is_empty()
}

proptest! {
    #[test]
    fn a_credential_spec_is_right(spec in strategy::credential_spec()) {
        prop_assert!(domain(&spec).is_some_and(is_right));
        prop_assert!(spec.unknown.is_empty());
        let text = serde_json::to_string(&spec).unwrap();
        prop_assert!(serde_json::from_str::<CredentialSpec>(&text).unwrap() == spec);
    }

    #[test]
    fn a_document_of_a_fuzzer_survives_a_file(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let spec = CredentialSpec::arbitrary(&mut Unstructured::new(&bytes)).unwrap();
        let text = serde_json::to_string(&spec).unwrap();
        prop_assert_eq!(serde_json::from_str::<CredentialSpec>(&text).unwrap() == spec, true, "{}", text);
    }
}

#[test]
fn flawed_documents_have_a_flaw_more_often_than_not() {
    let mut runner = TestRunner::deterministic();
    let strategy = strategy::flawed_credential_spec();
    let mut flawed = 0;
    for _ in 0..200 {
        let spec = strategy.new_tree(&mut runner).unwrap().current();
        flawed += usize::from(!domain(&spec).is_some_and(is_right));
    }
    assert!((100..200).contains(&flawed), "{flawed}");
}
