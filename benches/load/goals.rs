//! What the gateway may cost, and where it stands.

use std::fmt::Write as _;

use crate::round::{Row, Table};

/// One thing to hold.
struct Goal {
    about: &'static str,
    workload: &'static str,
    /// Only at that many connections.
    connections: Option<usize>,
    /// The figure, of the gateway's row and the bare proxy's.
    figure: fn(&Row, &Row) -> f64,
    /// At most this, or at least where `least` says so.
    wanted: f64,
    /// Beyond this, something is wrong. Only ratios have one: the rest depends on
    /// the machine.
    alarm: Option<f64>,
    least: bool,
}

const GOALS: [Goal; 6] = [
    Goal {
        about: "CPU of an uncached get, over the bare proxy's",
        workload: "get, uncached",
        connections: None,
        figure: |gateway, _| gateway.ratios.cpu_micros,
        wanted: 1.6,
        alarm: Some(2.0),
        least: false,
    },
    Goal {
        about: "throughput of uncached gets, over the bare proxy's",
        workload: "get, uncached",
        connections: None,
        figure: |gateway, _| gateway.ratios.per_second,
        wanted: 0.6,
        alarm: Some(0.5),
        least: true,
    },
    Goal {
        about: "CPU of a cached get, over the bare proxy's",
        workload: "get, cached",
        connections: None,
        figure: |gateway, _| gateway.ratios.cpu_micros,
        wanted: 1.0,
        alarm: Some(1.2),
        least: false,
    },
    Goal {
        about: "CPU of a cached filter, over the bare proxy's",
        workload: "filter, cached",
        connections: None,
        figure: |gateway, _| gateway.ratios.cpu_micros,
        wanted: 1.0,
        alarm: Some(1.2),
        least: false,
    },
    Goal {
        about: "µs added to the p50 of an uncached get",
        workload: "get, uncached",
        connections: Some(1),
        figure: |gateway, bare| gateway.figures.p50_micros - bare.figures.p50_micros,
        wanted: 20.0,
        alarm: None,
        least: false,
    },
    Goal {
        about: "CPU µs a row of a list",
        workload: "list of 100",
        connections: None,
        figure: |gateway, _| {
            gateway.figures.cpu_micros / f64::from(u32::try_from(gateway.rows).unwrap_or(1))
        },
        wanted: 5.0,
        alarm: None,
        least: false,
    },
];

impl Goal {
    /// The figure wherever it was measured, by the number of connections.
    fn measured<'a>(&'a self, table: &'a Table) -> impl Iterator<Item = (usize, f64)> + 'a {
        let meant = |row: &&Row| {
            row.workload == self.workload
                && self.connections.is_none_or(|number| number == row.connections)
        };
        let of = |name| move |row: &&Row| row.subject == name;
        table.rows.iter().filter(meant).filter(of("gateway")).filter_map(move |gateway| {
            let same = |row: &&Row| row.connections == gateway.connections;
            let bare = table.rows.iter().filter(meant).filter(same).find(of("bare proxy"))?;
            Some((gateway.connections, (self.figure)(gateway, bare)))
        })
    }

    fn keeps(&self, figure: f64, bound: f64) -> bool {
        if self.least { figure >= bound } else { figure <= bound }
    }
}

/// Each goal, each figure, and whether it is reached.
pub(crate) fn told(table: &Table) -> String {
    let mut out =
        String::from("\n| goal | conn. | measured | wanted | |\n|---|---:|---:|---:|---|\n");
    for goal in &GOALS {
        let sign = if goal.least { "≥" } else { "≤" };
        for (connections, figure) in goal.measured(table) {
            let verdict = match goal.alarm {
                _ if goal.keeps(figure, goal.wanted) => "reached",
                Some(alarm) if !goal.keeps(figure, alarm) => "**alarm**",
                Some(_) | None => "missed",
            };
            // Writing into memory does not fail.
            let _ = writeln!(
                out,
                "| {} | {connections} | {figure:.2} | {sign} {} | {verdict} |",
                goal.about, goal.wanted
            );
        }
    }
    out
}

/// Whether any figure is beyond its alarm.
pub(crate) fn alarmed(table: &Table) -> bool {
    GOALS.iter().any(|goal| {
        let beyond = |figure| goal.alarm.is_some_and(|alarm| !goal.keeps(figure, alarm));
        goal.measured(table).any(|(_, figure)| beyond(figure))
    })
}
