//! A file of reports that the store could not take: they stand there until it can, over a restart too.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write as _};
use std::path::Path;

use trunkline_route::Report;

use super::line;

/// Its name in the data folder.
pub(crate) const FILE: &str = "ledger.spool";

/// Bytes of one line at most. Guards memory against a file that is not ours.
const LINE_BYTES_MAX: u64 = 64 << 10;

/// The file and how far it has been read.
#[derive(Debug)]
pub(super) struct Spool {
    file: File,
    bytes_max: u64,
    /// Of whole lines.
    bytes: u64,
    /// Bytes that are in the store.
    done: u64,
    /// Bytes that were read and are not known to be in the store.
    read: u64,
    /// Reports that are not known to be in the store.
    waiting: u64,
}

impl Spool {
    /// Opens the file, or makes it, readable by its owner alone. What a crash left of a line is cut off.
    ///
    /// # Errors
    /// When it cannot be opened, or another process uses it.
    pub(super) fn open(folder: &Path, bytes_max: u64) -> io::Result<Self> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(folder.join(FILE))?;
        file.try_lock().map_err(io::Error::from)?;
        let mut spool = Self { file, bytes_max, bytes: 0, done: 0, read: 0, waiting: 0 };
        spool.measure()?;
        spool.file.set_len(spool.bytes)?;
        Ok(spool)
    }

    /// Finds out how many whole lines there are.
    fn measure(&mut self) -> io::Result<()> {
        let mut lines = BufReader::new(&self.file);
        let mut line = Vec::new();
        while let bytes @ 1.. = next_line(&mut lines, &mut line)? {
            self.bytes += bytes;
            self.waiting += 1;
        }
        Ok(())
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// How many reports wait.
    pub(super) fn waiting(&self) -> u64 {
        self.waiting
    }

    /// Puts reports down, safe from a loss of power. All of them or none.
    ///
    /// # Errors
    /// When the limit does not allow it, or the disk.
    pub(super) fn put(&mut self, reports: &[Report]) -> io::Result<()> {
        let mut lines = Vec::new();
        for report in reports {
            line::write(report, &mut lines)?;
        }
        let bytes = self.bytes.saturating_add(lines.len() as u64);
        if bytes > self.bytes_max {
            return Err(io::Error::other(format!("{FILE} has reached its limit of {} bytes", self.bytes_max)));
        }
        self.file.seek(SeekFrom::Start(self.bytes))?;
        if let Err(error) = self.file.write_all(&lines).and_then(|()| self.file.sync_data()) {
            // Half a line must not stand before the next; should that fail too, the next start cuts it off.
            let _ = self.file.set_len(self.bytes);
            return Err(error);
        }
        self.bytes = bytes;
        self.waiting += reports.len() as u64;
        Ok(())
    }

    /// The oldest reports that wait, `most` of them at most, and how many lines could not be read. The same ones come again
    /// until [`Spool::take_out`].
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn oldest(&mut self, most: usize) -> io::Result<(Vec<Report>, u64)> {
        self.file.seek(SeekFrom::Start(self.done))?;
        let mut lines = BufReader::new(&self.file);
        let (mut reports, mut unread, mut line) = (Vec::new(), 0, Vec::new());
        self.read = self.done;
        while reports.len() < most {
            let bytes @ 1.. = next_line(&mut lines, &mut line)? else { break };
            self.read += bytes;
            match line::read(&line) {
                Some(report) => reports.push(report),
                None => unread += 1,
            }
        }
        Ok((reports, unread))
    }

    /// Forgets what [`Spool::oldest`] gave, `reports` of them with those that could not be read.
    ///
    /// # Errors
    /// When the file cannot be emptied; its reports would come again, which the store does not mind.
    pub(super) fn take_out(&mut self, reports: u64) -> io::Result<()> {
        self.done = self.read;
        self.waiting = self.waiting.saturating_sub(reports);
        if self.done < self.bytes {
            return Ok(());
        }
        (self.bytes, self.done, self.read, self.waiting) = (0, 0, 0, 0);
        self.file.set_len(0)
    }
}

