//! A namespace with a service account, and what is in it.

use serde_json::{Value, json};

use super::{
    api::{Api, Patch, Reply},
    installation::LABEL,
    world::eventually,
};

pub struct Tenant {
    pub api: Api,
    pub namespace: String,
    installation: String,
    number: usize,
}

/// The service account of its pods.
pub const ACCOUNT: &str = "app";
/// What no node runs: pods stay as they are. Tests that need another image name one that exists.
const IMAGE: &str = "registry.k8s.io/pause:3.10";

/// A container, with the name of a credential spec if it has one.
pub fn container(name: &str, spec: Option<&str>) -> Value {
    let mut container = json!({"name": name, "image": IMAGE});
    if let Some(spec) = spec {
        container["securityContext"] = gmsa(spec);
    }
    container
}

/// A security context that names a credential spec.
pub fn gmsa(spec: &str) -> Value {
    json!({"windowsOptions": {"gmsaCredentialSpecName": spec}})
}

/// A security context with contents, and a name if it has one.
pub fn inline(spec: Option<&str>, contents: &str) -> Value {
    let mut options = json!({"gmsaCredentialSpec": contents});
    if let Some(spec) = spec {
        options["gmsaCredentialSpecName"] = spec.into();
    }
    json!({"windowsOptions": options})
}

/// A pod of one container, with a credential spec at pod level if it has one.
pub fn pod(name: &str, spec: Option<&str>) -> Value {
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "serviceAccountName": ACCOUNT, "automountServiceAccountToken": false,
            // So that it stays where it is on a cluster with nodes too.
            "nodeSelector": {"kubernetes.io/os": "windows"},
            "containers": [container("app", None)],
        },
    });
    if let Some(spec) = spec {
        pod["spec"]["securityContext"] = gmsa(spec);
    }
    pod
}

/// A Deployment of such pods.
pub fn deployment(pod: &Value) -> Value {
    let name = &pod["metadata"]["name"];
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": pod["spec"]},
        },
    })
}

/// The contents of the credential spec with a number, as the document and as a pod gets them.
pub fn document(number: usize) -> (Value, String) {
    let account = format!("WebApplication{number}");
    let document = json!({
        "ActiveDirectoryConfig": {"GroupManagedServiceAccounts": [
            {"Name": account, "Scope": "CONTOSO"}, {"Name": account, "Scope": "contoso.com"},
        ]},
        "CmsPlugins": ["ActiveDirectory"],
        "DomainJoinConfig": {
            "DnsName": "contoso.com", "DnsTreeName": "contoso.com",
            "Guid": "244818ae-87ca-4fcd-92ec-e79e5252348a", "MachineAccountName": account,
            "NetBiosName": "CONTOSO", "Sid": "S-1-5-21-2126729477-2524075714-3094792973",
        },
    });
    // The same keys in their order, without spaces: written out, so that nothing of this project computes it.
    let contents = format!(
        r#"{{"ActiveDirectoryConfig":{{"GroupManagedServiceAccounts":[{{"Name":"{account}","Scope":"CONTOSO"}},{{"Name":"{account}","Scope":"contoso.com"}}]}},"CmsPlugins":["ActiveDirectory"],"DomainJoinConfig":{{"DnsName":"contoso.com","DnsTreeName":"contoso.com","Guid":"244818ae-87ca-4fcd-92ec-e79e5252348a","MachineAccountName":"{account}","NetBiosName":"CONTOSO","Sid":"S-1-5-21-2126729477-2524075714-3094792973"}}}}"#
    );
    (document, contents)
}

