//! Moodle's rules about single values: user names, e-mail addresses, passwords,
//! countries, and how long a column is.

use super::site::Site;

/// Whether a user name is one that the site lets pass. An empty one is, here:
/// only a create looks for that.
pub(super) fn username(text: &str, site: &Site) -> bool {
    if site.extended_usernames {
        let spaced = text.split_whitespace().collect::<Vec<_>>().join(" ");
        return spaced == text && text.to_lowercase() == text;
    }
    text.bytes().all(|byte| {
        byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || matches!(byte, b'-' | b'.' | b'@' | b'_')
    })
}

/// Whether Moodle takes an e-mail address: ASCII, at least one dot in the
/// domain, at most 64 characters before the `@`.
pub(super) fn email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let dotted = |part: &str, fits: fn(u8) -> bool| {
        part.split('.').all(|label| !label.is_empty() && label.bytes().all(fits))
    };
    let local_fits =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte);
    let domain_fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    local.len() <= 64
        && domain.contains('.')
        && dotted(local, local_fits)
        && dotted(domain, domain_fits)
        && domain.split('.').all(|label| !label.starts_with('-') && !label.ends_with('-'))
}

/// What the password policy has against a password: HTML, and that HTML is what
/// Moodle uses as the error code.
pub(super) fn weakness(password: &str) -> Option<String> {
    let has = |fits: fn(char) -> bool| password.chars().any(fits);
    let faults = [
        (password.chars().count() >= 8, "Passwords must be at least 8 characters long."),
        (has(|sign| sign.is_ascii_digit()), "Passwords must have at least 1 digit(s)."),
        (has(char::is_lowercase), "Passwords must have at least 1 lower case letter(s)."),
        (has(char::is_uppercase), "Passwords must have at least 1 upper case letter(s)."),
        (
            has(|sign| !sign.is_alphanumeric()),
            "The password must have at least 1 special character(s) such as *, -, or #.",
        ),
    ];
    let words: Vec<_> = faults.iter().filter(|(met, _)| !met).map(|(_, words)| *words).collect();
    (!words.is_empty()).then(|| format!("<div>{}</div>", words.join("</div><div>")))
}

/// Whether a word is the code of a country, in capitals.
pub(super) fn country(code: &str) -> bool {
    code.len() == 2 && COUNTRIES.split(' ').any(|known| known == code)
}

/// How long a column is, in characters.
pub(super) fn longest(column: &str) -> usize {
    match column {
        "username" | "firstname" | "lastname" | "email" => 100,
        "city" => 120,
        "phone1" | "phone2" => 20,
        "description" => usize::MAX,
        _ => 255,
    }
}

const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI \
BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE \
DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS \
GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW \
KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW \
MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO \
RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM \
TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";
