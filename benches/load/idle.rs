//! What idle connections cost the gateway: each asks once and then is silent.
//! They come from many addresses, for one may hold only so many.

use std::net::Ipv4Addr;
use std::path::Path;

use crate::Failure;
use crate::options::Options;
use crate::process::Process;
use crate::sandbox;
use crate::subject::{MATRICULA, Subject, gateway};
use crate::wire::Line;
use crate::workload::{PAGE, Workload};

/// Fewer than the gateway takes from one address.
const PER_ADDRESS: usize = 200;

pub(crate) async fn measure(number: usize, options: &Options) -> Result<(), Failure> {
    let own = std::env::current_exe()?;
    let words = ["sandbox", &PAGE.to_string()];
    let (_lms, ready) = Process::start::<sandbox::Ready>(&own, &words)?;
    let program = options.beside.as_deref().unwrap_or(Path::new(MATRICULA));
    let (_process, subject) = gateway("gateway", program, &ready, u64::try_from(PAGE)?)?;
    // Whatever is set up once is not what a connection costs.
    Line::open(subject.address).await?.exchange(&subject.next(Workload::GetFresh)).await?;
    let (before, _) = subject.process.memory()?;
    let mut lines = Vec::new();
    let mut refused = None;
    for index in 0..number {
        match opened(&subject, index).await {
            Ok(line) => lines.push(line),
            Err(failure) => {
                refused = Some(failure);
                break;
            }
        }
    }
    let grown = subject.process.memory()?.0.saturating_sub(before);
    let each = grown * 1024 / u64::try_from(lines.len().max(1))?;
    println!("{} idle connections: {grown} KiB, {each} bytes each", lines.len());
    refused.map_or(Ok(()), |failure| Err(format!("no more than these: {failure}").into()))
}

async fn opened(subject: &Subject, index: usize) -> Result<Line, Failure> {
    let own = Ipv4Addr::new(127, 0, 1, u8::try_from(index / PER_ADDRESS + 1)?);
    let mut line = Line::open_from(own, subject.address).await?;
    match line.exchange(&subject.next(Workload::GetCached)).await? {
        (200, _) => Ok(line),
        (status, body) => Err(format!("{status} {}", String::from_utf8_lossy(&body)).into()),
    }
}
