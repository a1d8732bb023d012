use gmsa_types::{AccountName, NetBiosName};

/// The name of the file that `New-CredentialSpec` means to write when it is given none: the domain's NetBIOS name
/// and the account, in lower case.
///
/// What the cmdlet does write can be shorter: [`historical_file_name`].
///
/// Source: `CredentialSpec.psm1`, `New-CredentialSpec`.
///
/// ```
/// use gmsa_credspec::generate::default_file_name;
///
/// let name = default_file_name(&"CONTOSO".parse()?, &"WebApp1".parse()?);
/// assert_eq!(name, "contoso_webapp1.json");
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
pub fn default_file_name(domain: &NetBiosName, account: &AccountName) -> String {
    let stem = format!("{domain}_{account}");
    let mut name: String = stem.chars().map(simple_lower).collect();
    name.push_str(".json");
    name
}

/// The name of the file that `New-CredentialSpec` really writes for a `-FileName`.
///
/// The cmdlet means to drop `.json` from the end before it appends it. `TrimEnd`, however, takes characters, not
/// a suffix, and drops every `.`, `j`, `s`, `o` and `n` there is.
///
/// Source: `CredentialSpec.psm1`, `New-CredentialSpec`; .NET, `String.TrimEnd(Char[])`.
///
/// ```
/// use gmsa_credspec::generate::historical_file_name;
///
/// assert_eq!(historical_file_name("contoso_webapp1"), "contoso_webapp1.json");
/// assert_eq!(historical_file_name("contoso_session.json"), "contoso_sessi.json");
/// ```
pub fn historical_file_name(file_name: &str) -> String {
    let stem = file_name.trim_end_matches(['.', 'j', 's', 'o', 'n']);
    format!("{stem}.json")
}

/// Whether `New-CredentialSpec` writes a file under another name than the one it was told: `file_name`,
/// with `.json` at its end if that is not there.
///
/// ```
/// use gmsa_credspec::generate::is_affected;
///
/// assert!(is_affected("contoso_session.json"));
/// assert!(!is_affected("contoso_webapp1.json"));
/// assert!(!is_affected("contoso_webapp1"));
/// ```
pub fn is_affected(file_name: &str) -> bool {
    let has_extension =
        file_name.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("json"));
    // The comparison minds case: for `x.JSON` the cmdlet writes `x.JSON.json`.
    let written = historical_file_name(file_name);
    if has_extension { written != file_name } else { written.strip_suffix(".json") != Some(file_name) }
}

/// .NET maps single characters, so that the text keeps its length.
fn simple_lower(character: char) -> char {
    let mut lower = character.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(lower), None) => lower,
        _ => character,
    }
}
