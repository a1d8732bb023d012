//! A small API server: credential specs to list, watch and get, access reviews answered by gmsa-rbac, and the troubles
//! that an API server can have.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use gmsa_admission::Snapshot;
use gmsa_rbac::{AccessQuestion, Answer};
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use k8s_openapi::api::authorization::v1::{LocalSubjectAccessReview, SubjectAccessReviewStatus};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{PrivateKeyDer, pem::PemObject},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::certificates::Pair;

/// What the next requests meet.
#[derive(Debug, Clone)]
pub enum Trouble {
    /// Answered after this long.
    Slow(Duration),
    /// Answered with this code and body.
    Answer(u16, String),
    /// The connection is closed without an answer.
    Disconnect,
}

/// The kinds of requests, to give trouble to and to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    List,
    Watch,
    Get,
    Access,
    /// Of any of the four kinds of roles and bindings.
    RbacList,
    RbacWatch,
}

#[derive(Default)]
struct State {
    credential_specs: BTreeMap<String, Value>,
    /// Roles and bindings, as they are listed and watched.
    rbac_objects: Vec<Value>,
    events: Vec<(u64, Value)>,
    /// Watches from before this version are told to list anew.
    oldest: u64,
    rbac: Snapshot,
    troubles: BTreeMap<Kind, VecDeque<Trouble>>,
    lasting: BTreeMap<Kind, Trouble>,
    counts: BTreeMap<Kind, usize>,
    hidden: bool,
    users: BTreeSet<(String, String)>,
}

pub struct StandIn {
    state: Arc<Mutex<State>>,
    version: watch::Sender<u64>,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    serving: Mutex<Option<tokio::task::JoinHandle<()>>>,
}

type Answered = Response<BoxBody<Bytes, Infallible>>;

const PATH: &str = "/apis/windows.k8s.io/v1/gmsacredentialspecs";
const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1/";

impl StandIn {
    /// An API server with the objects of a `List`.
    pub async fn start(cluster: &Value) -> Arc<Self> {
        Self::start_with(cluster, None).await
    }

    /// The same, through TLS.
    pub async fn start_tls(cluster: &Value, pair: &Pair) -> Arc<Self> {
        let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![pair.der()], key)
            .unwrap();
        Self::start_with(cluster, Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn start_with(cluster: &Value, tls: Option<TlsAcceptor>) -> Arc<Self> {
        let mut state = State::default();
        state.rbac.insert(cluster).unwrap();
        for item in cluster["items"].as_array().unwrap() {
            if item["kind"] == "GMSACredentialSpec" {
                let name = item["metadata"]["name"].as_str().unwrap().to_owned();
                state.credential_specs.insert(name, item.clone());
            } else if is_rbac(item) {
                state.rbac_objects.push(item.clone());
            }
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (version, _) = watch::channel(1);
        let stand_in = Arc::new(Self {
            state: Arc::new(Mutex::new(state)),
            version,
            address,
            tls,
            serving: Mutex::new(None),
        });
        stand_in.serve(listener);
        stand_in
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Nobody is there any more: connections are refused, and those that there were are cut.
    pub async fn go_away(&self) {
        let serving = self.serving.lock().unwrap().take().unwrap();
        serving.abort();
        let _ = serving.await;
    }

    pub async fn come_back(self: &Arc<Self>) {
        self.serve(TcpListener::bind(self.address).await.unwrap());
    }

    fn serve(self: &Arc<Self>, listener: TcpListener) {
        let (stand_in, tls) = (Arc::clone(self), self.tls.clone());
        let serving = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let stand_in = Arc::clone(&stand_in);
                let service = service_fn(move |request| Arc::clone(&stand_in).answer(request));
                let tls = tls.clone();
                connections.spawn(async move {
                    let http = http1::Builder::new();
                    let _ = match tls {
                        None => http.serve_connection(TokioIo::new(stream), service).await,
                        Some(tls) => {
                            let Ok(stream) = tls.accept(stream).await else { return };
                            http.serve_connection(TokioIo::new(stream), service).await
                        }
                    };
                });
                while connections.try_join_next().is_some() {}
            }
        });
        *self.serving.lock().unwrap() = Some(serving);
    }

    /// Gives trouble to the next request of that kind, after those that have trouble already.
    pub fn trouble_once(&self, kind: Kind, trouble: Trouble) {
        self.state.lock().unwrap().troubles.entry(kind).or_default().push_back(trouble);
    }

    /// Gives trouble to all requests of that kind, until further notice.
    pub fn trouble(&self, kind: Kind, trouble: Trouble) {
        self.state.lock().unwrap().lasting.insert(kind, trouble);
    }

    pub fn no_trouble(&self) {
        let mut state = self.state.lock().unwrap();
        state.lasting.clear();
        state.troubles.clear();
    }

    /// How many requests of that kind have come.
    pub fn count(&self, kind: Kind) -> usize {
        self.state.lock().unwrap().counts.get(&kind).copied().unwrap_or(0)
    }

