//! The gMSA admission webhook as a program.

use std::{env, error::Error, io, process::ExitCode};

use gmsa_webhook::{Listeners, NoSettings, Settings, Webhook, connect, log_panics, start_log};

/// The exit code for wrong settings.
const WRONG_SETTINGS: u8 = 2;

fn main() -> ExitCode {
    let settings = match Settings::read(env::args_os()) {
        Ok(settings) => settings,
        Err(NoSettings::Asked(text)) => {
            let _ = text.print();
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(WRONG_SETTINGS);
        }
    };
    start_log(&settings);
    log_panics();
    // One thread: the work of a review is microseconds. Those that take longer have a second one.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(run(&settings));
            // A read of the certificate from a volume that hangs would be waited for without end.
            runtime.shutdown_background();
            result
        }
        Err(error) => Err(error.into()),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            // What follows the first line of an error quotes the kubeconfig, keys and all.
            eprintln!("error: {}", error.to_string().lines().next().unwrap_or_default());
            ExitCode::FAILURE
        }
    }
}

async fn run(settings: &Settings) -> Result<ExitCode, Box<dyn Error>> {
    let asked_to_end = asked_to_end()?;
    let config = kube::Config::infer().await?;
    let listeners = Listeners::open(settings).await?;
    let (https, plain) = (listeners.https()?, listeners.plain());
    let webhook = match Webhook::start(settings, connect(config)?, listeners) {
        Ok(webhook) => webhook,
        Err(error) => {
            eprintln!("error: {error}");
            return Ok(ExitCode::from(WRONG_SETTINGS));
        }
    };
    let plain = plain.map(|plain| plain.to_string()).unwrap_or_default();
    tracing::info!(version = env!("CARGO_PKG_VERSION"), https = https.to_string(), plain, "listening");
    asked_to_end.await;
    tracing::info!("ending");
    match webhook.end().await {
        true => tracing::info!("ended"),
        false => tracing::warn!("ended, but something was not finished"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Waits until the system asks for the end. Who asks between the call and the wait is heard too.
#[cfg(unix)]
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    // A kubelet sends the first, a terminal the second.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Waits until the system asks for the end. Who asks between the call and the wait is heard too.
#[cfg(windows)]
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::windows;

    let (mut ctrl_c, mut ctrl_break) = (windows::ctrl_c()?, windows::ctrl_break()?);
    // A closed window, and a container that is stopped. Windows ends the process when it has waited long enough.
    let (mut close, mut shutdown) = (windows::ctrl_close()?, windows::ctrl_shutdown()?);
    Ok(async move {
        tokio::select! {
            _ = ctrl_c.recv() => {}
            _ = ctrl_break.recv() => {}
            _ = close.recv() => {}
            _ = shutdown.recv() => {}
        }
    })
}
