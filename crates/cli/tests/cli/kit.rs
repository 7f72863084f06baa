//! The tool kit: one file a language, each held to the vectors, to a settlement against a sandbox, and to every situation of
//! the acceptance.

mod judgments;
mod language;
mod mistakes;
mod vectors;

use std::path::Path;
use std::process::Command;

use tokio::runtime::Builder;
use yanmi_acceptance::{Conclusion, Rule};

use crate::examples::suite;
use crate::yanmi::Sandbox;
use language::{LANGUAGES, Language};

/// Milliseconds a program of the kit waits for an answer here: "no answer" is to be over soon.
const PATIENCE: &str = "4000";

fn script(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    path.to_str().expect("a path").to_owned()
}

/// What a command printed; it has to end well.
fn told(command: &mut Command) -> String {
    let ran = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}; see ./test for what to install"));
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{command:?}: {out}{err}");
    out.into_owned()
}

/// Each in a folder of its own, at the same time.
fn everywhere(root: &Path, act: impl Fn(&Language, &Path) + Sync) {
    std::thread::scope(|scope| {
        for language in &LANGUAGES {
            let (folder, act) = (root.join(language.name), &act);
            scope.spawn(move || act(language, &folder));
        }
    });
}

fn built() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a folder");
    everywhere(root.path(), |language, folder| {
        std::fs::create_dir(folder).expect("a folder");
        language.build(folder);
    });
    root
}

#[test]
fn every_language_of_the_kit_knows_the_vectors_and_settles() {
    let root = built();
    let file = vectors::file("vectors.json");
    let count = std::fs::read_to_string(&file).expect("the vectors").lines().count() - 2;
    everywhere(root.path(), |language, folder| {
        let said = told(language.run(folder).arg("vectors").arg(&file));
        assert_eq!(said.trim(), format!("{count} 个向量全部相符"), "{}", language.name);
        let mut changed = std::fs::read_to_string(&file).expect("the vectors");
        // The last row, so that all before it are looked at.
        let at = changed.rfind("offline|").or(changed.rfind("refuse|")).expect("a judgment");
        changed.insert(at, 'x');
        std::fs::write(folder.join("changed.json"), changed).expect("written");
        let ran = language.run(folder).args(["vectors", "changed.json"]).output().expect("it ran");
        assert_eq!(ran.status.code(), Some(1), "{}: {ran:?}", language.name);
    });
    let sandbox = Sandbox::start(&root.path().join("sandbox"));
    // One after the other: a person's other code ends what was open before (V14).
    for language in &LANGUAGES {
        let folder = root.path().join(language.name);
        told(
            Command::new("python3")
                .arg(script("person.py"))
                .args([&*sandbox.file, "kit", "kit.conf"])
                .current_dir(&folder),
        );
        let token = told(Command::new("python3").arg(script("person.py")).args([&*sandbox.file, "token"]));
        let confirm = format!("python3 '{}' '{}' confirm", script("person.py"), sandbox.file);
        let said = told(language.run(&folder).args(["settle", "kit.conf", token.trim(), &confirm]));
        assert!(said.ends_with("可以结算\n"), "{}: {said}", language.name);
    }
    sandbox.stop();
}

#[test]
fn every_language_of_the_kit_passes_every_situation_of_the_acceptance() {
    let root = built();
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let suites: Vec<_> = LANGUAGES.iter().map(|_| runtime.block_on(suite())).collect();
    for (language, suite) in LANGUAGES.iter().zip(&suites) {
        let brief = serde_json::to_string(&suite.brief()).expect("JSON");
        std::fs::write(root.path().join(language.name).join("acceptance.json"), brief).expect("written");
    }
    // Each has a suite of its own, so that all wait at the same time.
    everywhere(root.path(), |language, folder| {
        let program = language.run(folder);
        let mut accept = Command::new("python3");
        accept
            .arg(script("accept.py"))
            .args(["--kit", "acceptance.json", "report.json"])
            .arg(program.get_program());
        accept.args(program.get_args()).arg("settle").env("YANMI_ATTEMPT", PATIENCE).current_dir(folder);
        told(&mut accept);
    });
    for (language, suite) in LANGUAGES.iter().zip(suites) {
        let judged = suite.judged();
        assert_eq!(judged.conclusion(), Conclusion::Passed, "{}: {:?}", language.name, judged.broken());
        // Advised, and not followed: serials are not compared, for some centers give a new one with each answer.
        assert_eq!(judged.broken(), [Rule::Replay], "{}", language.name);
        runtime.block_on(suite.stop());
    }
}

/// It does not run here. What it calls is at least there to be called.
#[test]
fn what_powerbuilder_calls_is_in_the_interface() {
    let source = std::fs::read_to_string(vectors::file("n_yanmi_kit.sru")).expect("the source");
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/integrate.md");
    let known = std::fs::read_to_string(guide).expect("the guide");
    let called: Vec<_> =
        source.split("of_trans(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(called.len() > 5, "{called:?}");
    for operation in called {
        assert!(known.contains(&format!("| `{operation}` |")), "{operation}");
    }
}
