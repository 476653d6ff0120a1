//! The program itself.
#![cfg(unix)]

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    #[test]
    fn a_termination_saves_the_state_and_ends_cleanly() {
        let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("terminated.json");
        let _ = std::fs::remove_file(&file);
        let mut program = Command::new(env!("CARGO_BIN_EXE_lomi-sandbox"));
        program.args(["--listen", "127.0.0.1:0", "--data-file"]).arg(&file).stdout(Stdio::piped());
        let mut child = program.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Its last line.
        assert!(lines.any(|line| line.unwrap().contains("/_sim/state")));
        let kill = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        assert!(kill.success() && child.wait().unwrap().success());
        assert!(std::fs::read_to_string(&file).unwrap().contains("\"customers\""));
    }
}
