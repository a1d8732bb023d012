//! kubectl itself, where there is one.

use std::{env, process::Stdio};

use serde_json::Value;
use tokio::{io::AsyncWriteExt, process::Command};

use super::world::kubeconfig;

/// Names the program, if it is not in the PATH.
const KUBECTL: &str = "GMSA_TEST_KUBECTL";

pub struct Kubectl {
    program: String,
    namespace: String,
}

pub struct Said {
    pub success: bool,
    pub output: String,
    pub error: String,
}

impl Said {
    pub fn ok(&self) {
        assert!(self.success, "{}", self.error);
    }

    /// It failed with this text.
    pub fn refused(&self, says: &str) {
        assert!(!self.success && self.error.contains(says), "{says}: {} {}", self.output, self.error);
    }
}

impl Kubectl {
    /// kubectl for a namespace; without one, says that something is skipped.
    pub async fn of(namespace: &str) -> Option<Self> {
        let program = env::var(KUBECTL).unwrap_or_else(|_| "kubectl".to_owned());
        let version =
            Command::new(&program).args(["version", "--client"]).stdout(Stdio::null()).status().await;
        if version.is_ok_and(|status| status.success()) {
            return Some(Self { program, namespace: namespace.to_owned() });
        }
        println!("skipped: there is no kubectl; {KUBECTL} can name it");
        None
    }

    pub async fn run(&self, arguments: &[&str], input: &Value) -> Said {
        let mut command = Command::new(&self.program);
        command.args(["--namespace", &self.namespace]).args(arguments);
        finish(command, &input.to_string()).await
    }

    /// Runs a line as a user does who pastes it.
    #[cfg(unix)]
    pub async fn shell(&self, line: &str) -> Said {
        let mut command = Command::new("sh");
        let function = format!("kubectl() {{ command '{}' \"$@\"; }}\n{line}", self.program);
        command.args(["-c", &function]);
        finish(command, "").await
    }
}

async fn finish(mut command: Command, input: &str) -> Said {
    command.env("KUBECONFIG", kubeconfig().unwrap());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // One that does not read ends before all is written.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes()).await;
    let output = child.wait_with_output().await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said { success: output.status.success(), output: text(&output.stdout), error: text(&output.stderr) }
}
