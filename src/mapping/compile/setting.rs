//! Settings: what an installation says about itself.

use super::Compiler;
use crate::mapping::fault::Fault;
use crate::mapping::plan::Setting;
use crate::mapping::source::{Entry, Fields, Node};

impl Compiler {
    pub(super) fn setting_list(&mut self, node: &Node) -> Vec<Setting> {
        let Some(mut fields) = Fields::open(node, "`settings`", &mut self.faults) else {
            return Vec::new();
        };
        fields.rest().into_iter().filter_map(|entry| self.setting(entry)).collect()
    }

    fn setting(&mut self, entry: &Entry) -> Option<Setting> {
        let what = format!("setting `{}`", entry.key);
        let mut fields = Fields::open(&entry.node, &what, &mut self.faults)?;
        let about = fields.text("about", &mut self.faults).map(|(text, _)| text.to_owned());
        let default = fields.take("default");
        let setting = Setting {
            name: entry.key.clone(),
            about: about.unwrap_or_default(),
            default: default.map(Node::value),
            required: fields.flag("required", &mut self.faults),
            secret: fields.flag("secret", &mut self.faults),
            one_of: fields.many("one_of").iter().map(Node::value).collect(),
        };
        fields.close(&what, &mut self.faults);
        self.judge_setting(&setting, default, entry);
        Some(setting)
    }

    fn judge_setting(&mut self, setting: &Setting, default: Option<&Node>, entry: &Entry) {
        if setting.about.is_empty() {
            let fault =
                Fault::new(&entry.span, format!("setting `{}` explains nothing", entry.key));
            self.faults.push(fault.hint("add about = \"what an installation has to know\""));
        }
        let Some(default) = default else { return };
        if setting.secret {
            let fault = Fault::new(&default.span, "a secret has no place in a mapping file");
            self.faults.push(
                fault.label("secret in plain text").hint("take the default away; set `required`"),
            );
        } else if setting.required {
            let fault = Fault::new(&default.span, "a setting with a default is not required");
            self.faults.push(fault.hint("take `default` or `required` away"));
        }
        let listed = setting.one_of.is_empty() || setting.one_of.contains(&default.value());
        if !listed {
            let message = format!("the default of `{}` is none of its own values", entry.key);
            self.faults.push(Fault::new(&default.span, message));
        }
    }
}
