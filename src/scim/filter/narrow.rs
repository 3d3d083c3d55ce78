//! A filter over several kinds of resources as one of them sees it: what that kind does
//! not know has no value there (RFC 7644 §3.4.2.1).

use super::{Filter, Literal, Operator};
use crate::scim::path::Path;

/// Whom a filter means among those who have no value at some of its paths.
#[derive(Debug, PartialEq)]
pub(in crate::scim) enum Narrowed {
    /// All of them.
    Everybody,
    /// None of them.
    Nobody,
    /// Those whom this filter means, in which only paths that may have one are left.
    These(Filter),
}

impl Narrowed {
    fn known(holds: bool) -> Self {
        if holds { Self::Everybody } else { Self::Nobody }
    }
}

impl Filter {
    /// Whom it means, if nobody has a value at paths that are `foreign`.
    pub(in crate::scim) fn narrowed(&self, foreign: &dyn Fn(&Path) -> bool) -> Narrowed {
        let each = |filters: &[Self]| -> Vec<_> {
            filters.iter().map(|filter| filter.narrowed(foreign)).collect()
        };
        match self {
            Self::Compare(path, operator, value) if foreign(path) => {
                Narrowed::known(fits_nothing(*operator, value))
            }
            Self::Present(path) | Self::Element(path) if foreign(path) => Narrowed::Nobody,
            Self::Compare(..) | Self::Present(_) | Self::Element(_) => {
                Narrowed::These(self.clone())
            }
            Self::All(filters) => joined(each(filters), &Narrowed::Nobody, Self::all),
            Self::Any(filters) => joined(each(filters), &Narrowed::Everybody, Self::any),
            Self::Not(filter) => match filter.narrowed(foreign) {
                Narrowed::Everybody => Narrowed::Nobody,
                Narrowed::Nobody => Narrowed::Everybody,
                Narrowed::These(filter) => Narrowed::These(Self::Not(Box::new(filter))),
            },
        }
    }
}

/// Whether what has no value compares so: it differs from everything but null.
fn fits_nothing(operator: Operator, value: &Literal) -> bool {
    let null = *value == Literal::Bare("null".to_owned());
    match operator {
        Operator::Eq => null,
        Operator::Ne => !null,
        Operator::Co
        | Operator::Sw
        | Operator::Ew
        | Operator::Gt
        | Operator::Ge
        | Operator::Lt
        | Operator::Le => false,
    }
}

/// Several filters of which one that is `decisive` decides alone; its contrary says
/// nothing.
fn joined(parts: Vec<Narrowed>, decisive: &Narrowed, join: fn(Vec<Filter>) -> Filter) -> Narrowed {
    if parts.contains(decisive) {
        return Narrowed::known(*decisive == Narrowed::Everybody);
    }
    let open = parts.into_iter().filter_map(|part| match part {
        Narrowed::These(filter) => Some(filter),
        Narrowed::Everybody | Narrowed::Nobody => None,
    });
    let open: Vec<_> = open.collect();
    if open.is_empty() {
        return Narrowed::known(*decisive == Narrowed::Nobody);
    }
    Narrowed::These(join(open))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whom a filter means where `a` and `b` are foreign.
    fn narrowed(text: &str) -> String {
        let foreign = |path: &Path| path.attr.is("a") || path.attr.is("b");
        match Filter::parse(text, &[]).unwrap().narrowed(&foreign) {
            Narrowed::Everybody => "everybody".to_owned(),
            Narrowed::Nobody => "nobody".to_owned(),
            Narrowed::These(filter) => filter.to_string(),
        }
    }

    #[test]
    fn what_is_foreign_has_no_value() {
        for (text, means) in [
            (r#"a eq "x""#, "nobody"),
            (r#"a ne "x""#, "everybody"),
            ("a eq null", "everybody"),
            ("a ne null", "nobody"),
            ("a gt 1", "nobody"),
            ("a pr", "nobody"),
            ("not (a pr)", "everybody"),
            ("a[x pr]", "nobody"),
            ("x pr", "x pr"),
        ] {
            assert_eq!(narrowed(text), means, "{text}");
        }
    }

    #[test]
    fn only_what_is_known_is_left() {
        for (text, means) in [
            ("a pr or x pr", "x pr"),
            ("a pr and x pr", "nobody"),
            ("not (a pr) and x pr", "x pr"),
            ("not (a pr) or x pr", "everybody"),
            ("a pr or x pr or y pr", "x pr or y pr"),
            ("a pr or b pr", "nobody"),
            ("not (a pr) and not (b pr)", "everybody"),
            ("not (a pr or x pr)", "not (x pr)"),
            ("(a pr or x pr) and (b pr or y pr)", "x pr and y pr"),
        ] {
            assert_eq!(narrowed(text), means, "{text}");
        }
    }
}
