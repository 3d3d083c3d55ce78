//! Error rules: what a reply means, in order.

use serde_json::Value;

use super::Compiler;
use super::step::REPLY;
use crate::call::Kind;
use crate::mapping::expr::{Expr, Names};
use crate::mapping::fault::{Fault, Span};
use crate::mapping::plan::{Rule, Verdict};
use crate::mapping::source::{Fields, Node};
use crate::scim::{Path, ResourceType};

impl Compiler {
    /// Error rules in order.
    pub(super) fn rules(&mut self, nodes: &[Node], names: &Names) -> Vec<Rule> {
        let names = names.and(&REPLY);
        let mut rules = Vec::new();
        let mut last: Option<usize> = None;
        for (index, node) in nodes.iter().enumerate() {
            if let Some(before) = last {
                let message =
                    format!("this rule is never reached: rule {} always holds", before + 1);
                self.faults.push(Fault::new(&node.span, message).hint("put it above that rule"));
                break;
            }
            let Some(rule) = self.rule(node, &names) else { continue };
            if matches!(rule.when, Expr::Plain(Value::Bool(true))) {
                last = Some(index);
            }
            rules.push(rule);
        }
        rules
    }

    fn rule(&mut self, node: &Node, names: &Names) -> Option<Rule> {
        let mut fields = Fields::open(node, "an error rule", &mut self.faults)?;
        let when = fields.take("when");
        let is = fields.take("is");
        let look = fields.take("otherwise");
        let attribute = fields.text("attribute", &mut self.faults);
        let attribute = attribute.map(|(text, span)| self.named_attribute(text, &span));
        let says = fields.take("says").and_then(|node| self.words(node, names));
        let wait = fields.take("wait").and_then(|node| self.expr(node, names));
        if when.is_none() || is.is_none() {
            let fault = Fault::new(fields.span(), "an error rule says `when` and `is`");
            self.faults.push(fault.hint("{ when = \"status == 409\", is = \"duplicate\" }"));
        }
        fields.close("an error rule", &mut self.faults);
        let when = self.expr(when?, names)?;
        let verdict = self.verdict(is?, look)?;
        let needs = when.needs_of("body").map(str::to_owned);
        Some(Rule { when, needs, verdict, attribute, says, wait })
    }

    /// Rules of a backend serve every kind, so an attribute of any will do.
    fn named_attribute(&mut self, text: &str, span: &Span) -> String {
        let make = || [ResourceType::user(), ResourceType::group()];
        let known = self.standard.get_or_insert_with(make).iter().any(|resource_type| {
            let path = Path::parse(text, resource_type.urns());
            path.is_ok_and(|path| resource_type.place(&path).is_ok())
        });
        if !known && !text.starts_with("urn:") {
            let fault = Fault::new(span, format!("`{text}` is no attribute of SCIM"));
            self.faults.push(fault.hint("name the SCIM attribute at fault, as in \"userName\""));
        }
        text.to_owned()
    }

    fn verdict(&mut self, node: &Node, look: Option<&Node>) -> Option<Verdict> {
        let mut known: Vec<(&str, Verdict)> =
            Kind::ALL.into_iter().map(|kind| (kind.as_str(), Verdict::Is(kind))).collect();
        known.push(("ok", Verdict::Ok));
        known.push(("look", Verdict::Look(Kind::Invalid)));
        let verdict = self.one_of(node, &known)?;
        let Some(other) = look else { return Some(verdict) };
        let kinds: Vec<_> = Kind::ALL.into_iter().map(|kind| (kind.as_str(), kind)).collect();
        let kind = self.one_of(other, &kinds)?;
        if matches!(verdict, Verdict::Look(_)) {
            return Some(Verdict::Look(kind));
        }
        let fault = Fault::new(&other.span, "`otherwise` belongs to rules that `look`");
        self.faults.push(fault.hint("write is = \"look\""));
        None
    }
}
