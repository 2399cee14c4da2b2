//! The program of a command, found on this machine.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::declaration::{Declaration, Mistake};

/// Variables that every program gets as the server has them.
const ALWAYS_PASSED: [&str; 3] = ["PATH", "LANG", "TZ"];

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Program {
    pub declaration: Arc<Declaration>,
    /// Absolute.
    pub path: PathBuf,
    /// All of its environment but what differs from job to job.
    pub environment: Arc<[(OsString, OsString)]>,
}

impl Program {
    /// Looks the program up. What is found now is what runs, whatever `PATH` holds later.
    ///
    /// # Errors
    /// The program is not there or cannot be executed, or its folder is none.
    pub fn find(declaration: Declaration) -> Result<Self, Mistake> {
        let path = find(&declaration.config.program).map_err(|sentence| Mistake::new("program", sentence))?;
        if let Some(dir) = declaration.config.dir.as_deref().filter(|dir| !dir.is_dir()) {
            return Err(Mistake::new("dir", format!("{} is not a folder", dir.display())));
        }
        let environment = environment(&declaration);
        Ok(Program { declaration: Arc::new(declaration), path, environment })
    }
}

fn environment(declaration: &Declaration) -> Arc<[(OsString, OsString)]> {
    let config = &declaration.config;
    let passed = ALWAYS_PASSED.into_iter().chain(config.pass_env.iter().map(String::as_str));
    let passed = passed.filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)));
    let own = config.env.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    passed.chain(own).collect()
}

fn find(program: &str) -> Result<PathBuf, String> {
    if program.starts_with('/') {
        let path = PathBuf::from(program);
        return match (path.is_file(), is_executable(&path)) {
            (true, true) => Ok(path),
            (true, false) => Err(format!("{program} is not executable")),
            (false, _) => Err(format!("there is no program {program}")),
        };
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    find_in(program, &folders)
        .ok_or_else(|| format!("there is no program \"{program}\" in the folders of PATH"))
}

/// Relative folders are passed over: what they hold depends on where the server was started.
fn find_in(program: &str, folders: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(folders)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(program))
        .find(|path| path.is_file() && is_executable(path))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

#[cfg(not(unix))]
fn is_executable(_: &Path) -> bool {
    true
}