    /// Lets a user, who is no service account, use a credential spec.
    pub fn permit_user(&self, user: &str, credential_spec: &str) {
        self.state.lock().unwrap().users.insert((user.to_owned(), credential_spec.to_owned()));
    }

    pub fn forbid_everything(&self) {
        *self.state.lock().unwrap().rbac.rbac_mut() = gmsa_rbac::Rbac::default();
    }

    /// Creates or changes a credential spec.
    pub fn put(&self, name: &str, credspec: Value) {
        let object = json!({
            "apiVersion": "windows.k8s.io/v1", "kind": "GMSACredentialSpec", "metadata": {"name": name},
            "credspec": credspec,
        });
        let mut state = self.state.lock().unwrap();
        let there = state.credential_specs.insert(name.to_owned(), object.clone()).is_some();
        self.tell(&mut state, if there { "MODIFIED" } else { "ADDED" }, object);
    }

    pub fn delete(&self, name: &str) {
        let mut state = self.state.lock().unwrap();
        let object = state.credential_specs.remove(name).unwrap();
        self.tell(&mut state, "DELETED", object);
    }

    /// Creates or changes a role or a binding.
    pub fn put_rbac(&self, object: Value) {
        let mut state = self.state.lock().unwrap();
        state.rbac.insert(&object).unwrap();
        let before = state.rbac_objects.len();
        state.rbac_objects.retain(|there| !is_same(there, &object));
        let event = if state.rbac_objects.len() < before { "MODIFIED" } else { "ADDED" };
        state.rbac_objects.push(object.clone());
        self.tell(&mut state, event, object);
    }

    /// Deletes what is a role or a binding for which this holds.
    pub fn delete_rbac(&self, is_meant: impl Fn(&Value) -> bool) {
        let mut state = self.state.lock().unwrap();
        let (gone, left) = state.rbac_objects.drain(..).partition(is_meant);
        state.rbac_objects = left;
        let list = json!({"apiVersion": "v1", "kind": "List", "items": state.rbac_objects});
        *state.rbac.rbac_mut() = gmsa_rbac::Rbac::default();
        state.rbac.insert(&list).unwrap();
        let gone: Vec<Value> = gone;
        gone.into_iter().for_each(|object| self.tell(&mut state, "DELETED", object));
    }

    /// From now on watches tell nothing new, as one that lags behind.
    pub fn hide_changes(&self) {
        self.state.lock().unwrap().hidden = true;
    }

    /// Ends every watch with the news that it is too old; they have to list again.
    pub fn reset_watches(&self) {
        let mut state = self.state.lock().unwrap();
        let next = *self.version.borrow() + 1;
        state.events.clear();
        state.oldest = next;
        self.version.send_replace(next);
    }

    fn tell(&self, state: &mut State, event: &str, mut object: Value) {
        let next = *self.version.borrow() + 1;
        if state.hidden {
            return;
        }
        object["metadata"]["resourceVersion"] = next.to_string().into();
        state.events.push((next, json!({"type": event, "object": object})));
        self.version.send_replace(next);
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Answered, &'static str> {
        let path = request.uri().path().to_owned();
        let query = request.uri().query().unwrap_or_default().to_owned();
        let kind = match path.strip_prefix(PATH) {
            None if path.starts_with(RBAC) && query.contains("watch=true") => Kind::RbacWatch,
            None if path.starts_with(RBAC) => Kind::RbacList,
            Some("") if query.contains("watch=true") => Kind::Watch,
            Some("") => Kind::List,
            Some(_) => Kind::Get,
            None => Kind::Access,
        };
        let body = request.into_body().collect().await.map_err(|_| "no body")?.to_bytes();
        let trouble = {
            let mut state = self.state.lock().unwrap();
            *state.counts.entry(kind).or_default() += 1;
            let once = state.troubles.get_mut(&kind).and_then(VecDeque::pop_front);
            once.or_else(|| state.lasting.get(&kind).cloned())
        };
        match trouble {
            Some(Trouble::Disconnect) => return Err("trouble"),
            Some(Trouble::Answer(code, text)) => return Ok(reply(code, text)),
            Some(Trouble::Slow(duration)) => tokio::time::sleep(duration).await,
            None => {}
        }
        Ok(match kind {
            Kind::List => self.list(),
            Kind::Watch | Kind::RbacWatch => self.watch(&path, &query),
            Kind::RbacList => self.list_rbac(&path),
            Kind::Get => self.get(path.rsplit('/').next().unwrap()),
            Kind::Access => self.access(&path, &body),
        })
    }

    fn list(&self) -> Answered {
        let state = self.state.lock().unwrap();
        let items: Vec<_> = state.credential_specs.values().collect();
        let version = self.version.borrow().to_string();
        let list = json!({
            "apiVersion": "windows.k8s.io/v1", "kind": "GMSACredentialSpecList",
            "metadata": {"resourceVersion": version}, "items": items,
        });
        reply(200, list.to_string())
    }

