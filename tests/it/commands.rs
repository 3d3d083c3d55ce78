//! Commands where something is not as it usually is: what they print, and how they end.

use std::fs;

use super::program::{SILENT, command};

#[test]
fn the_key_stands_beside_the_store_however_the_configuration_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (own, below) = (folder.path().join("etc"), folder.path().join("etc/below"));
    fs::create_dir_all(&below).unwrap();
    fs::write(own.join("config.toml"), SILENT).unwrap();
    let create = ["token", "create", "--tenant", "school", "--config"];
    for (from, named) in [(folder.path(), "etc/config.toml"), (&*below, "../config.toml")] {
        let (status, _, talk) = command(&[&create[..], &[named]].concat(), from);
        assert!(status.success(), "{named}: {talk}");
        assert!(own.join("matricula.db").is_file() && own.join("matricula.key").is_file());
        let others = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(others, 1, "a key lies beside the folder");
        fs::remove_file(own.join("matricula.db")).unwrap();
        fs::remove_file(own.join("matricula.key")).unwrap();
    }
}
