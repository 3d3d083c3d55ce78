//! The reference page tells the truth: its first mapping works at every stage,
//! and every function is in it.

use std::fs;
use std::sync::Arc;

use matricula::mapping::{Cases, FUNCTIONS, Shelf, Shipped, Source};

struct Stages(Vec<String>);

impl Shelf for Stages {
    fn text(&self, name: &str) -> Option<String> {
        self.0.get(name.parse::<usize>().ok()?).cloned()
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

fn page() -> String {
    fs::read_to_string("docs/mapping-language.md").unwrap()
}

/// The TOML blocks of the guided first mapping.
fn blocks() -> Vec<String> {
    let page = page();
    let guide = page.split("## A first mapping").nth(1).unwrap().split("\n## ").next().unwrap();
    let blocks = guide.split("```toml\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn the_first_mapping_compiles_at_every_stage_and_passes_its_case() {
    let blocks = blocks();
    // Each block grows the one before; laying it over does what an author does.
    let over = |below: usize, text: &str| format!("format = 1\nextends = \"{below}\"\n{text}");
    let stages = Stages(vec![
        blocks[0].clone(),
        over(0, &blocks[1]),
        over(1, &blocks[2].replace("[user]\n", "[user]\nrefuse = false\n")),
    ]);
    for stage in &stages.0 {
        let compiled = Source::read("lyceum.toml", stage, &stages).and_then(|it| it.compile());
        assert!(compiled.is_ok(), "{stage}\n{:?}", compiled.err());
    }
    let plan = Source::read("lyceum.toml", &stages.0[2], &stages).and_then(|it| it.compile());
    let cases = Cases::read("users.toml", &blocks[3], &Shipped).unwrap();
    for outcome in cases.play(&Arc::new(plan.unwrap())) {
        assert_eq!(outcome.problems, Vec::<String>::new(), "{}", outcome.name);
    }
}

#[test]
fn every_function_is_in_the_reference() {
    let page = page();
    for function in FUNCTIONS {
        let about = function.about.replace('|', "&#124;");
        let row = format!("| `{}` | {about} |", function.name);
        assert!(page.contains(&row), "the page does not say: {row}");
    }
}
