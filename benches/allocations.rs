//! How often and how much each case allocates: `cargo bench -p gmsa-benches --bench allocations [WORD...]`.

use allocation_counter::measure;
use gmsa_benches::{Record, asked_for};

/// What may never be exceeded: the most allocations, by name.
const LIMITS: [(&str, u64); 2] = [("mutate/pod-level/bytes-to-bytes", 12), ("review/no-gmsa-pod", 3)];

fn main() -> std::io::Result<()> {
    let mut record = Record::of("allocations");
    let mut exceeded: Vec<&(&str, u64)> = Vec::new();
    println!("{:<64} {:>11} {:>13} {:>13}", "case", "allocations", "bytes in all", "bytes at once");
    for case in asked_for() {
        let mut operation = case.prepare();
        // What is made once per process is not counted.
        operation();
        // Of the questions about access every other one is denied, which takes fewer.
        let info = [measure(operation.as_mut()), measure(operation.as_mut())];
        let info = info.into_iter().max_by_key(|info| info.count_total).unwrap_or_default();
        let (count, bytes, most) = (info.count_total, info.bytes_total, info.bytes_max);
        let limit = LIMITS.iter().find(|(name, _)| *name == case.name());
        let aim = limit.map(|(_, limit)| format!("  at most {limit}")).unwrap_or_default();
        println!("{:<64} {count:>11} {bytes:>13} {most:>13}{aim}", case.name());
        exceeded.extend(limit.filter(|(_, limit)| count > *limit));
        record.insert(case.name(), vec![count, bytes, most]);
    }
    record.save()?;
    assert!(exceeded.is_empty(), "more allocations than may be: {exceeded:?}");
    Ok(())
}
