//! systemd's notification protocol (`sd_notify(3)`): one datagram a state, to the
//! socket that `NOTIFY_SOCKET` names.
//!
//! For `Type=notify`. (`Type=notify-reload` wants a reading of the monotonic
//! clock in `RELOADING=1`, which the standard library does not give.) Ports below
//! 1024 come from `AmbientCapabilities=CAP_NET_BIND_SERVICE` in the unit; taking
//! over a socket that systemd has opened would need `unsafe`.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Tells the service manager how we are; silent where there is none.
#[derive(Debug, Default)]
pub struct Notifier {
    manager: Option<(UnixDatagram, SocketAddr)>,
}

impl Notifier {
    /// `socket` is the value of `NOTIFY_SOCKET`: a path, or `@` and an abstract
    /// name. Without one, nothing is ever sent.
    pub fn open(socket: Option<&OsStr>) -> io::Result<Self> {
        let Some(socket) = socket.filter(|name| !name.is_empty()) else {
            return Ok(Self::default());
        };
        let address = match socket.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
            _ => SocketAddr::from_pathname(socket)?,
        };
        let sender = UnixDatagram::unbound()?;
        // A manager that does not read must not keep us from stopping.
        sender.set_nonblocking(true)?;
        Ok(Self { manager: Some((sender, address)) })
    }

    /// All sockets are open and requests are answered; also after a reload.
    pub fn ready(&self) {
        self.send("READY=1\n");
    }

    /// The configuration is read again; `ready` follows.
    pub fn reloading(&self) {
        self.send("RELOADING=1\n");
    }

    /// The drain has begun.
    pub fn stopping(&self) {
        self.send("STOPPING=1\n");
    }

    /// One line that `systemctl status` shows.
    pub fn status(&self, line: &str) {
        let line: String = line.chars().filter(|c| !c.is_control()).collect();
        self.send(&format!("STATUS={line}\n"));
    }

    /// What is not delivered is no reason to stop serving.
    fn send(&self, state: &str) {
        let Some((sender, manager)) = &self.manager else { return };
        if let Err(fault) = sender.send_to_addr(state.as_bytes(), manager) {
            tracing::warn!(error = %fault, "the service manager cannot be notified");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(manager: &UnixDatagram) -> String {
        let mut buffer = [0; 256];
        let length = manager.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    #[test]
    fn every_state_is_one_datagram() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let notifier = Notifier::open(Some(path.as_os_str())).unwrap();
        notifier.ready();
        notifier.reloading();
        notifier.status("two\nlines");
        notifier.stopping();
        let said: Vec<_> = (0..4).map(|_| received(&manager)).collect();
        assert_eq!(said, ["READY=1\n", "RELOADING=1\n", "STATUS=twolines\n", "STOPPING=1\n"]);
    }

    #[test]
    fn an_abstract_socket_is_reached() {
        let name = format!("matricula-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let manager = UnixDatagram::bind_addr(&address).unwrap();
        Notifier::open(Some(OsStr::new(&format!("@{name}")))).unwrap().ready();
        assert_eq!(received(&manager), "READY=1\n");
    }

    #[test]
    fn without_a_manager_nothing_is_said() {
        Notifier::open(None).unwrap().ready();
        Notifier::open(Some(OsStr::new(""))).unwrap().stopping();
    }

    #[test]
    fn a_manager_that_left_does_not_stop_us() {
        let notifier = Notifier::open(Some(OsStr::new("/nonexistent/notify"))).unwrap();
        notifier.ready();
    }
}
