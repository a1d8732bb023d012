//! `Arbitrary` for fuzzers, of the few names that the strategies for property tests are made of, too.

use ::arbitrary::{Arbitrary, Result, Unstructured};
use gmsa_types::VERB_USE;
use k8s_openapi::api::rbac::v1::{PolicyRule, Subject};

use crate::{
    AccessQuestion, RbacObject, build,
    vocabulary::{
        self, BINDINGS, CREDENTIAL_SPECS, GROUPS, NAMESPACES, REFERENCES, RESOURCES, ROLE_KINDS, ROLES,
        SERVICE_ACCOUNTS, SUBJECT_GROUPS, URLS, USERS, VERBS, owned,
    },
};

/// A question about a few service accounts and credential specs, which [`RbacObject`]s of a fuzzer are about, too.
impl<'a> Arbitrary<'a> for AccessQuestion<'static> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let namespace = if u.ratio(1, 8)? { "" } else { *u.choose(NAMESPACES)? };
        Ok(Self::new(namespace, *u.choose(SERVICE_ACCOUNTS)?, *u.choose(CREDENTIAL_SPECS)?))
    }
}

/// A role or binding of a few names, so that two of them often have to do with each other.
impl<'a> Arbitrary<'a> for RbacObject {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let namespace = if u.arbitrary()? { Some(*u.choose(NAMESPACES)?) } else { None };
        if u.arbitrary()? {
            let name = u.choose(ROLES)?;
            return Ok(vocabulary::role(namespace, name, up_to(2, u, rule)?));
        }
        let (name, role) = (u.choose(BINDINGS)?, (*u.choose(ROLE_KINDS)?, *u.choose(REFERENCES)?));
        Ok(vocabulary::binding(namespace, name, role, up_to(3, u, subject)?))
    }
}

fn rule(u: &mut Unstructured<'_>) -> Result<PolicyRule> {
    let names = some_of(CREDENTIAL_SPECS, u)?;
    if u.arbitrary()? {
        return Ok(build::spec_rule(&[VERB_USE], Some(names)));
    }
    Ok(PolicyRule {
        verbs: some_of(VERBS, u)?,
        api_groups: Some(some_of(GROUPS, u)?),
        resources: Some(some_of(RESOURCES, u)?),
        resource_names: u.arbitrary::<bool>()?.then_some(names),
        non_resource_urls: if u.ratio(1, 8)? { Some(some_of(URLS, u)?) } else { None },
    })
}

fn subject(u: &mut Unstructured<'_>) -> Result<Subject> {
    Ok(match u.int_in_range(0..=5_u8)? {
        0 => vocabulary::subject("User", None, u.choose(USERS)?),
        1 => vocabulary::subject("Group", None, u.choose(SUBJECT_GROUPS)?),
        2 => vocabulary::subject("ServiceAccount", None, u.choose(SERVICE_ACCOUNTS)?),
        _ => vocabulary::subject("ServiceAccount", Some(u.choose(NAMESPACES)?), u.choose(SERVICE_ACCOUNTS)?),
    })
}

fn some_of(from: &[&'static str], u: &mut Unstructured<'_>) -> Result<Vec<String>> {
    up_to(2, u, |u| u.choose(from).copied()).map(owned)
}

fn up_to<T>(
    most: usize,
    u: &mut Unstructured<'_>,
    mut one: impl FnMut(&mut Unstructured<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    (0..u.int_in_range(0..=most)?).map(|_| one(u)).collect()
}