    fn list_rbac(&self, path: &str) -> Answered {
        let state = self.state.lock().unwrap();
        let items: Vec<_> = state.rbac_objects.iter().filter(|object| is_of(object, path)).collect();
        let kind = items.first().map_or("Role", |item| item["kind"].as_str().unwrap());
        let version = self.version.borrow().to_string();
        let list = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": format!("{kind}List"),
            "metadata": {"resourceVersion": version}, "items": items,
        });
        reply(200, list.to_string())
    }

    fn get(&self, name: &str) -> Answered {
        match self.state.lock().unwrap().credential_specs.get(name) {
            Some(object) => reply(200, object.to_string()),
            None => {
                let message = format!("gmsacredentialspecs.windows.k8s.io \"{name}\" not found");
                reply(404, status(404, "NotFound", &message))
            }
        }
    }

    fn watch(&self, path: &str, query: &str) -> Answered {
        let path = path.to_owned();
        let since = query.split('&').find_map(|parameter| parameter.strip_prefix("resourceVersion="));
        let (since, state) = (since.unwrap().parse::<u64>().unwrap(), Arc::clone(&self.state));
        let mut changes = self.version.subscribe();
        // A new watch looks at once, and then whenever something has changed.
        changes.mark_changed();
        let events = stream::unfold((since, changes), move |(since, mut changes)| {
            let (state, path) = (Arc::clone(&state), path.clone());
            async move {
                changes.changed().await.ok()?;
                let state = state.lock().unwrap();
                if since < state.oldest {
                    let gone = json!({"type": "ERROR", "object": serde_json::from_str::<Value>(
                        &status(410, "Expired", "too old resource version")).unwrap()});
                    return Some((format!("{gone}\n"), (u64::MAX, changes)));
                }
                let news = state.events.iter().filter(|(version, _)| *version > since);
                let news = news.filter(|(_, event)| is_of(&event["object"], &path));
                let news: String = news.map(|(_, event)| format!("{event}\n")).collect();
                let latest = *changes.borrow();
                Some((news, (since.max(latest), changes)))
            }
        });
        // It ends when the client wanted it to.
        let seconds = query.split('&').find_map(|parameter| parameter.strip_prefix("timeoutSeconds="));
        let seconds = Duration::from_secs(seconds.unwrap().parse().unwrap());
        let frames = events
            .take_until(Box::pin(tokio::time::sleep(seconds)))
            .filter(|news| std::future::ready(!news.is_empty()))
            .map(|news| Ok::<_, Infallible>(Frame::data(Bytes::from(news))));
        Response::new(BoxBody::new(StreamBody::new(SyncStream(Mutex::new(Box::pin(frames))))))
    }

    fn access(&self, path: &str, body: &[u8]) -> Answered {
        let mut review: LocalSubjectAccessReview = serde_json::from_slice(body).unwrap();
        let namespace = review.metadata.namespace.clone().unwrap();
        assert_eq!(
            path,
            format!("/apis/authorization.k8s.io/v1/namespaces/{namespace}/localsubjectaccessreviews")
        );
        let state = self.state.lock().unwrap();
        let (allowed, reason) = match AccessQuestion::try_from(&review) {
            Ok(question) => {
                let answer = state.rbac.rbac().answer(&question);
                (matches!(answer, Answer::Allow(_)), answer.reason())
            }
            // Somebody else than a service account.
            Err(_) => {
                let attributes = review.spec.resource_attributes.clone().unwrap();
                assert_eq!(
                    (attributes.verb.as_deref(), attributes.namespace),
                    (Some("use"), Some(namespace))
                );
                let asked = (review.spec.user.clone().unwrap(), attributes.name.unwrap());
                (state.users.contains(&asked), String::new())
            }
        };
        review.status = Some(SubjectAccessReviewStatus {
            allowed,
            reason: Some(reason),
            ..SubjectAccessReviewStatus::default()
        });
        reply(201, serde_json::to_string(&review).unwrap())
    }
}

fn is_rbac(object: &Value) -> bool {
    object["apiVersion"] == "rbac.authorization.k8s.io/v1"
}

fn is_same(one: &Value, other: &Value) -> bool {
    ["/kind", "/metadata/namespace", "/metadata/name"].iter().all(|at| one.pointer(at) == other.pointer(at))
}

/// Whether an object is of the resource that a path ends with.
fn is_of(object: &Value, path: &str) -> bool {
    let kind = object["kind"].as_str().unwrap().to_ascii_lowercase();
    path.ends_with(&format!("/{kind}s"))
}

/// A `Status` as the API server writes it.
pub fn status(code: u16, reason: &str, message: &str) -> String {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
        "reason": reason, "code": code,
    });
    status.to_string()
}

fn reply(code: u16, text: String) -> Answered {
    let mut response = Response::new(Full::new(Bytes::from(text)).boxed());
    *response.status_mut() = StatusCode::from_u16(code).unwrap();
    response
}

/// A stream that only one thread polls, as a boxed body must be shareable.
struct SyncStream<S>(Mutex<S>);

impl<S: futures_util::Stream + Unpin> futures_util::Stream for SyncStream<S> {
    type Item = S::Item;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        self.get_mut().0.get_mut().unwrap().poll_next_unpin(context)
    }
}
