//! Until when a certificate is valid. Whether it is to be trusted is for rustls
//! to say; this only reads a date, and nothing where it makes no sense.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::der::Elements;

const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// RFC 5280 section 4.1: `notAfter` of a certificate in DER.
pub(super) fn not_after(der: &[u8]) -> Option<Timestamp> {
    let (_, certificate) = Elements(der).next()?;
    let (_, signed) = Elements(certificate).next()?;
    // Version and serial number are no sequences; then come the algorithm, the
    // issuer and the validity, which are.
    let (_, validity) = Elements(signed).filter(|(tag, _)| *tag == SEQUENCE).nth(2)?;
    let (tag, text) = Elements(validity).nth(1)?;
    let text = std::str::from_utf8(text).ok()?;
    match tag {
        // RFC 5280 section 4.1.2.5.1: from 50 on it is the last century.
        UTC_TIME if text.get(..2)? < "50" => time(&format!("20{text}")),
        UTC_TIME => time(&format!("19{text}")),
        GENERALIZED_TIME => time(text),
        _ => None,
    }
}

fn time(text: &str) -> Option<Timestamp> {
    let digits = text.strip_suffix('Z').filter(|it| it.len() == 14 && it.is_ascii())?;
    let part = |from: usize| digits.get(from..from + 2)?.parse::<i8>().ok();
    let year = digits.get(..4)?.parse().ok()?;
    let whole = (1..=9999).contains(&year) && (1..=12).contains(&part(4)?);
    let day = (1..=31).contains(&part(6)?) && part(8)? < 24 && part(10)? < 60 && part(12)? < 60;
    if !whole || !day {
        return None;
    }
    let day = Date::new(year, part(4)?, part(6)?).ok()?;
    let moment = day.at(part(8)?, part(10)?, part(12)?, 0);
    Some(moment.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    fn read(year: i32) -> Option<Timestamp> {
        let mut params = CertificateParams::default();
        params.not_after = date_time_ymd(year, 3, 9);
        not_after(params.self_signed(&KeyPair::generate().unwrap()).unwrap().der())
    }

    #[test]
    fn both_forms_of_a_date_are_read() {
        assert_eq!(read(2027).unwrap().to_string(), "2027-03-09T00:00:00Z");
        assert_eq!(read(2061).unwrap().to_string(), "2061-03-09T00:00:00Z");
        assert_eq!(time("20270309250000Z"), None);
        assert_eq!(time("20270230000000Z"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_borne(bytes: Vec<u8>, text: String) {
            not_after(&bytes);
            time(&text);
        }
    }
}