/// Reads a whole line; 0 when there is none.
fn next_line(lines: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<u64> {
    line.clear();
    let read = lines.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', line)?;
    Ok(if line.ends_with(b"\n") { read as u64 } else { 0 })
}

#[cfg(test)]
mod tests {
    use trunkline_providers::Usd;
    use trunkline_route::Outcome;
    use trunkline_wire::ir::{Quality, Usage};
    use trunkline_wire::{FaultKind, Operation};

    use super::*;

    const MUCH: u64 = 1 << 20;

    fn report(number: u128) -> Report {
        Report { model: Some("\"é\n".into()), ..Report::begin(number, 7, Operation::Other) }
    }

    fn ids(spool: &mut Spool, most: usize) -> Vec<u128> {
        spool.oldest(most).unwrap().0.iter().map(|report| report.id).collect()
    }

    #[test]
    fn every_field_that_the_store_keeps_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), MUCH).unwrap();
        let full = Report {
            client_key: Some("laptop".into()),
            provider: Some("groq".into()),
            upstream_model: Some("m".into()),
            status: 502,
            outcome: Outcome::Failed(FaultKind::UpstreamBroken),
            stream: true,
            usage: Usage {
                input: u64::MAX,
                cache_read: 2,
                cache_write: 3,
                output: 4,
                reasoning: 5,
                audio_input: 6,
                audio_output: 7,
            },
            images: 8,
            quality: Some(Quality::Partial),
            cost: Some(Usd::from_nano(-7)),
            saved: Some(Usd::from_nano(9)),
            first_byte_us: Some(10),
            total_us: 11,
            bytes_in: 12,
            bytes_out: 13,
            attempts: 14,
            cached: true,
            ..report(u128::MAX)
        };
        let served = Report { outcome: Outcome::Served, ..report(2) };
        spool.put(&[full.clone(), served.clone()]).unwrap();
        let (found, unread) = spool.oldest(10).unwrap();
        assert_eq!(format!("{found:?}"), format!("{:?}", [full, served]));
        assert_eq!(unread, 0);
    }

    #[test]
    fn reports_wait_over_a_restart_and_half_a_line_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), MUCH).unwrap();
        spool.put(&[report(1), report(2)]).unwrap();
        assert!(Spool::open(folder.path(), MUCH).is_err(), "it has one user");
        drop(spool);
        let whole = std::fs::metadata(folder.path().join(FILE)).unwrap().len();
        let mut file = OpenOptions::new().append(true).open(folder.path().join(FILE)).unwrap();
        file.write_all(b"{\"id\":\"3\",").unwrap();
        let mut spool = Spool::open(folder.path(), MUCH).unwrap();
        assert_eq!(std::fs::metadata(folder.path().join(FILE)).unwrap().len(), whole);
        assert_eq!((spool.waiting(), ids(&mut spool, 10)), (2, vec![1, 2]));
        spool.put(&[report(3)]).unwrap();
        assert_eq!(ids(&mut spool, 2), [1, 2]);
        spool.take_out(2).unwrap();
        assert_eq!((spool.waiting(), ids(&mut spool, 2)), (1, vec![3]));
        spool.take_out(1).unwrap();
        assert!(spool.is_empty());
        assert_eq!(std::fs::metadata(folder.path().join(FILE)).unwrap().len(), 0);
    }

    #[test]
    fn a_line_that_is_none_is_passed_over_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "not a report\n").unwrap();
        let mut spool = Spool::open(folder.path(), MUCH).unwrap();
        spool.put(&[report(1)]).unwrap();
        let (reports, unread) = spool.oldest(10).unwrap();
        assert_eq!((reports.len(), unread), (1, 1));
        spool.take_out(2).unwrap();
        assert!(spool.is_empty());
    }

    #[test]
    fn it_never_grows_past_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), 600).unwrap();
        spool.put(&[report(1)]).unwrap();
        let error = spool.put(&[report(2), report(3)]).unwrap_err();
        assert_eq!(error.to_string(), "ledger.spool has reached its limit of 600 bytes");
        assert_eq!(ids(&mut spool, 10), [1]);
    }
}