impl Tenant {
    pub async fn create(api: &Api, installation: &str, number: usize) -> Self {
        let namespace = format!("{installation}-{number}");
        let tenant = Self { api: api.clone(), namespace, installation: installation.to_owned(), number };
        let labels = tenant.labels();
        let namespace = json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": tenant.namespace, "labels": labels},
        });
        api.create(&namespace).await.unwrap();
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ACCOUNT}});
        tenant.create_here(&account).await.unwrap();
        tenant
    }

    fn labels(&self) -> Value {
        json!({LABEL: self.installation})
    }

    /// A name for an object of the cluster that nobody else uses.
    pub fn name(&self, name: &str) -> String {
        format!("{}-{}-{name}", self.installation, self.number)
    }

    fn here(&self, object: &Value) -> Value {
        let mut object = object.clone();
        object["metadata"]["namespace"] = self.namespace.as_str().into();
        object
    }

    pub async fn create_here(&self, object: &Value) -> Result<Value, crate::client::Error> {
        self.api.create(&self.here(object)).await
    }

    pub fn path(&self, rest: &str) -> String {
        format!("/api/v1/namespaces/{}/{rest}", self.namespace)
    }

    /// What the API server would say to a pod.
    pub async fn try_create(&self, pod: &Value) -> Reply {
        self.api.post(&self.path("pods?dryRun=All"), &self.here(pod)).await.unwrap()
    }

    /// Creates a pod.
    pub async fn admit(&self, pod: &Value) -> Value {
        let reply = self.api.post(&self.path("pods"), &self.here(pod)).await.unwrap();
        assert!(reply.is_success(), "{}: {}", reply.code, reply.body);
        reply.body
    }

    /// Has a pod refused, with this code and text.
    pub async fn refuse(&self, pod: &Value, code: u16, says: &str) -> Reply {
        let reply = self.api.post(&self.path("pods"), &self.here(pod)).await.unwrap();
        assert!(
            reply.code == code && reply.message().contains(says),
            "{code} {says}: {} {}",
            reply.code,
            reply.body
        );
        reply
    }

    pub async fn patch(&self, path: &str, kind: Patch, patch: Value) -> Reply {
        self.api.patch(&self.path(path), kind, &patch).await.unwrap()
    }

    /// Creates a credential spec with this document, and tells its name.
    pub async fn spec_with(&self, name: &str, version: &str, document: &Value) -> String {
        let name = self.name(name);
        let mut spec = json!({
            "apiVersion": format!("windows.k8s.io/{version}"), "kind": "GMSACredentialSpec",
            "metadata": {"name": name, "labels": self.labels()},
        });
        if !document.is_null() {
            spec["credspec"] = document.clone();
        }
        self.api.create(&spec).await.unwrap();
        name
    }

    pub async fn spec(&self, number: usize) -> String {
        self.spec_with(&format!("spec-{number}"), "v1", &document(number).0).await
    }

    /// Lets the service account use these credential specs, or all, and waits until the API server knows.
    pub async fn grant(&self, specs: &[&str]) {
        let role = self.name("use");
        let mut rule =
            json!({"apiGroups": ["windows.k8s.io"], "resources": ["gmsacredentialspecs"], "verbs": ["use"]});
        if !specs.is_empty() {
            rule["resourceNames"] = json!(specs);
        }
        let group = "rbac.authorization.k8s.io";
        let objects = [
            json!({
                "apiVersion": format!("{group}/v1"), "kind": "ClusterRole",
                "metadata": {"name": role, "labels": self.labels()}, "rules": [rule],
            }),
            self.here(&json!({
                "apiVersion": format!("{group}/v1"), "kind": "RoleBinding", "metadata": {"name": "use"},
                "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": self.namespace}],
                "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
            })),
        ];
        for object in &objects {
            self.api.create(object).await.unwrap();
        }
        let spec = specs.first().copied().unwrap_or("any");
        eventually(async || self.may_use(spec).await).await;
    }

    pub async fn may_use(&self, spec: &str) -> bool {
        let user = format!("system:serviceaccount:{}:{ACCOUNT}", self.namespace);
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {"user": user, "resourceAttributes": {
                "group": "windows.k8s.io", "version": "v1", "resource": "gmsacredentialspecs",
                "verb": "use", "name": spec, "namespace": self.namespace,
            }},
        });
        self.api.create(&review).await.unwrap()["status"]["allowed"] == true
    }

    /// A credential spec that the service account may use, and its contents.
    pub async fn permitted(&self) -> (String, String) {
        let spec = self.spec(0).await;
        self.grant(&[&spec]).await;
        (spec, document(0).1)
    }

    /// The pod that a controller has made.
    pub async fn pod_of(&self, app: &str) -> Value {
        eventually(async || !self.pods(app).await.is_empty()).await;
        self.pods(app).await.remove(0)
    }

    pub async fn pods(&self, app: &str) -> Vec<Value> {
        let path = self.path(&format!("pods?labelSelector=app%3D{app}"));
        self.api.get(&path).await.unwrap().body["items"].as_array().cloned().unwrap_or_default()
    }

    /// Why a Deployment's pods are refused, as its ReplicaSet tells; empty as long as it does not.
    pub async fn refusal(&self, app: &str) -> String {
        let path =
            format!("/apis/apps/v1/namespaces/{}/replicasets?labelSelector=app%3D{app}", self.namespace);
        let sets = self.api.get(&path).await.unwrap().body;
        let conditions = sets["items"][0]["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let failed = conditions.iter().find(|condition| condition["reason"] == "FailedCreate");
        failed.and_then(|condition| condition["message"].as_str()).unwrap_or_default().to_owned()
    }

    /// Has a Deployment's pods refused with this text.
    pub async fn refuse_deployment(&self, pod: &Value, says: &str) {
        self.create_here(&deployment(pod)).await.unwrap();
        let app = pod["metadata"]["name"].as_str().unwrap();
        eventually(async || !self.refusal(app).await.is_empty()).await;
        let refusal = self.refusal(app).await;
        assert!(refusal.contains(says), "{refusal}");
        assert!(self.pods(app).await.is_empty());
    }
}
