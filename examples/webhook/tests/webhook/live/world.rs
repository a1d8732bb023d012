//! What each test starts from: an installation of its own, with the webhook running and registered.

use std::{
    env,
    panic::{AssertUnwindSafe, resume_unwind},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt;
use serde_json::Value;

use super::{
    api::Api,
    installation::{Installation, Program},
    tenant::{Tenant, pod},
};

/// Names the kubeconfig of a cluster in which the tests may do as they like.
pub const KUBECONFIG: &str = "GMSA_TEST_KUBECONFIG";
pub const MUTATING: &str = "MutatingWebhookConfiguration";
pub const VALIDATING: &str = "ValidatingWebhookConfiguration";

pub struct World {
    pub api: Api,
    pub installation: Installation,
    pub webhook: Program,
    tenants: AtomicUsize,
}

/// The kubeconfig, if there is one.
pub fn kubeconfig() -> Option<PathBuf> {
    env::var_os(KUBECONFIG).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Runs a test with a webhook that has these settings above those that `deploy` renders. One runs at a time: they
/// measure, and some stop what others need.
pub fn live(settings: &[(&str, &str)], test: impl AsyncFnOnce(&mut World)) {
    static LOCK: Mutex<()> = Mutex::new(());
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let Some(kubeconfig) = kubeconfig() else {
        println!("skipped: {KUBECONFIG} is not set");
        return;
    };
    // A test that failed left nothing behind.
    let _one_at_a_time = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    let name = format!("gmsa-live-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let api = Api::connect(&kubeconfig).await.unwrap();
        let installation = Installation::install(api.clone(), &name).await.unwrap();
        let result = AssertUnwindSafe(async {
            let webhook = start(&installation, settings).await;
            let mut world = World { api, installation: installation.clone(), webhook, tenants: 0.into() };
            world.register().await;
            test(&mut world).await;
        });
        let result = result.catch_unwind().await;
        installation.remove().await.unwrap();
        if let Err(panic) = result {
            resume_unwind(panic);
        }
    });
}

/// Starts the program that was built with these tests.
pub async fn start(installation: &Installation, settings: &[(&str, &str)]) -> Program {
    let program = Path::new(env!("CARGO_BIN_EXE_gmsa-webhook"));
    Program::start(program, installation, settings).await.unwrap()
}

impl World {
    /// Registers the webhook, and waits until the API server calls it. The check comes first: until it is there, what
    /// is expanded would go unchecked.
    async fn register(&self) {
        let port = self.webhook.address.port();
        let tenant = self.tenant().await;
        let probe = pod("probe", Some("no-such-spec"));
        for (kind, says) in [(VALIDATING, "validate.gmsa"), (MUTATING, "mutate.gmsa")] {
            self.installation.register(port, &[kind]).await.unwrap();
            eventually(async || tenant.try_create(&probe).await.message().contains(says)).await;
        }
    }

    /// A namespace of its own, whose pods are checked.
    pub async fn tenant(&self) -> Tenant {
        let number = self.tenants.fetch_add(1, Ordering::Relaxed);
        Tenant::create(&self.api, &self.installation.name, number).await
    }

    /// How many reviews the webhook has answered.
    pub async fn reviews(&self) -> f64 {
        self.webhook.count("gmsa_webhook_decisions_total", "").await.unwrap()
    }
}

/// Waits until something holds that takes the cluster a while to do.
pub async fn eventually(holds: impl AsyncFn() -> bool) {
    for _ in 0..600 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it does not hold within a minute");
}

/// The contents that stand at a place of a pod, such as `/spec/containers/0`.
pub fn contents(object: &Value, pointer: &str) -> Option<String> {
    object
        .pointer(&format!("{pointer}/securityContext/windowsOptions/gmsaCredentialSpec"))?
        .as_str()
        .map(str::to_owned)
}
