//! Every public type can cross threads and be moved while pinned.

fn crosses_threads<T: Send + Sync + Unpin + 'static>() {}

#[test]
fn public_types_are_send_sync_and_unpin() {
    crosses_threads::<gmsa_types::AccountName>();
    crosses_threads::<gmsa_types::ActiveDirectoryConfig>();
    crosses_threads::<gmsa_types::AsWritten<String>>();
    crosses_threads::<gmsa_types::CredentialSpec>();
    crosses_threads::<gmsa_types::CredentialSpecName<'static>>();
    crosses_threads::<gmsa_types::DnsName>();
    crosses_threads::<gmsa_types::DomainJoinConfig>();
    crosses_threads::<gmsa_types::DomainSid>();
    crosses_threads::<gmsa_types::Fault>();
    crosses_threads::<gmsa_types::GmsaCredentialSpec>();
    crosses_threads::<gmsa_types::GroupManagedServiceAccount>();
    crosses_threads::<gmsa_types::Guid>();
    crosses_threads::<gmsa_types::HostAccountConfig>();
    crosses_threads::<gmsa_types::InvalidValue>();
    crosses_threads::<gmsa_types::NetBiosName>();
    crosses_threads::<gmsa_types::ServiceAccountRef>();
    crosses_threads::<gmsa_types::Sid>();
}
