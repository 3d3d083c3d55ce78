//! The table as people read it.

use std::fmt::Write as _;

use crate::round::{Memory, Row, Table};

/// Markdown: each figure, and in brackets its ratio to the bare proxy.
pub(crate) fn markdown(table: &Table) -> String {
    let mut out = String::from(
        "| conn. | workload | subject | requests/s | p50 µs | p99 µs | CPU µs | LMS calls |\n\
         |---:|---|---|---:|---:|---:|---:|---:|\n",
    );
    for row in &table.rows {
        line(&mut out, row);
    }
    out += "\n| memory, MiB | at the start | at the end | at most |\n|---|---:|---:|---:|\n";
    for memory in &table.memory {
        let Memory { subject, at_start, at_end, at_most } = memory;
        let [start, end, most] = [*at_start, *at_end, *at_most].map(|kib| kib.div_ceil(1024));
        // Writing into memory does not fail.
        let _ = writeln!(out, "| {subject} | {start} | {end} | {most} |");
    }
    out
}

fn line(out: &mut String, row: &Row) {
    let Row { connections, workload, subject, figures, ratios, .. } = row;
    let both = |figure: f64, ratio: f64| match *subject {
        "bare proxy" => format!("{figure:.0}"),
        _ => format!("{figure:.0} ({ratio:.2})"),
    };
    let cpu = match *subject {
        "bare proxy" => format!("{:.1}", figures.cpu_micros),
        _ => format!("{:.1} ({:.2})", figures.cpu_micros, ratios.cpu_micros),
    };
    let _ = writeln!(
        out,
        "| {connections} | {workload} | {subject} | {} | {} | {} | {cpu} | {:.2} |",
        both(figures.per_second, ratios.per_second),
        both(figures.p50_micros, ratios.p50_micros),
        both(figures.p99_micros, ratios.p99_micros),
        figures.lms_calls,
    );
}
