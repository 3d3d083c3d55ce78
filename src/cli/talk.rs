//! What is said on stderr, whether or not anybody hears it.

use std::io::{self, Write};

/// Nobody's work ends because stderr is full, or closed: stdout alone is data.
pub(super) struct Talk<'w>(pub(super) &'w mut dyn Write);

impl Write for Talk<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(self.0.write(bytes).unwrap_or(bytes.len()))
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.0.flush();
        Ok(())
    }
}
