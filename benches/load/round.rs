//! The rounds: everybody in turn, again and again, so that whatever else the
//! machine does falls on all of them alike.

use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;

use crate::Failure;
use crate::generator::{drive, rehearse};
use crate::options::Options;
use crate::subject::{Scene, Subject};
use crate::workload::{PAGE, Workload};

/// Figures of one subject under one workload: medians of all rounds.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub connections: usize,
    pub workload: &'static str,
    pub subject: &'static str,
    /// Resources in one answer.
    pub rows: usize,
    pub figures: Figures,
    /// The same, divided by those of the bare proxy in the same round.
    pub ratios: Figures,
}

/// What is measured.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Figures {
    pub per_second: f64,
    pub p50_micros: f64,
    pub p99_micros: f64,
    /// CPU time of the subject for one request.
    pub cpu_micros: f64,
    /// Calls that the LMS saw for one request.
    pub lms_calls: f64,
}

/// The whole table.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Table {
    pub rows: Vec<Row>,
    pub memory: Vec<Memory>,
}

/// Memory of one subject in KiB.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Memory {
    pub subject: &'static str,
    pub at_start: u64,
    pub at_end: u64,
    pub at_most: u64,
}

/// Measures everything that is asked for.
pub(crate) async fn all(options: &Options) -> Result<Table, Failure> {
    let (mut table, workloads) = (Table::default(), options.workloads());
    let (lists, others): (Vec<_>, Vec<_>) =
        workloads.into_iter().partition(|workload| *workload == Workload::List);
    // Moodle knows no pages: whoever asks for a page of a large school pays for
    // all of it. A page is measured where it is all there is.
    for (workloads, people) in [(others, options.people.max(PAGE)), (lists, PAGE - 2)] {
        if workloads.is_empty() {
            continue;
        }
        let Scene { subjects, mut lms, others: _others } = Scene::open(options, people)?;
        let subjects: Vec<_> = subjects.into_iter().map(Rc::new).collect();
        let at_start = memories(&subjects)?;
        for &connections in &options.connections {
            for &workload in &workloads {
                let mut series = Series { options, subjects: &subjects, connections, workload };
                table.rows.extend(series.run(&mut lms).await?);
            }
        }
        if table.memory.is_empty() {
            let ends = memories(&subjects)?.into_iter().zip(at_start).zip(&subjects);
            table.memory = ends
                .map(|(((at_end, at_most), (at_start, _)), subject)| Memory {
                    subject: subject.name,
                    at_start,
                    at_end,
                    at_most,
                })
                .collect();
        }
    }
    Ok(table)
}

fn memories(subjects: &[Rc<Subject>]) -> Result<Vec<(u64, u64)>, Failure> {
    subjects.iter().map(|subject| subject.process.memory()).collect()
}

/// All rounds of one workload.
struct Series<'a> {
    options: &'a Options,
    subjects: &'a [Rc<Subject>],
    connections: usize,
    workload: Workload,
}

impl Series<'_> {
    async fn run(&mut self, lms: &mut crate::process::Process) -> Result<Vec<Row>, Failure> {
        for subject in self.subjects {
            rehearse(subject, self.workload).await?;
        }
        let mut rounds: Vec<Vec<Figures>> = Vec::new();
        for round in 0..=self.options.rounds {
            // The first only warms up.
            let span = self.options.span() / if round == 0 { 4 } else { 1 };
            let mut figures = Vec::new();
            for subject in self.subjects {
                figures.push(self.one(subject, lms, span).await?);
            }
            if round > 0 {
                rounds.push(figures);
            }
        }
        let names = self.subjects.iter().enumerate();
        Ok(names.map(|(index, subject)| self.row(index, subject, &rounds)).collect())
    }

    async fn one(
        &self,
        subject: &Rc<Subject>,
        lms: &mut crate::process::Process,
        span: Duration,
    ) -> Result<Figures, Failure> {
        let (calls, cpu) = (lms.ask()?, subject.process.cpu()?);
        let outcome = drive(subject, self.workload, self.connections, span).await?;
        let (calls, cpu) = (lms.ask()? - calls, subject.process.cpu()?.saturating_sub(cpu));
        let requests = number(outcome.took.len());
        Ok(Figures {
            per_second: requests / outcome.span.as_secs_f64(),
            p50_micros: micros(outcome.percentile(50)),
            p99_micros: micros(outcome.percentile(99)),
            cpu_micros: micros(cpu) / requests,
            lms_calls: number(usize::try_from(calls)?) / requests,
        })
    }

    fn row(&self, index: usize, subject: &Subject, rounds: &[Vec<Figures>]) -> Row {
        let own = rounds.iter().filter_map(|round| round.get(index).copied());
        let paired = rounds.iter().filter_map(|round| Some((round.get(index)?, round.get(1)?)));
        let ratios = paired.map(|(own, bare)| own.over(bare));
        Row {
            connections: self.connections,
            workload: self.workload.name(),
            subject: subject.name,
            rows: self.workload.rows(),
            figures: Figures::median(&own.collect::<Vec<_>>()),
            ratios: Figures::median(&ratios.collect::<Vec<_>>()),
        }
    }
}

impl Figures {
    fn over(&self, bare: &Self) -> Self {
        Self {
            per_second: self.per_second / bare.per_second,
            p50_micros: self.p50_micros / bare.p50_micros,
            p99_micros: self.p99_micros / bare.p99_micros,
            cpu_micros: self.cpu_micros / bare.cpu_micros,
            lms_calls: self.lms_calls / bare.lms_calls,
        }
    }

    fn median(all: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| {
            let mut values: Vec<f64> = all.iter().map(figure).collect();
            values.sort_unstable_by(f64::total_cmp);
            values.get(values.len() / 2).copied().unwrap_or_default()
        };
        Self {
            per_second: of(|it| it.per_second),
            p50_micros: of(|it| it.p50_micros),
            p99_micros: of(|it| it.p99_micros),
            cpu_micros: of(|it| it.cpu_micros),
            lms_calls: of(|it| it.lms_calls),
        }
    }
}

fn micros(span: Duration) -> f64 {
    span.as_secs_f64() * 1e6
}

fn number(count: usize) -> f64 {
    // More than that in one run is not to be had.
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
