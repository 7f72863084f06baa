//! The languages: how each is compiled and run where this runs.

use std::path::Path;
use std::process::Command;

use super::told;
use super::vectors::file;

/// A language of the kit.
pub(super) struct Language {
    pub(super) name: &'static str,
    /// Its file.
    source: &'static str,
    /// What compiles it, in a folder where the file lies; nothing where nothing is compiled.
    compiler: &'static [&'static str],
    /// What runs it there.
    program: &'static [&'static str],
}

pub(super) const LANGUAGES: [Language; 8] = [
    Language { name: "python", source: "yanmi_kit.py", compiler: &[], program: &["python3", "yanmi_kit.py"] },
    Language {
        name: "javascript",
        source: "yanmi-kit.js",
        compiler: &[],
        program: &["node", "yanmi-kit.js"],
    },
    Language {
        name: "java",
        source: "YanmiKit.java",
        compiler: &[
            "javac",
            "--release",
            "8",
            "-Xlint:-options",
            "-encoding",
            "UTF-8",
            "-cp",
            "/usr/share/java/bcprov.jar",
            "YanmiKit.java",
        ],
        program: &["java", "-cp", "/usr/share/java/bcprov.jar:.", "YanmiKit"],
    },
    Language {
        name: "csharp",
        source: "YanmiKit.cs",
        compiler: &["mcs", "-langversion:5", "-warnaserror", "-out:YanmiKit.exe", "YanmiKit.cs"],
        program: &["mono", "YanmiKit.exe"],
    },
    Language {
        name: "go",
        source: "yanmikit.go",
        compiler: &["go", "build", "-o", "yanmikit", "yanmikit.go"],
        program: &["./yanmikit"],
    },
    Language {
        name: "php",
        source: "yanmi_kit.php",
        compiler: &[],
        program: &["php", "-d", "error_reporting=-1", "-d", "display_errors=1", "yanmi_kit.php"],
    },
    Language {
        name: "c",
        source: "yanmi_kit.c",
        compiler: &[
            "gcc",
            "-std=c99",
            "-O1",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-DKIT_MAIN",
            "-o",
            "yanmi_kit",
            "yanmi_kit.c",
        ],
        program: &[
            "valgrind",
            "--quiet",
            "--error-exitcode=9",
            "--leak-check=full",
            "--show-leak-kinds=definite",
            "--errors-for-leak-kinds=definite",
            "./yanmi_kit",
        ],
    },
    Language {
        name: "pascal",
        source: "YanmiKit.pas",
        compiler: &["fpc", "-v0", "-vew", "-dKIT_MAIN", "YanmiKit.pas"],
        program: &["./YanmiKit"],
    },
];

impl Language {
    /// Copies the file, as a vendor does, and compiles it.
    pub(super) fn build(&self, folder: &Path) {
        std::fs::copy(file(self.source), folder.join(self.source)).expect(self.source);
        if let [compiler, words @ ..] = self.compiler {
            // Compilers write into a folder of the user's where there is one.
            told(Command::new(compiler).args(words).current_dir(folder).env("HOME", folder));
        }
    }

    /// The program, to be given its words.
    pub(super) fn run(&self, folder: &Path) -> Command {
        let [program, words @ ..] = self.program else { panic!("{} has no program", self.name) };
        let mut command = Command::new(program);
        command.args(words).current_dir(folder).env("LC_ALL", "C.UTF-8");
        command
    }
}
