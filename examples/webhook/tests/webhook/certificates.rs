//! Certificates, as files.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, pem::PemObject};

/// A folder for one test.
pub fn folder() -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let all = option_env!("CARGO_TARGET_TMPDIR").map_or_else(env::temp_dir, PathBuf::from);
    let folder = all.join(format!("webhook-{}-{next}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// An authority that both sides trust.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, in PEM.
pub struct Pair {
    pub certificate: String,
    pub key: String,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name = named(name);
        Self(CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap())
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    pub fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.pem().as_bytes()).unwrap()
    }

    /// A certificate for `localhost`, with a common name to tell it from others.
    pub fn issue(&self, name: &str) -> Pair {
        self.issue_until(name, 2040)
    }

    /// One that is valid until the first day of that year.
    pub fn issue_until(&self, name: &str, year: i32) -> Pair {
        self.issue_with(name, "localhost", |parameters| {
            parameters.not_after = rcgen::date_time_ymd(year, 1, 1);
        })
    }

    /// One for that host, with something about it changed.
    pub fn issue_with(&self, name: &str, host: &str, change: impl Fn(&mut CertificateParams)) -> Pair {
        let mut parameters = CertificateParams::new(vec![host.to_owned()]).unwrap();
        parameters.distinguished_name = named(name);
        parameters.not_after = rcgen::date_time_ymd(2040, 1, 1);
        change(&mut parameters);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.0).unwrap();
        Pair { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

impl Pair {
    pub fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()
    }

    /// Writes the pair as a kubelet writes a Secret: into a folder of its own, to which a link is then turned.
    #[cfg(unix)]
    pub fn publish(&self, folder: &Path) {
        use std::os::unix::fs::symlink;

        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let data = folder.join(format!("..{}", NEXT.fetch_add(1, Ordering::Relaxed)));
        fs::create_dir(&data).unwrap();
        fs::write(data.join("crt"), &self.certificate).unwrap();
        fs::write(data.join("key"), &self.key).unwrap();
        let next = folder.join("..data_tmp");
        symlink(data.file_name().unwrap(), &next).unwrap();
        fs::rename(&next, folder.join("..data")).unwrap();
        for file in ["crt", "key"] {
            let link = folder.join(file);
            if !link.is_symlink() {
                symlink(Path::new("..data").join(file), link).unwrap();
            }
        }
    }

    /// Writes the pair over the one before, each file whole: on Windows not everybody may make links. The key comes
    /// first: while only that is new, what was wrong with the certificate still is, and no other fault is counted.
    #[cfg(not(unix))]
    pub fn publish(&self, folder: &Path) {
        for (file, text) in [("key", &self.key), ("crt", &self.certificate)] {
            let next = folder.join("next");
            fs::write(&next, text).unwrap();
            // Windows refuses while the webhook is reading the file.
            while let Err(error) = fs::rename(&next, folder.join(file)) {
                assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied, "{error}");
                std::thread::yield_now();
            }
        }
    }
}

/// Whether both files of a pair change in one moment.
pub const AT_ONCE: bool = cfg!(unix);

/// Takes the files away, all or, where they are no links, the first that is read.
pub fn withdraw(folder: &Path) {
    fs::remove_file(folder.join(if cfg!(unix) { "..data" } else { "crt" })).unwrap();
}
