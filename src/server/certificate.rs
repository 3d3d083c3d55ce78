//! What a client's certificate says about its holder. It has been verified
//! before it comes here; what cannot be read is left out, never guessed.

use crate::der::Elements;
use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The holder of a verified client certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The subject as RFC 4514 writes it: `CN=entra,O=Example`, the most
    /// specific part first. Empty if the certificate names its holder by
    /// alternative names alone.
    pub subject: String,
    /// DNS names and URIs among the subject's alternative names.
    pub names: Vec<String>,
    /// SHA-256 of the certificate, in lower-case hex.
    pub fingerprint: String,
}

impl ClientCertificate {
    pub(super) fn read(der: &CertificateDer<'_>) -> Option<Self> {
        let certificate = webpki::EndEntityCert::try_from(der).ok()?;
        let names = certificate.valid_dns_names().chain(certificate.valid_uri_names());
        Some(Self {
            subject: name(certificate.subject()),
            names: names.map(str::to_owned).collect(),
            fingerprint: hex(&Sha256::digest(der)),
        })
    }
}

/// Types of a name's parts that have a keyword (RFC 4514 section 3), by OID.
const KEYWORDS: [(&[u8], &str); 9] = [
    (&[0x55, 4, 3], "CN"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 9], "STREET"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25], "DC"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1], "UID"),
];

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT_IDENTIFIER: u8 = 0x06;
/// `UTF8String`, `PrintableString`, `IA5String`: text that needs no decoding.
const TEXTS: [u8; 3] = [0x0c, 0x13, 0x16];

/// A distinguished name (the contents of its SEQUENCE) as text; RFC 4514
/// section 2.1 turns the order around.
fn name(contents: &[u8]) -> String {
    let mut parts: Vec<String> = Elements(contents)
        .filter(|(tag, _)| *tag == SET)
        .map(|(_, set)| Elements(set).filter_map(part).collect::<Vec<_>>().join("+"))
        .collect();
    parts.reverse();
    parts.join(",")
}

/// One type with its value: `CN=entra`.
fn part((tag, contents): (u8, &[u8])) -> Option<String> {
    let mut elements = Elements(contents);
    let (OBJECT_IDENTIFIER, oid) = elements.next()? else { return None };
    let (kind, value) = elements.next()?;
    let keyword = KEYWORDS.iter().find(|(known, _)| *known == oid).map(|(_, word)| *word);
    let text = TEXTS.contains(&kind).then(|| std::str::from_utf8(value).ok()).flatten();
    (tag == SEQUENCE).then(|| match (keyword, text) {
        (Some(keyword), Some(text)) => format!("{keyword}={}", escaped(text)),
        (Some(keyword), None) => format!("{keyword}=#{}", hex(value)),
        (None, _) => format!("{}=#{}", dotted(oid), hex(value)),
    })
}

/// RFC 4514 section 2.4: what would be read as the name's own signs is escaped.
fn escaped(text: &str) -> String {
    let last = text.chars().count().saturating_sub(1);
    let mut out = String::with_capacity(text.len());
    for (index, c) in text.chars().enumerate() {
        let sign = matches!(c, '"' | '+' | ',' | ';' | '<' | '>' | '\\');
        let edge = (index == 0 && matches!(c, ' ' | '#')) || (index == last && c == ' ');
        if c.is_control() {
            let mut bytes = [0; 4];
            c.encode_utf8(&mut bytes).bytes().for_each(|byte| {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\{byte:02x}");
            });
            continue;
        }
        if sign || edge {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// An OID with dots: seven bits a byte, the first number holding two.
fn dotted(oid: &[u8]) -> String {
    let mut numbers: Vec<u64> = Vec::new();
    let mut number = 0_u64;
    for byte in oid {
        number = (number << 7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            if numbers.is_empty() {
                let first = (number / 40).min(2);
                numbers.push(first);
                number -= first * 40;
            }
            numbers.push(number);
            number = 0;
        }
    }
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    fn certificate(change: impl FnOnce(&mut CertificateParams)) -> ClientCertificate {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        change(&mut params);
        let made = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        ClientCertificate::read(made.der()).unwrap()
    }

    #[test]
    fn a_subject_is_written_from_its_most_specific_part() {
        let read = certificate(|params| {
            params.distinguished_name.push(DnType::CountryName, "DE");
            params.distinguished_name.push(DnType::OrganizationName, "School, Inc");
            params.distinguished_name.push(DnType::CommonName, " entra");
        });
        assert_eq!(read.subject, r"CN=\ entra,O=School\, Inc,C=DE");
        assert_eq!(read.fingerprint.len(), 64);
    }

    #[test]
    fn a_type_without_a_keyword_is_shown_by_number() {
        let read = certificate(|params| {
            let email = DnType::CustomDnType(vec![1, 2, 840, 113_549, 1, 9, 1]);
            params.distinguished_name.push(email, "a");
        });
        assert_eq!(read.subject, "1.2.840.113549.1.9.1=#61");
    }

    #[test]
    fn alternative_names_are_handed_on() {
        let read = certificate(|params| {
            params.subject_alt_names = vec![
                SanType::DnsName("idp.example.org".try_into().unwrap()),
                SanType::URI("spiffe://example.org/entra".try_into().unwrap()),
            ];
        });
        assert_eq!(read.names, ["idp.example.org", "spiffe://example.org/entra"]);
        assert_eq!(read.subject, "");
    }

    #[test]
    fn what_would_forge_another_part_is_escaped() {
        assert_eq!(escaped("a,O=Other+x"), r"a\,O=Other\+x");
        assert_eq!(escaped("#a\n "), "\\#a\\0a\\ ");
        assert_eq!(escaped("Žofie"), "Žofie");
    }

    proptest! {
        #[test]
        fn any_bytes_make_some_name(bytes: Vec<u8>) {
            name(&bytes);
            name(&[&[SET, 0x82, 0, 9][..], &bytes].concat());
        }
    }
}
