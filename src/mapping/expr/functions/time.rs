//! Functions over times. A time is an ISO text or Unix seconds; the time of day
//! comes in as `now`, never from a clock.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde_json::Value;

use super::{made, plain_text};

fn instant(value: &Value) -> Option<Timestamp> {
    if let Some(seconds) = value.as_i64() {
        return Timestamp::from_second(seconds).ok();
    }
    let text = plain_text(value)?;
    let civil =
        || text.parse::<DateTime>().ok().or_else(|| Some(text.parse::<Date>().ok()?.into()));
    text.parse().ok().or_else(|| Some(civil()?.to_zoned(TimeZone::UTC).ok()?.timestamp()))
}

pub(in super::super) fn date(value: &Value, arguments: &[Value]) -> Option<Value> {
    let form = plain_text(arguments.first()?)?;
    let zoned = instant(value)?.to_zoned(TimeZone::UTC);
    made(jiff::fmt::strtime::format(&form, &zoned).ok()?)
}

pub(in super::super) fn parse_date(value: &Value, arguments: &[Value]) -> Option<Value> {
    let form = plain_text(arguments.first()?)?;
    let parts = jiff::fmt::strtime::parse(&form, plain_text(value)?).ok()?;
    let civil = parts.to_datetime().or_else(|_| parts.to_date().map(DateTime::from)).ok()?;
    let stamp = parts
        .to_timestamp()
        .or_else(|_| civil.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()))
        .ok()?;
    made(stamp.to_string())
}

pub(in super::super) fn unix(value: &Value, _: &[Value]) -> Option<Value> {
    Some(Value::from(instant(value)?.as_second()))
}

pub(in super::super) fn from_unix(value: &Value, _: &[Value]) -> Option<Value> {
    let seconds = super::text::number(value, &[])?.as_i64().filter(|seconds| *seconds != 0)?;
    made(Timestamp::from_second(seconds).ok()?.to_string())
}

pub(in super::super) fn plus_days(value: &Value, arguments: &[Value]) -> Option<Value> {
    let days = arguments.first()?.as_i64()?;
    let zoned = instant(value)?.to_zoned(TimeZone::UTC);
    let later = zoned.checked_add(Span::new().try_days(days).ok()?).ok()?;
    made(later.timestamp().to_string())
}
