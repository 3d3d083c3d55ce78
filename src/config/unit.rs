//! Values with a unit, as they are written: spans of time, sizes, counts,
//! addresses. What is wrong with one is told as `problem; hint`.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use jiff::SignedDuration;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

/// Longer than any timer has to wait.
const LONGEST: Duration = Duration::from_hours(24 * 366);

/// A span of time that may be nothing: `"30s"`, `"1m 30s"`, `"0s"`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span(pub(super) Duration);

/// A span of time that is something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wait(pub(super) Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(Words("a span of time, as in \"30s\"", span)).map(Self)
    }
}

impl<'de> Deserialize<'de> for Wait {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Span(span) = Span::deserialize(from)?;
        if span < Duration::from_millis(1) {
            return Err(D::Error::custom("this is no time at all; write at least \"1ms\""));
        }
        Ok(Self(span))
    }
}

fn span(text: &str) -> Result<Duration, String> {
    let parsed: Option<SignedDuration> = text.parse().ok();
    let Some(parsed) = parsed else {
        let hint = "write a number with its unit, as in \"30s\", \"5m\" or \"250ms\"";
        return Err(format!("`{text}` is no span of time; {hint}"));
    };
    match Duration::try_from(parsed) {
        Ok(span) if span <= LONGEST => Ok(span),
        Ok(_) => Err(format!("`{text}` is longer than a year; write less")),
        Err(_) => Err(format!("`{text}` goes backwards; write it without a minus")),
    }
}

/// How long something is kept, in days: `"400d"`, or `"forever"`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keep(pub(super) Option<u32>);

impl<'de> Deserialize<'de> for Keep {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(Words("a number of days, as in \"400d\"", days)).map(Self)
    }
}

/// How long something is put off: in days, or as any other span.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grace(pub(super) Duration);

impl<'de> Deserialize<'de> for Grace {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(Words("a span of time, as in \"30d\"", grace)).map(Self)
    }
}

fn grace(text: &str) -> Result<Duration, String> {
    let days = text.strip_suffix('d').and_then(|number| number.trim().parse::<u64>().ok());
    let meant = days.and_then(|days| days.checked_mul(24 * 60 * 60)).map(Duration::from_secs);
    let hint = "write at least one minute and at most a year, as in \"30d\" or \"12h\"";
    match meant.map_or_else(|| span(text), Ok)? {
        meant if (Duration::from_mins(1)..=LONGEST).contains(&meant) => Ok(meant),
        _ => Err(format!("`{text}` is too short or too long; {hint}")),
    }
}

fn days(text: &str) -> Result<Option<u32>, String> {
    if text == "forever" {
        return Ok(None);
    }
    let days = text.strip_suffix('d').and_then(|number| number.trim().parse().ok());
    let hint = "write days, at least one, as in \"400d\", or \"forever\"";
    match days {
        Some(days) if days > 0 => Ok(Some(days)),
        _ => Err(format!("`{text}` is no number of days; {hint}")),
    }
}

/// A number of bytes: `4194304` or `"4MiB"`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size(pub(super) u64);

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Words("a number of bytes", size)).map(Self)
    }
}

fn size(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 8] = [
        ("", 1),
        ("b", 1),
        ("kb", 1_000),
        ("mb", 1_000_000),
        ("gb", 1_000_000_000),
        ("kib", 1 << 10),
        ("mib", 1 << 20),
        ("gib", 1 << 30),
    ];
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim().to_ascii_lowercase();
    let factor = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
    let bytes = factor.zip(number.parse::<u64>().ok()).and_then(|(f, n)| n.checked_mul(f));
    bytes.ok_or_else(|| {
        format!("`{text}` is no number of bytes; write it as in \"4MiB\", \"512KiB\" or 4194304")
    })
}

/// More of anything than a machine bears. What counts is sometimes made room for at
/// the start, and sometimes added to.
const MOST: usize = 100_000_000;

/// How many of something, one at least.
#[derive(Clone, Copy, Debug)]
pub(super) struct Count(pub(super) usize);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match usize::deserialize(from)? {
            0 => Err(D::Error::custom("with 0 nothing could be done; write 1 or more")),
            count if count > MOST => {
                Err(D::Error::custom(format!("no machine bears so many; write {MOST} or less")))
            }
            count => Ok(Self(count)),
        }
    }
}

/// Where to listen: an address with its port.
#[derive(Clone, Copy, Debug)]
pub(super) struct Address(pub(super) SocketAddr);

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(Words("an address with a port", address)).map(Self)
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let hint = "write it as in \"127.0.0.1:8080\", or \"[::]:8080\" for every address";
    text.parse().map_err(|_| format!("`{text}` is no address with a port; {hint}"))
}

/// What is read from a text, or from a whole number as if it were one.
struct Words<T>(&'static str, fn(&str) -> Result<T, String>);

impl<T> Visitor<'_> for Words<T> {
    type Value = T;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.1)(text.trim()).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_number_with_or_without_a_unit() {
        for (text, bytes) in [
            ("0", 0),
            ("512", 512),
            ("7B", 7),
            ("3 kB", 3_000),
            ("3KiB", 3_072),
            ("2MB", 2_000_000),
            ("2mib", 2_097_152),
            ("1GB", 1_000_000_000),
            ("1 GiB", 1_073_741_824),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "MiB", "-1", "1.5MiB", "1 apple", "99999999999GiB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_span_is_a_number_with_its_unit_and_no_longer_than_a_year() {
        for (text, seconds) in [("0s", 0), ("1m 30s", 90), ("2h", 7_200), ("8784h", 31_622_400)] {
            assert_eq!(span(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "5", "-5s", "soon", "9000h", "99999999999999999999s"] {
            assert!(span(text).is_err(), "{text}");
        }
    }
}
